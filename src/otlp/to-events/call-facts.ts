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
  const said: { -readonly [Name in keyof Facts]: Facts[Name] } = { operation: facts.operation };
  // One by one: to drop what is null from an object of all took a tenth of a span's time.
  const model = dimension(facts.requestModel);
  if (model !== null) said.model = model;
  const answered = dimension(facts.responseModel);
  if (answered !== null) said.answered_model = answered;
  const provider = dimension(facts.provider);
  if (provider !== null) said.provider = provider;
  if (facts.stream !== null) said.stream = facts.stream;
  const firstTokenMs = durationWithin(facts.firstTokenMs);
  if (firstTokenMs !== null) said.time_to_first_token_ms = firstTokenMs;
  for (const [name, count] of COUNTS) {
    const value = facts[count];
    if (value !== null) said[name] = value;
  }
  if (folded !== null) said.finish_reason = folded;
  // The sender's own word, where it differs from the folded one.
  if (reason !== null && reason !== folded) said.finish_reason_raw = cut(reason, WORD_CHARS_MAX);
  const error = errorOf(facts.failure);
  if (error !== null) said.error = error;
  if (facts.failure !== null) said.error_kind = facts.failure.kind;
  if (facts.serviceTier !== null) said.service_tier = cut(facts.serviceTier, WORD_CHARS_MAX);
  if (facts.cacheHit !== null) said.cache_hit = facts.cacheHit;
  if (facts.reportedCost !== null) {
    said.reported_cost_usd = facts.reportedCost.usd;
    said.cost_reported_by = facts.reportedCost.by;
  }
  return said;
}

const COUNTS = [
  ['prompt_tokens', 'promptTokens'],
  ['completion_tokens', 'completionTokens'],
  ['cached_prompt_tokens', 'cachedTokens'],
  ['cache_write_tokens', 'cacheWriteTokens'],
  ['cache_write_1h_tokens', 'cacheWrite1hTokens'],
  ['reasoning_tokens', 'reasoningTokens'],
  ['audio_prompt_tokens', 'audioPromptTokens'],
  ['cached_audio_prompt_tokens', 'cachedAudioPromptTokens'],
  ['audio_completion_tokens', 'audioCompletionTokens'],
  ['image_prompt_tokens', 'imagePromptTokens'],
  ['image_completion_tokens', 'imageCompletionTokens'],
  ['web_search_requests', 'webSearchRequests'],
] as const;

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
