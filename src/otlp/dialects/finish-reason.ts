import { ownValue } from '../../events/own-value.ts';

/** The words of providers and SDKs for how a call ended, by the word that they are folded to. */
const WORDS: Readonly<Record<string, string>> = {
  stop: 'stop stopped end_turn stop_sequence complete completed finished end eos eos_token done',
  length:
    'length max_tokens max_output_tokens max_length incomplete model_length model_context_window_exceeded token_limit',
  tool_calls: 'tool_call tool_calls tool_use function_call function_calls',
  content_filter:
    'content_filter content_filtered safety refusal recitation blocklist prohibited_content spii sensitive blocked ' +
    'image_safety image_recitation image_prohibited_content guardrail_intervened error_toxic moderation',
  error: 'error failed failure exception network_error server_error insufficient_system_resource error_limit',
};

const FINISH_REASONS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(WORDS).flatMap(([folded, words]) => words.split(' ').map((word) => [word, folded] as const)),
);

/** Ends that were none: the folded ones, and a filter that broke the call off. */
const FAILED = /^(?:error_toxic)$/;
const CANCELLED = /^(?:cancel|cancel+ed|abort|aborted|interrupted|user_?cancel(?:l?ed)?)$/;

/**
 * Folds to `stop`, `length`, `tool_calls`, `content_filter` or `error`. A word that is not known stays as it came:
 * "other" would tell nobody anything.
 */
export function normalizeFinishReason(reason: string): string {
  return ownValue(FINISH_REASONS, reason) ?? ownValue(FINISH_REASONS, plainReason(reason)) ?? reason;
}

/** Whether the word says that the call failed. */
export function isFailedReason(reason: string): boolean {
  const plain = plainReason(reason);
  return FAILED.test(plain) || ownValue(FINISH_REASONS, plain) === 'error';
}

/** Whether the word says that the caller stopped the call. */
export function isCancelledReason(reason: string): boolean {
  return CANCELLED.test(plainReason(reason));
}

/**
 * `FinishReason.MAX_TOKENS`, `FINISH_REASON_MAX_TOKENS`, `maxTokens` and `max-tokens` are one word. Of several choices,
 * joined by commas, the first is taken, as of a list.
 */
function plainReason(reason: string): string {
  // Nearly all are words of the table as they stand, or none.
  if (reason === '' || Object.hasOwn(FINISH_REASONS, reason)) return reason;
  const [first = ''] = reason.split(',');
  return first
    .slice(first.lastIndexOf('.') + 1)
    .trim()
    .replaceAll(/(?<=[a-z])(?=[A-Z])|[- ]/g, '_')
    .toLowerCase()
    .replace(/^finish_reason_/, '');
}
