import { DURATION_MS_MAX } from '../../events/fields.ts';
import type { LlmRequest } from '../../events/llm-request.ts';
import type { LlmResponse } from '../../events/llm-response.ts';
import { formatInstant } from '../../events/timestamp.ts';
import { type Failure, failureText } from '../dialects/failure.ts';
import { normalizeFinishReason } from '../dialects/finish-reason.ts';
import type { Candidate } from '../fold/candidate.ts';
import { callMetadata } from './call-metadata.ts';

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
/** Nothing to cut out, whatever reads it: most names are so, and one look tells it. */
const PLAIN = /^[ -~]*$/;

const DEFAULT_TENANT = 'default';
const DEFAULT_ROUTE = 'default';

/** A call must have a model to be a series of its own. */
const UNKNOWN_MODEL = 'unknown';

/** Long names are cut to the limits of the events; counts are never changed. */
export function callEvents(call: Candidate, dimensions: CallDimensions): readonly [CallEvent, CallEvent] {
  return [requestOf(call, dimensions), responseOf(call)];
}

function requestOf(call: Candidate, dimensions: CallDimensions): CallEvent {
  const { facts } = call;
  return {
    type: 'request',
    request_id: call.id,
    tenant_id: dimension(dimensions.tenant) ?? DEFAULT_TENANT,
    route: dimension(dimensions.route) ?? DEFAULT_ROUTE,
    model: dimension(facts.requestModel) ?? dimension(facts.responseModel) ?? UNKNOWN_MODEL,
    timestamp: formatInstant(call.startMs),
    prompt_tokens: facts.promptTokens,
    cached_prompt_tokens: facts.cachedTokens,
    cache_write_tokens: facts.cacheWriteTokens,
    provider: dimension(facts.provider),
    user_id_hash: dimension(dimensions.userId),
    session_id: dimension(dimensions.sessionId),
    stream: facts.stream,
    operation: facts.operation,
    metadata: callMetadata(call.members, {
      'gen_ai.operation.name': facts.operation,
      'gen_ai.response.id': facts.responseId,
      'otel.scope.name': call.span.scope.name,
    }),
  };
}

function responseOf(call: Candidate): CallEvent {
  const { facts } = call;
  const latencyMs = durationWithin(call.durationMs);
  const reason = facts.finishReason;
  const folded = reason === null ? null : cut(normalizeFinishReason(reason), DIMENSION_CHARS_MAX);
  const response: CallEvent & { type: 'response' } = {
    type: 'response',
    request_id: call.id,
    timestamp: formatInstant(call.startMs + (latencyMs ?? 0)),
    latency_ms: latencyMs,
    time_to_first_token_ms: durationWithin(facts.firstTokenMs),
    completion_tokens: facts.completionTokens,
    reasoning_tokens: facts.reasoningTokens,
    prompt_tokens: facts.promptTokens,
    cached_prompt_tokens: facts.cachedTokens,
    cache_write_tokens: facts.cacheWriteTokens,
    model: dimension(facts.responseModel),
    operation: facts.operation,
    finish_reason: folded,
    error: errorOf(facts.failure),
  };
  // Only where the sender said something: most calls have none of these.
  if (facts.cacheWrite1hTokens !== null) response.cache_write_1h_tokens = facts.cacheWrite1hTokens;
  if (facts.audioPromptTokens !== null) response.audio_prompt_tokens = facts.audioPromptTokens;
  if (facts.cachedAudioPromptTokens !== null) response.cached_audio_prompt_tokens = facts.cachedAudioPromptTokens;
  if (facts.audioCompletionTokens !== null) response.audio_completion_tokens = facts.audioCompletionTokens;
  if (facts.imagePromptTokens !== null) response.image_prompt_tokens = facts.imagePromptTokens;
  if (facts.imageCompletionTokens !== null) response.image_completion_tokens = facts.imageCompletionTokens;
  if (facts.failure !== null) response.error_kind = facts.failure.kind;
  if (facts.reportedCost !== null) {
    response.reported_cost_usd = facts.reportedCost.usd;
    response.cost_reported_by = facts.reportedCost.by;
  }
  if (facts.serviceTier !== null) response.service_tier = cut(facts.serviceTier, DIMENSION_CHARS_MAX);
  if (facts.cacheHit !== null) response.cache_hit = facts.cacheHit;
  // The sender's own word, where it differs from the folded one.
  if (reason !== null && reason !== folded) response.finish_reason_raw = cut(reason, DIMENSION_CHARS_MAX);
  return response;
}

/** A call that its user stopped did not fail, and has no error. */
function errorOf(failure: Failure | null): string | null {
  if (failure === null || failure.kind === 'cancelled') return null;
  return cut(failureText(failure), ERROR_CHARS_MAX) || 'unknown error';
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
  if (text.length <= charsMax && PLAIN.test(text)) return text;
  // Postgres stores no NUL in a text, so that one call with it could never be committed.
  return text.replaceAll('\0', '').slice(0, charsMax).toWellFormed();
}
