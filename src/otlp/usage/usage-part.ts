import { ownValue } from '../../events/own-value.ts';

/**
 * What one count of tokens counts. `prompt` and `completion` are the wholes, as far as the sender means so; `fresh` is
 * the prompt without what the cache gave or took; the others are parts of a whole, or lie beside it.
 */
export type UsagePart =
  | 'prompt'
  | 'completion'
  | 'total'
  | 'fresh'
  | 'cached'
  | 'cacheWrite'
  | 'cacheWrite5m'
  | 'cacheWrite1h'
  | 'reasoning'
  | 'audioPrompt'
  | 'imagePrompt'
  | 'textPrompt'
  | 'audioCompletion'
  | 'imageCompletion'
  | 'textCompletion'
  | 'cachedAudio'
  | 'cachedImage'
  | 'cachedText'
  // What tools of Gemini's API put into the prompt.
  | 'toolPrompt'
  | 'otherPrompt'
  | 'otherCompletion'
  // What the provider spent on shortening the conversation before it answered (`compaction.ts`).
  | 'compactedPrompt'
  | 'compactedCompletion'
  | 'compactedCached'
  | 'compactedWritten'
  | 'answerCompletion'
  // No tokens: how often the provider searched the web, and X.
  | 'webSearch'
  | 'xSearch';

/** What a word of a name says. `''` says nothing; a word that is not listed is not understood. */
type Sign =
  | ''
  | 'input'
  | 'output'
  | 'total'
  | 'cache'
  | 'write'
  | 'fresh'
  | '1h'
  | '5m'
  | 'reasoning'
  | Modality
  | 'detail'
  | 'tool'
  | 'use'
  | 'compaction';
type Modality = 'audio' | 'image' | 'text';
const MODALITIES = ['audio', 'image', 'text'] as const;

const SIGN_OF_WORD: Readonly<Record<string, Sign>> = {
  ...signs(
    '',
    'token',
    'tokens',
    'count',
    'usage',
    'experimental',
    'ephemeral',
    'num',
    'number',
    'content',
    'read',
    'hit',
  ),
  // Of whose metadata the usage is a part.
  ...signs('', 'anthropic', 'openai', 'google', 'vertex', 'bedrock', 'azure', 'xai', 'openrouter', 'metadata', 'api'),
  // Genkit puts there what its own names do not cover.
  ...signs('', 'custom'),
  ...signs('', 'hits', 'reads', 'eval', 'normal', 'modality', 'of', 'by', 'ttl', 'billed', 'units', 'above'),
  // LangChain writes the tier that served before the names of the details.
  ...signs('', 'flex', 'priority'),
  ...signs('detail', 'details', 'detail'),
  ...signs('tool', 'tool'),
  ...signs('use', 'use'),
  ...signs('compaction', 'compaction'),
  ...signs('input', 'input', 'inputs', 'prompt', 'prompts'),
  ...signs(
    'output',
    'output',
    'outputs',
    'completion',
    'completions',
    'candidate',
    'candidates',
    'response',
    'generated',
  ),
  ...signs('total', 'total'),
  ...signs('cache', 'cache', 'cached', 'caching'),
  ...signs('write', 'write', 'writes', 'written', 'creation', 'created', 'create'),
  ...signs('fresh', 'fresh', 'uncached', 'miss', 'no', 'non', 'noncached', 'nocache'),
  // LangSmith's SDK for JavaScript writes `ephemeral_1hr_input_tokens`.
  ...signs('1h', '1h', '1hr', '60m', 'hour'),
  ...signs('5m', '5m'),
  ...signs('reasoning', 'reasoning', 'thoughts', 'thought', 'thinking'),
  ...signs('audio', 'audio'),
  ...signs('image', 'image', 'images'),
  ...signs('text', 'text'),
};

/** With one of these a name is no count of tokens that a model took or gave. */
const NO_TOKENS = new Set(
  'cost costs price usd cents latency ms seconds time duration ttft speed rate limit max min budget requests calls call character characters iterations search fetch web raw cents credits aggregated window remaining'.split(
    ' ',
  ),
);

/**
 * The part that a name such as `input_tokens_details.cached_tokens` or `cacheCreation1hInputTokens` means, by its
 * words.
 *
 * SDKs have some hundred spellings for a dozen parts, and make new ones with every release; the words are few. Null
 * where a name is none of a token count. A word that is not known leaves at most the side to which the count belongs.
 */
export function usagePartOf(name: string): UsagePart | null {
  const found = new Set<Sign>();
  let isStrange = false;
  for (const word of wordsOf(name)) {
    if (NO_TOKENS.has(word)) return searchPartOf(name);
    const sign = ownValue(SIGN_OF_WORD, word);
    if (sign === undefined) isStrange = true;
    else found.add(sign);
  }
  const side = found.has('input') ? 'Prompt' : found.has('output') ? 'Completion' : null;
  if (found.has('compaction')) return compactedPart(found);
  if (found.has('tool')) return toolPart(found, isStrange);
  if (isStrange || found.has('use')) return side === null ? null : `other${side}`;
  if (found.has('fresh')) return 'fresh';
  const modality = MODALITIES.find((each) => found.has(each));
  // Anthropic's lifetimes need not say that they are of the cache.
  if (found.has('1h')) return 'cacheWrite1h';
  if (found.has('5m')) return 'cacheWrite5m';
  if (found.has('cache')) {
    if (found.has('write')) return 'cacheWrite';
    return modality === undefined ? 'cached' : CACHED_OF[modality];
  }
  if (found.has('write')) return null;
  if (found.has('reasoning')) return 'reasoning';
  if (modality !== undefined) return side === null ? null : `${modality}${side}`;
  // A whole among details is that of the provider's own reckoning, which may leave the cache out.
  if (found.has('detail')) return null;
  if (side !== null) return side === 'Prompt' ? 'prompt' : 'completion';
  return found.has('total') ? 'total' : null;
}

/** `server_tool_use.web_search_requests`, xAI's `web_search_calls`, Perplexity's `num_search_queries`. */
function searchPartOf(name: string): UsagePart | null {
  const words = wordsOf(name).join(' ');
  if (/(?:^| )(?:web search (?:requests|calls|queries)|web searches|num search queries)$/.test(words))
    return 'webSearch';
  return /(?:^| )x search calls$/.test(words) ? 'xSearch' : null;
}

/** `toolUsePromptTokenCount`, whose modalities repeat it; other counts of tools are parts of the prompt. */
function toolPart(found: ReadonlySet<Sign>, isStrange: boolean): UsagePart | null {
  if (found.has('output')) return 'otherCompletion';
  const isGemini = found.has('use') && !isStrange;
  if (!isGemini) return found.has('input') ? 'otherPrompt' : null;
  const isRepeated = MODALITIES.some((each) => found.has(each));
  return isRepeated ? null : 'toolPrompt';
}

/** Pydantic AI writes it among the details of wholes that hold it already; Anthropic's SDK beside them. */
function compactedPart(found: ReadonlySet<Sign>): UsagePart | null {
  if (found.has('detail')) return null;
  if (found.has('cache')) return found.has('write') ? 'compactedWritten' : 'compactedCached';
  if (found.has('input')) return 'compactedPrompt';
  return found.has('output') ? 'compactedCompletion' : null;
}

const CACHED_OF = { audio: 'cachedAudio', image: 'cachedImage', text: 'cachedText' } as const;

/** `cacheRead1hTokens` and `cache_read.1h-tokens` have the same words. */
function wordsOf(name: string): readonly string[] {
  return name
    .split(/[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Za-z])(?=\d)/)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase());
}

function signs(sign: Sign, ...words: readonly string[]): Readonly<Record<string, Sign>> {
  return Object.fromEntries(words.map((word) => [word, sign]));
}
