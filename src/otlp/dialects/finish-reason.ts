import { ownValue } from '../../events/own-value.ts';

/** What a call's end is folded to, from the words of the providers and SDKs. */
const FINISH_REASONS: Readonly<Record<string, string>> = {
  stop: 'stop',
  end_turn: 'stop',
  stop_sequence: 'stop',
  complete: 'stop',
  completed: 'stop',
  length: 'length',
  max_tokens: 'length',
  max_output_tokens: 'length',
  incomplete: 'length',
  tool_call: 'tool_calls',
  tool_calls: 'tool_calls',
  tool_use: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'content_filter',
  safety: 'content_filter',
  refusal: 'content_filter',
  error: 'error',
};

/**
 * Folds to `stop`, `length`, `tool_calls`, `content_filter` or `error`, case and hyphens ignored. A word that is
 * not known stays as it came: "other" would tell nobody anything.
 */
export function normalizeFinishReason(reason: string): string {
  return ownValue(FINISH_REASONS, reason.trim().toLowerCase().replaceAll('-', '_')) ?? reason;
}
