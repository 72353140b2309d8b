import { DURATION_MS_MAX } from '../events/fields.ts';
import type { LlmRequest } from '../events/llm-request.ts';
import type { LlmResponse } from '../events/llm-response.ts';
import { callMetadata } from './call-metadata.ts';
import { type Candidate, requestIdOf } from './candidate.ts';
import { failureText } from './dialects/failure.ts';
import { normalizeFinishReason } from './dialects/finish-reason.ts';

/** The two halves of a call, ready for the log. */
export type CallEvent = ({ readonly type: 'request' } & LlmRequest) | ({ readonly type: 'response' } & LlmResponse);

/** Who the call belongs to. */
export interface CallDimensions {
  /** Null where nothing names one. */
  readonly tenant: string | null;
  readonly route: string | null;
  readonly userId: string | null;
  readonly sessionId: string | null;
}

const DIMENSION_CHARS_MAX = 255;
const ERROR_CHARS_MAX = 8192;
const US_PER_MS = 1000;

const DEFAULT_TENANT = 'default';
const DEFAULT_ROUTE = 'default';

/** A call must have a model to be a series of its own. */
const UNKNOWN_MODEL = 'unknown';

/** Long names are cut to the limits of the events; counts are never changed. */
export function callEvents(call: Candidate, dimensions: CallDimensions): readonly CallEvent[] {
  const { facts } = call;
  const request_id = requestIdOf(call.span);
  const tokens = {
    prompt_tokens: facts.promptTokens,
    cached_prompt_tokens: facts.cachedTokens,
    cache_write_tokens: facts.cacheWriteTokens,
  };
  const latencyMs = durationWithin(call.durationMs);
  const metadata = callMetadata(call.members, {
    'gen_ai.operation.name': facts.operation,
    'gen_ai.response.id': facts.responseId,
    'otel.scope.name': call.span.scope.name,
  });
  return [
    {
      type: 'request',
      request_id,
      tenant_id: dimension(dimensions.tenant) ?? DEFAULT_TENANT,
      route: dimension(dimensions.route) ?? DEFAULT_ROUTE,
      model: dimension(facts.requestModel) ?? dimension(facts.responseModel) ?? UNKNOWN_MODEL,
      timestamp: new Date(call.startMs).toISOString(),
      ...tokens,
      provider: dimension(facts.provider),
      user_id_hash: dimension(dimensions.userId),
      session_id: dimension(dimensions.sessionId),
      stream: facts.stream,
      operation: facts.operation,
      metadata,
    },
    {
      type: 'response',
      request_id,
      timestamp: new Date(call.startMs + (latencyMs ?? 0)).toISOString(),
      latency_ms: latencyMs,
      time_to_first_token_ms: durationWithin(facts.firstTokenMs),
      completion_tokens: facts.completionTokens,
      reasoning_tokens: facts.reasoningTokens,
      ...tokens,
      ...billingParts(call),
      model: dimension(facts.responseModel),
      operation: facts.operation,
      ...finish(facts.finishReason),
      error: facts.failure === null ? null : cut(failureText(facts.failure), ERROR_CHARS_MAX) || 'unknown error',
    },
  ];
}

/** Only where the sender said something: most calls have none of these. */
function billingParts({ facts }: Candidate): Partial<LlmResponse> {
  return {
    ...(facts.cacheWrite1hTokens === null ? {} : { cache_write_1h_tokens: facts.cacheWrite1hTokens }),
    ...(facts.audioPromptTokens === null ? {} : { audio_prompt_tokens: facts.audioPromptTokens }),
    ...(facts.audioCompletionTokens === null ? {} : { audio_completion_tokens: facts.audioCompletionTokens }),
    ...(facts.serviceTier === null ? {} : { service_tier: cut(facts.serviceTier, DIMENSION_CHARS_MAX) }),
    ...(facts.cacheHit === null ? {} : { cache_hit: facts.cacheHit }),
  };
}

/** The folded reason, and beside it the sender's own word where that differs. */
function finish(reason: string | null): Partial<LlmResponse> {
  if (reason === null) return { finish_reason: null };
  const folded = cut(normalizeFinishReason(reason), DIMENSION_CHARS_MAX);
  return folded === reason
    ? { finish_reason: folded }
    : { finish_reason: folded, finish_reason_raw: cut(reason, DIMENSION_CHARS_MAX) };
}

/** To the µs: what lies below is noise of the clocks. An absurd duration is unknown, not the longest one allowed. */
function durationWithin(durationMs: number | null): number | null {
  if (durationMs === null || durationMs > DURATION_MS_MAX) return null;
  return Math.round(durationMs * US_PER_MS) / US_PER_MS;
}

/** Null where nothing is left: a dimension has at least one character. */
function dimension(text: string | null): string | null {
  return text === null ? null : cut(text, DIMENSION_CHARS_MAX) || null;
}

/** Cuts to UTF-16 units, as JSON Schema's `maxLength` may be counted by the strictest reader. */
function cut(text: string, charsMax: number): string {
  // Postgres stores no NUL in a text, so that one call with it could never be committed.
  const storable = text.includes('\0') ? text.replaceAll('\0', '') : text;
  return (storable.length <= charsMax ? storable : storable.slice(0, charsMax)).toWellFormed();
}
