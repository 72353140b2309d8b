import { createHash } from 'node:crypto';
import type { LlmRequest } from '../../events/llm-request.ts';
import type { LlmResponse } from '../../events/llm-response.ts';
import type { TraceRow } from './trace-row.ts';

export interface TraceSubject {
  readonly tenant: string;
  readonly route: string;
  readonly model: string;
}

/** Where a row stands. */
export interface TracePlace {
  /** Name of the file without its folder. */
  readonly file: string;
  /** Counts from 1, the header included, as editors do. */
  readonly line: number;
}

/**
 * The trace holds no latency, so one is made up that depends on nothing but the tokens:
 *
 *     time to first token = 100 ms + 0.05 ms x context tokens
 *     latency             = time to first token + 25 ms x generated tokens
 *
 * A prompt is read in parallel and an answer written token by token, as Splitwise measured for this trace.
 */
const FIRST_TOKEN_MS = 100;
const CONTEXT_TOKEN_MS = 0.05;
const GENERATED_TOKEN_MS = 25;

/**
 * A row as the two events of a call. Its id comes from its place and its text: a replay of the same file changes
 * nothing, and another file of the same name has ids of its own.
 */
export function traceCall(
  row: TraceRow,
  place: TracePlace,
  subject: TraceSubject,
): { request: LlmRequest; response: LlmResponse } {
  const firstTokenMs = hundredths(FIRST_TOKEN_MS + row.contextTokens * CONTEXT_TOKEN_MS);
  const latencyMs = hundredths(firstTokenMs + row.generatedTokens * GENERATED_TOKEN_MS);
  const requestId = traceRequestId(row, place);
  return {
    request: {
      request_id: requestId,
      tenant_id: subject.tenant,
      route: subject.route,
      model: subject.model,
      timestamp: row.timestamp,
      prompt_tokens: row.contextTokens,
      stream: true,
    },
    response: {
      request_id: requestId,
      timestamp: new Date(Date.parse(row.timestamp) + latencyMs).toISOString(),
      latency_ms: latencyMs,
      time_to_first_token_ms: firstTokenMs,
      completion_tokens: row.generatedTokens,
      finish_reason: 'stop',
    },
  };
}

/** `AzureLLMInferenceTrace_conv.csv` is the route `conv`; another file is named by itself. */
export function traceRoute(file: string): string {
  const stem = file.replace(/\.csv$/i, '');
  return /(?:^|[_-])(conv|code)(?:$|[_-])/i.exec(stem)?.[1]?.toLowerCase() ?? stem.slice(0, 255);
}

function traceRequestId({ timestamp, contextTokens, generatedTokens }: TraceRow, { file, line }: TracePlace): string {
  const text = `${timestamp},${contextTokens},${generatedTokens}`;
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return `${file.slice(0, 64)}:${line}:${digest}`;
}

function hundredths(ms: number): number {
  return Math.round(ms * 100) / 100;
}
