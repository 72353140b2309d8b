/**
 * The keys under which SDKs write their counts nearly always. What they mean is worked out once: a key that is not
 * among them is understood just as well, by its words, which takes a µs each time.
 */
export const USUAL_USAGE_KEYS: readonly string[] = [
  ...below(
    'gen_ai.usage.',
    'input_tokens output_tokens prompt_tokens completion_tokens total_tokens reasoning_tokens cost',
    'cache_read.input_tokens cache_creation.input_tokens cache_write.input_tokens reasoning.output_tokens',
    'cache_read_input_tokens cache_creation_input_tokens cache_write_input_tokens cache_read_tokens cache_write_tokens',
    'cached_tokens input_cached_tokens total_cost experimental.reasoning_tokens',
    'prompt_tokens_details.cached_tokens prompt_tokens_details.cache_creation_tokens prompt_tokens_details.audio_tokens',
    'completion_tokens_details.reasoning_tokens completion_tokens_details.audio_tokens',
    'details.cache_read_tokens details.cache_write_tokens details.cache_read_input_tokens details.reasoning_tokens',
    'details.cache_creation_input_tokens details.input_tokens details.output_tokens details.audio_tokens',
    'audio.input_tokens audio.output_tokens text.input_tokens text.output_tokens image.input_tokens image.output_tokens',
  ),
  ...below('anthropic.usage.', 'cache_creation.ephemeral_5m_input_tokens cache_creation.ephemeral_1h_input_tokens'),
  ...below('llm.usage.', 'prompt_tokens completion_tokens total_tokens reasoning_tokens'),
  ...below(
    'llm.token_count.',
    'prompt completion total prompt_details.cache_read prompt_details.cache_write prompt_details.cache_input',
    'prompt_details.audio completion_details.reasoning completion_details.audio',
  ),
  ...below(
    'ai.usage.',
    'inputTokens outputTokens totalTokens promptTokens completionTokens tokens reasoningTokens cachedInputTokens',
    'inputTokenDetails.noCacheTokens inputTokenDetails.cacheReadTokens inputTokenDetails.cacheWriteTokens',
    'outputTokenDetails.textTokens outputTokenDetails.reasoningTokens',
  ),
];

/** The paths of counts within usage objects. */
export const USUAL_USAGE_PATHS: readonly string[] = [
  ...below('.', 'prompt_tokens completion_tokens total_tokens input_tokens output_tokens input output total'),
  ...below('.', 'cache_read_input_tokens cache_creation_input_tokens input_cached_tokens output_reasoning_tokens'),
  ...below('.', 'input_audio_tokens output_audio_tokens input_cache_read input_cache_creation output_reasoning'),
  ...below(
    '.',
    'output_accepted_prediction_tokens output_rejected_prediction_tokens inputTokens outputTokens totalTokens',
  ),
  ...below('.prompt_tokens_details.', 'cached_tokens audio_tokens'),
  ...below('.input_tokens_details.', 'cached_tokens'),
  ...below('.output_tokens_details.', 'reasoning_tokens'),
  ...below(
    '.completion_tokens_details.',
    'reasoning_tokens audio_tokens accepted_prediction_tokens rejected_prediction_tokens',
  ),
  ...below('.cache_creation.', 'ephemeral_5m_input_tokens ephemeral_1h_input_tokens'),
  ...below('.input_token_details.', 'audio cache_read cache_creation'),
  ...below('.output_token_details.', 'audio reasoning'),
];

function below(prefix: string, ...lists: readonly string[]): readonly string[] {
  return lists.flatMap((list) => list.split(' ')).map((name) => prefix + name);
}
