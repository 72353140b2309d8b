import { DURATION_MS_MAX } from '../../events/fields.ts';
import type { Facts } from '../../reports/report.ts';
import type { CallFacts } from '../call.ts';
import { type Failure, failureText } from '../dialects/failure.ts';
import { normalizeFinishReason } from '../dialects/finish-reason.ts';
import { cut, dimension } from './cut-text.ts';

const WORD_CHARS_MAX = 255;
const ERROR_CHARS_MAX = 8192;
const US_PER_MS = 1000;

/**
 * What a span says about its call, under the names of the events' fields; what it does not know is left out. Long names
 * are cut to the limits of the events; counts are never changed.
 */
export function callFacts(facts: CallFacts): Facts {
  const reason = facts.finishReason;
  const folded = reason === null ? null : cut(normalizeFinishReason(reason), WORD_CHARS_MAX);
  const said: Readonly<Record<keyof Facts, Facts[keyof Facts] | null>> = {
    model: dimension(facts.requestModel),
    answered_model: dimension(facts.responseModel),
    provider: dimension(facts.provider),
    operation: facts.operation,
    stream: facts.stream,
    time_to_first_token_ms: durationWithin(facts.firstTokenMs),
    prompt_tokens: facts.promptTokens,
    completion_tokens: facts.completionTokens,
    cached_prompt_tokens: facts.cachedTokens,
    cache_write_tokens: facts.cacheWriteTokens,
    cache_write_1h_tokens: facts.cacheWrite1hTokens,
    reasoning_tokens: facts.reasoningTokens,
    audio_prompt_tokens: facts.audioPromptTokens,
    cached_audio_prompt_tokens: facts.cachedAudioPromptTokens,
    audio_completion_tokens: facts.audioCompletionTokens,
    image_prompt_tokens: facts.imagePromptTokens,
    image_completion_tokens: facts.imageCompletionTokens,
    finish_reason: folded,
    // The sender's own word, where it differs from the folded one.
    finish_reason_raw: reason !== null && reason !== folded ? cut(reason, WORD_CHARS_MAX) : null,
    error: errorOf(facts.failure),
    error_kind: facts.failure?.kind ?? null,
    service_tier: facts.serviceTier === null ? null : cut(facts.serviceTier, WORD_CHARS_MAX),
    cache_hit: facts.cacheHit,
    reported_cost_usd: facts.reportedCost?.usd ?? null,
    cost_reported_by: facts.reportedCost?.by ?? null,
    // The times of the report tell it.
    latency_ms: null,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null));
}

/** A call that its user stopped did not fail, and has no error. */
export function errorOf(failure: Failure | null): string | null {
  if (failure === null || failure.kind === 'cancelled') return null;
  return cut(failureText(failure), ERROR_CHARS_MAX) || 'unknown error';
}

/** To the µs: what lies below is noise of the clocks. An absurd duration is unknown, not the longest one allowed. */
function durationWithin(durationMs: number | null): number | null {
  if (durationMs === null || durationMs > DURATION_MS_MAX) return null;
  return Math.round(durationMs * US_PER_MS) / US_PER_MS;
}
