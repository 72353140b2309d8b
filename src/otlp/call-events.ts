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
  readonly tenant: string;
  readonly route: string;
  readonly userId: string | null;
  readonly sessionId: string | null;
}

const DIMENSION_CHARS_MAX = 255;
const ERROR_CHARS_MAX = 8192;
const US_PER_MS = 1000;

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
  const answered = facts.responseModel === null ? null : cut(facts.responseModel, DIMENSION_CHARS_MAX);
  const metadata = callMetadata(call.members, {
    'gen_ai.operation.name': facts.operation,
    'gen_ai.response.id': facts.responseId,
    'otel.scope.name': call.span.scope.name,
  });
  return [
    {
      type: 'request',
      request_id,
      tenant_id: cut(dimensions.tenant, DIMENSION_CHARS_MAX),
      route: cut(dimensions.route, DIMENSION_CHARS_MAX),
      model: cut(facts.requestModel ?? facts.responseModel ?? UNKNOWN_MODEL, DIMENSION_CHARS_MAX),
      timestamp: new Date(call.startMs).toISOString(),
      ...tokens,
      provider: facts.provider === null ? null : cut(facts.provider, DIMENSION_CHARS_MAX),
      user_id_hash: dimensions.userId === null ? null : cut(dimensions.userId, DIMENSION_CHARS_MAX),
      session_id: dimensions.sessionId === null ? null : cut(dimensions.sessionId, DIMENSION_CHARS_MAX),
      stream: facts.stream,
      operation: facts.operation,
      metadata,
    },
    {
      type: 'response',
      request_id,
      timestamp: new Date(call.startMs + (call.durationMs ?? 0)).toISOString(),
      latency_ms: durationWithin(call.durationMs),
      time_to_first_token_ms: durationWithin(facts.firstTokenMs),
      completion_tokens: facts.completionTokens,
      reasoning_tokens: facts.reasoningTokens,
      ...tokens,
      ...billingParts(call),
      model: answered,
      ...finish(facts.finishReason),
      error: facts.failure === null ? null : cut(failureText(facts.failure), ERROR_CHARS_MAX),
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

/** Cuts to UTF-16 units, as JSON Schema's `maxLength` may be counted by the strictest reader. */
function cut(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : text.slice(0, charsMax).toWellFormed();
}
