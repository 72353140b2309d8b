import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AttributeValue } from '../decode/trace-export.ts';
import { SpanReader } from '../dialects/span-reader.ts';
import { aSpan } from '../otlp-builders.contract.ts';
import { chooseUsage } from './choose-usage.ts';
import { readUsage } from './read-usage.ts';
import type { Usage } from './settle-usage.ts';

function usageOf(
  attributes: Readonly<Record<string, AttributeValue>>,
  scopeName = 'test',
  model: string | null = null,
): Usage {
  const reader = new SpanReader(aSpan({ attributes, scopeName }));
  return chooseUsage(readUsage({ reader, scopeName, model, provider: null }), 'chat');
}

/** A span that has nothing but this attribute gives this count. */
const CELLS: readonly (readonly [keyof Usage, string, AttributeValue, number])[] = [
  ['promptTokens', 'gen_ai.usage.input_tokens', 23, 23],
  ['promptTokens', 'gen_ai.usage.prompt_tokens', '23', 23],
  ['promptTokens', 'gen_ai.response.input_tokens', 23, 23],
  ['promptTokens', 'llm.usage.prompt_tokens', 23, 23],
  ['promptTokens', 'llm.token_count.prompt', 23, 23],
  ['promptTokens', 'ai.usage.inputTokens', 23, 23],
  ['promptTokens', 'ai.usage.promptTokens', 23, 23],
  ['promptTokens', 'ai.usage.tokens', 23, 23],
  ['promptTokens', 'langfuse.observation.usage_details', '{"prompt_tokens": 23}', 23],
  ['promptTokens', 'langsmith.usage_metadata', '{"input_tokens": 23}', 23],
  ['promptTokens', 'langfuse.observation.usage_details', '{"input_tokens": 23}', 23],
  ['promptTokens', 'langfuse.observation.usage_details', '{"input": 23, "output": 11}', 23],
  ['completionTokens', 'gen_ai.usage.output_tokens', 11, 11],
  ['completionTokens', 'gen_ai.usage.completion_tokens', 11, 11],
  ['completionTokens', 'gen_ai.response.output_tokens', 11, 11],
  ['completionTokens', 'llm.usage.completion_tokens', 11, 11],
  ['completionTokens', 'llm.token_count.completion', 11, 11],
  ['completionTokens', 'ai.usage.outputTokens', 11, 11],
  ['completionTokens', 'ai.usage.completionTokens', 11, 11],
  ['completionTokens', 'langfuse.observation.usage_details', '{"completion_tokens": 11}', 11],
  ['completionTokens', 'langfuse.observation.usage_details', '{"output_tokens": 11}', 11],
  ['completionTokens', 'langfuse.observation.usage_details', '{"output": 11}', 11],
  ['cachedTokens', 'gen_ai.usage.cache_read.input_tokens', 7, 7],
  ['cachedTokens', 'gen_ai.usage.cache_read_input_tokens', 7, 7],
  ['cachedTokens', 'gen_ai.usage.details.cache_read_tokens', 7, 7],
  ['cachedTokens', 'gen_ai.usage.details.cache_read_input_tokens', 7, 7],
  ['cachedTokens', 'llm.token_count.prompt_details.cache_read', 7, 7],
  ['cachedTokens', 'llm.token_count.prompt_details.cache_input', 7, 7],
  ['cachedTokens', 'ai.usage.cachedInputTokens', 7, 7],
  ['cachedTokens', 'ai.usage.inputTokenDetails.cacheReadTokens', 7, 7],
  ['cachedTokens', 'langfuse.observation.usage_details', '{"prompt_tokens_details": {"cached_tokens": 7}}', 7],
  ['cachedTokens', 'langfuse.observation.usage_details', '{"input_tokens_details": {"cached_tokens": 7}}', 7],
  ['cachedTokens', 'langfuse.observation.usage_details', '{"input_cached_tokens": 7}', 7],
  ['cachedTokens', 'langfuse.observation.usage_details', '{"cache_read_input_tokens": 7}', 7],
  ['cachedTokens', 'gen_ai.usage.raw', '{"prompt_tokens_details":{"cached_tokens":7}}', 7],
  ['cachedTokens', 'gen_ai.usage.raw', '{"input_tokens_details":{"cached_tokens":7}}', 7],
  ['cachedTokens', 'gen_ai.usage.raw', '{"cache_read_input_tokens":7}', 7],
  ['cachedTokens', 'gen_ai.usage.cache_read_tokens', 7, 7],
  ['cachedTokens', 'gen_ai.usage.input_cached_tokens', 7, 7],
  ['cachedTokens', 'gen_ai.usage.prompt_tokens_details.cached_tokens', 7, 7],
  ['cachedTokens', 'gen_ai.usage.input_tokens.cached', 7, 7],
  ['cacheWriteTokens', 'gen_ai.usage.cache_creation.input_tokens', 5, 5],
  ['cacheWriteTokens', 'gen_ai.usage.cache_write.input_tokens', 5, 5],
  ['cacheWriteTokens', 'gen_ai.usage.cache_creation_input_tokens', 5, 5],
  ['cacheWriteTokens', 'llm.token_count.prompt_details.cache_write', 5, 5],
  ['cacheWriteTokens', 'ai.usage.inputTokenDetails.cacheWriteTokens', 5, 5],
  ['cacheWriteTokens', 'ai.response.providerMetadata', '{"anthropic":{"cacheCreationInputTokens":5}}', 5],
  ['cacheWriteTokens', 'ai.response.providerMetadata', '{"anthropic":{"usage":{"cache_creation_input_tokens":5}}}', 5],
  ['cacheWriteTokens', 'gen_ai.usage.details.cache_write_tokens', 5, 5],
  ['cacheWriteTokens', 'gen_ai.usage.details.cache_creation_input_tokens', 5, 5],
  ['cacheWriteTokens', 'langfuse.observation.usage_details', '{"cache_creation_input_tokens": 5}', 5],
  ['cacheWriteTokens', 'gen_ai.usage.raw', '{"cache_creation_input_tokens":5}', 5],
  ['cacheWriteTokens', 'gen_ai.usage.cache_write_tokens', 5, 5],
  ['cacheWriteTokens', 'gen_ai.usage.prompt_tokens_details.cache_creation_tokens', 5, 5],
  ['cacheWriteTokens', 'gen_ai.usage.input_tokens.cache_write', 5, 5],
  ['cacheWrite1hTokens', 'anthropic.usage.cache_creation.ephemeral_1h_input_tokens', 3, 3],
  ['cacheWrite1hTokens', 'gen_ai.usage.cache_creation.input_tokens.ephemeral_1h', 3, 3],
  [
    'cacheWrite1hTokens',
    'langsmith.metadata.usage_metadata',
    '{"input_token_details": {"ephemeral_1hr_input_tokens": 3}}',
    3,
  ],
  ['cacheWrite1hTokens', 'mlflow.chat.tokenUsage', '{"cache_creation_input_tokens_above_1hr": 3}', 3],
  ['cacheWrite1hTokens', 'gen_ai.usage.cache_creation.1h_input_tokens', 3, 3],
  ['reasoningTokens', 'gen_ai.usage.reasoning.output_tokens', 9, 9],
  ['reasoningTokens', 'gen_ai.usage.reasoning_tokens', 9, 9],
  ['reasoningTokens', 'gen_ai.usage.details.reasoning_tokens', 9, 9],
  ['reasoningTokens', 'llm.usage.reasoning_tokens', 9, 9],
  ['reasoningTokens', 'llm.token_count.completion_details.reasoning', 9, 9],
  ['reasoningTokens', 'ai.usage.reasoningTokens', 9, 9],
  ['reasoningTokens', 'ai.usage.outputTokenDetails.reasoningTokens', 9, 9],
  ['reasoningTokens', 'langfuse.observation.usage_details', '{"output_tokens_details": {"reasoning_tokens": 9}}', 9],
  ['reasoningTokens', 'langfuse.observation.usage_details', '{"output_reasoning_tokens": 9}', 9],
  ['reasoningTokens', 'gen_ai.usage.raw', '{"completion_tokens_details":{"reasoning_tokens":9}}', 9],
  ['reasoningTokens', 'gen_ai.usage.raw', '{"output_tokens_details":{"reasoning_tokens":9}}', 9],
  ['reasoningTokens', 'gen_ai.usage.completion_tokens_details.reasoning_tokens', 9, 9],
  ['reasoningTokens', 'gen_ai.usage.output_tokens.reasoning', 9, 9],
  ['audioPromptTokens', 'gen_ai.usage.audio.input_tokens', 2, 2],
  ['audioPromptTokens', 'llm.token_count.prompt_details.audio', 2, 2],
  ['audioPromptTokens', 'gen_ai.usage.audio_input_tokens', 2, 2],
  ['audioCompletionTokens', 'gen_ai.usage.audio.output_tokens', 2, 2],
  ['audioCompletionTokens', 'llm.token_count.completion_details.audio', 2, 2],
  ['audioCompletionTokens', 'gen_ai.usage.audio_output_tokens', 2, 2],
  ['audioCompletionTokens', 'gen_ai.usage.completion_tokens_details.audio_tokens', 2, 2],
  [
    'cacheWrite1hTokens',
    'ai.response.providerMetadata',
    '{"anthropic":{"usage":{"cache_creation":{"ephemeral_1h_input_tokens":3}}}}',
    3,
  ],
  [
    'reasoningTokens',
    'langfuse.observation.usage_details',
    '{"completion_tokens_details": {"reasoning_tokens": 9}}',
    9,
  ],
];

for (const [field, key, sent, read] of CELLS) {
  test(`${field} is read from ${key} ${JSON.stringify(sent)}`, () => {
    assert.equal(usageOf({ [key]: sent })[field], read);
  });
}

test('of two names of a whole the current one wins, unless it is no value or a filler', () => {
  const both = { 'gen_ai.usage.input_tokens': 23, 'gen_ai.usage.prompt_tokens': 24 };
  assert.equal(usageOf(both).promptTokens, 23);
  assert.equal(usageOf({ ...both, 'gen_ai.usage.input_tokens': Number.NaN }).promptTokens, 24);
  assert.equal(usageOf({ ...both, 'gen_ai.usage.input_tokens': 0 }).promptTokens, 24);
  assert.equal(usageOf({ ...both, 'gen_ai.usage.input_tokens': -1 }).promptTokens, 24);
});

/** [what it shows, attributes, scope, [prompt, completion, cached, written, reasoning]] */
type Usages = readonly [string, Readonly<Record<string, AttributeValue>>, string, readonly (number | null)[]];

const LANGFUSE = 'langfuse.observation.usage_details';
const gen = (counts: Readonly<Record<string, AttributeValue>>) =>
  Object.fromEntries(Object.entries(counts).map(([name, count]) => [`gen_ai.usage.${name}`, count]));

const USAGES: readonly Usages[] = [
  [
    'thoughts larger than the output lie beside it',
    gen({ input_tokens: 5000, output_tokens: 120, 'experimental.reasoning_tokens': 2400 }),
    'gcp.vertex.agent',
    [5000, 2520, null, null, 2400],
  ],
  [
    'a total proves that smaller thoughts lie beside the output',
    {
      'llm.token_count.prompt': 5000,
      'llm.token_count.completion': 3000,
      'llm.token_count.completion_details.reasoning': 2400,
      'llm.token_count.total': 10_400,
    },
    'test',
    [5000, 5400, null, null, 2400],
  ],
  [
    'a total proves that the parts lie inside',
    gen({ input_tokens: 5000, output_tokens: 3000, total_tokens: 8000, reasoning_tokens: 2400, cached_tokens: 4000 }),
    'strands.telemetry.tracer',
    [5000, 3000, 4000, null, 2400],
  ],
  [
    'a total proves that reads, writes and thoughts all lie outside',
    gen({
      input_tokens: 2000,
      output_tokens: 300,
      cache_read_input_tokens: 1200,
      cache_write_input_tokens: 500,
      reasoning_tokens: 100,
      total_tokens: 4100,
    }),
    'test',
    [3700, 400, 1200, 500, 100],
  ],
  [
    "Bedrock's counts as OpenTelemetry's botocore copies them",
    gen({
      input_tokens: 2254,
      output_tokens: 634,
      'cache_read.input_tokens': 1024,
      'cache_creation.input_tokens': 256,
    }),
    'opentelemetry.instrumentation.botocore.bedrock-runtime',
    [3534, 634, 1024, 256, null],
  ],
  [
    'without a total the convention holds',
    gen({ input_tokens: 2254, output_tokens: 634, 'cache_read.input_tokens': 1024 }),
    'com.anthropic.sdk.python',
    [2254, 634, 1024, null, null],
  ],
  [
    "Langfuse's buckets are disjoint",
    { [LANGFUSE]: '{"input":2435,"output":559,"input_cached_tokens":1024,"output_reasoning_tokens":64}' },
    'langfuse-sdk',
    [3459, 623, 1024, null, 64],
  ],
  [
    "Langfuse's buckets with a total that counts them inside",
    { [LANGFUSE]: '{"input":3459,"output":559,"total":4018,"input_cached_tokens":1024}' },
    'langfuse-sdk',
    [3459, 559, 1024, null, null],
  ],
  [
    'a bucket that no name explains is not lost where the total has it',
    { [LANGFUSE]: '{"input":100,"output":50,"input_special_tokens":30,"total":180}' },
    'langfuse-sdk',
    [130, 50, null, null, null],
  ],
  [
    'of two spellings of a bucket the filled one counts',
    { [LANGFUSE]: '{"input":100,"output":50,"cache_read_input_tokens":0,"input_cache_read":30}' },
    'langfuse-sdk',
    [130, 50, 30, null, null],
  ],
  [
    "Langfuse's buckets of audio and predictions are disjoint too",
    {
      [LANGFUSE]:
        '{"input":200,"input_audio_tokens":800,"output":30,"output_audio_tokens":150,"output_rejected_prediction_tokens":20,"total":1200}',
    },
    'langfuse-sdk',
    [1000, 200, null, null, null],
  ],
  [
    "of Vertex AI Langfuse's handler for LangChain leaves nothing in the wholes but what has no modality",
    {
      [LANGFUSE]:
        '{"input":0,"output":0,"total":1250,"input_modality_TEXT":400,"cached_modality_TEXT":600,"output_modality_TEXT":50,"thoughts_token_count":200}',
    },
    'langfuse-sdk',
    [1000, 250, 600, null, 200],
  ],
  [
    'what a total of Gemini has beside prompt and answer are thoughts',
    {
      'gen_ai.system': 'gemini',
      ...gen({ prompt_tokens: 5000, completion_tokens: 120 }),
      'llm.usage.total_tokens': 7520,
    },
    'gemini',
    [5000, 2520, null, null, 2400],
  ],
  [
    'likewise where more was cached than thought',
    gen({ input_tokens: 10_000, output_tokens: 100, 'cache_read.input_tokens': 8000, total_tokens: 10_600 }),
    'gemini',
    [10_000, 600, 8000, null, 500],
  ],
  [
    "OpenAI's own usage object has its details inside",
    {
      [LANGFUSE]:
        '{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,"prompt_tokens_details":{"cached_tokens":30}}',
    },
    'langfuse-sdk',
    [100, 50, 30, null, null],
  ],
  [
    'a total in the place of the output is seen by the other usage',
    { ...gen({ input_tokens: '361', output_tokens: '414' }), [LANGFUSE]: '{"input":361,"output":53}' },
    'gcp.vertex.agent',
    [361, 53, null, null, null],
  ],
  [
    'likewise with the vocabularies the other way round',
    { ...gen({ input_tokens: 361, output_tokens: 53 }), [LANGFUSE]: '{"input":361,"output":414}' },
    'gcp.vertex.agent',
    [361, 53, null, null, null],
  ],
  [
    'likewise where a total alone settles it',
    gen({ input_tokens: 361, output_tokens: 414, total_tokens: 414 }),
    'test',
    [361, 53, null, null, null],
  ],
  [
    'an incomplete usage is completed by the other',
    { ...gen({ input_tokens: 361, output_tokens: 0 }), [LANGFUSE]: '{"input":361,"output":53}' },
    'gcp.vertex.agent',
    [361, 53, null, null, null],
  ],
  [
    'of three usages two that agree outweigh none that adds up',
    {
      ...gen({ input_tokens: 361, output_tokens: 414 }),
      'llm.token_count.prompt': 361,
      'llm.token_count.completion': 53,
      [LANGFUSE]: '{"input":361,"output":53}',
    },
    'gcp.vertex.agent',
    [361, 53, null, null, null],
  ],
  [
    "LangChain's usage with its details",
    {
      ...gen({ input_tokens: 3868, output_tokens: 968, total_tokens: 4836 }),
      'langsmith.metadata.usage_metadata':
        '{"input_tokens":3868,"output_tokens":968,"total_tokens":4836,"input_token_details":{"audio":0,"cache_read":1024},"output_token_details":{"reasoning":0}}',
    },
    'langsmith',
    [3868, 968, 1024, null, 0],
  ],
  [
    "LangSmith's details as JSON behind the convention's prefix",
    gen({
      input_tokens: 25,
      output_tokens: 7,
      input_token_details: '{"cache_read":10}',
      output_token_details: '{"reasoning":2}',
    }),
    'langsmith',
    [25, 7, 10, null, 2],
  ],
  [
    "Genkit's answer of Gemini",
    {
      'genkit:name': 'googleai/gemini-2.5-flash',
      'genkit:output':
        '{"usage":{"inputTokens":900,"outputTokens":30,"thoughtsTokens":15,"cachedContentTokens":400,"totalTokens":945}}',
    },
    'genkit-tracer',
    [900, 45, 400, null, 15],
  ],
  [
    "Gemini's own names, thoughts beside the candidates",
    {
      'gen_ai.usage.input_tokens': 900,
      'gen_ai.usage.output_tokens': 30,
      'gcp.vertex.agent.llm_response':
        '{"usage_metadata":{"prompt_token_count":900,"candidates_token_count":30,"thoughts_token_count":15,"total_token_count":945}}',
      'gen_ai.usage.total_tokens': 945,
    },
    'gcp.vertex.agent',
    [900, 45, null, null, 15],
  ],
  [
    'names without a prefix, of a span that says it is a request to a model',
    {
      'span.type': 'llm_request',
      input_tokens: '12',
      output_tokens: '42',
      cache_read_tokens: '8000',
      cache_creation_tokens: '2000',
    },
    'com.anthropic.claude_code.tracing',
    [10_012, 42, 8000, 2000, null],
  ],
  [
    'names without a prefix elsewhere are anything',
    { input_tokens: 12, output_tokens: 42 },
    'test',
    [null, null, null, null, null],
  ],
  ['-1 is unknown', gen({ input_tokens: -1, output_tokens: 5 }), 'test', [null, 5, null, null, null]],
  [
    'no model answers to a prompt of nothing',
    gen({ input_tokens: 0, output_tokens: 215, total_tokens: 215 }),
    'test',
    [null, 215, null, null, null],
  ],
];

for (const [shows, attributes, scopeName, expected] of USAGES) {
  test(shows, () => {
    const usage = usageOf(
      attributes,
      scopeName,
      scopeName === 'gemini' ? 'gemini-2.5-flash' : 'us.anthropic.claude-sonnet-4-5',
    );
    const { promptTokens, completionTokens, cachedTokens, cacheWriteTokens, reasoningTokens } = usage;
    assert.deepEqual([promptTokens, completionTokens, cachedTokens, cacheWriteTokens, reasoningTokens], expected);
  });
}

test('audio and image parts are told apart, and cached audio from both', () => {
  const usage = usageOf(
    gen({
      input_tokens: 1000,
      'text.input_tokens': 200,
      'audio.input_tokens': 800,
      'text.cache_read.input_tokens': 100,
      'audio.cache_read.input_tokens': 500,
      output_tokens: 200,
      'audio.output_tokens': 150,
      'image.output_tokens': 20,
    }),
  );
  assert.deepEqual(
    [usage.cachedTokens, usage.audioPromptTokens, usage.cachedAudioPromptTokens, usage.audioCompletionTokens],
    [600, 800, 500, 150],
  );
  assert.equal(usage.imageCompletionTokens, 20);
});
