import { countFrom } from '../dialects/read-value.ts';
import { ANSWER_PATH, compactionLeaves } from './compaction.ts';
import { type UsagePart, usagePartOf } from './usage-part.ts';
import { USUAL_USAGE_PATHS } from './usual-usage-keys.ts';

/** The counts of one report of usage, as they were sent: nothing is known yet of what lies inside what. */
export type UsageCounts = Partial<Record<UsagePart, number>>;

/** Usage lies at most so deep; deeper there is the conversation. */
const DEPTH_MAX = 5;
/** How many counts one usage holds at the most; more is no usage. */
const COUNTS_MAX = 100;

/**
 * Adds a count. Of two spellings of one part the larger one counts: where an SDK has a new name, the old one beside it
 * holds the same or a filler of 0.
 */
export function addCount(counts: UsageCounts, part: UsagePart, count: number): void {
  const known = counts[part];
  // Counts that no name explains are different ones.
  if (part === 'otherPrompt' || part === 'otherCompletion') counts[part] = (known ?? 0) + count;
  else if (known === undefined || known === 0) counts[part] = count;
  else if (!WHOLES.has(part)) counts[part] = Math.max(known, count);
}

const WHOLES: ReadonlySet<UsagePart> = new Set(['prompt', 'completion', 'total']);

/**
 * Reads the counts of a usage object, whoever made it: OpenAI, Anthropic, Bedrock, Gemini, LangChain, Langfuse, Genkit.
 * Names are joined on the way down, since `audio_tokens` means nothing without `prompt_tokens_details` above it.
 */
export function readUsageObject(counts: UsageCounts, object: unknown, above = ''): void {
  const leaves: (readonly [string, number])[] = [];
  collect(object, above, 0, leaves);
  readUsagePaths(counts, leaves);
}

/** Reads a usage whose counts are there by their dotted paths. */
export function readUsagePaths(counts: UsageCounts, leaves: Iterable<readonly [path: string, count: number]>): void {
  for (const [path, count] of leaves) {
    const known = PART_OF_PATH.get(path);
    const part = known === undefined ? usagePartOf(path) : known;
    if (part !== null) addCount(counts, part, count);
  }
}

function collect(value: unknown, path: string, depth: number, leaves: (readonly [string, number])[]): void {
  if (depth > DEPTH_MAX || leaves.length >= COUNTS_MAX) return;
  if (typeof value !== 'object' || value === null) {
    const count = countFrom(value);
    if (count !== null && path !== '') leaves.push([path, count]);
    return;
  }
  if (Array.isArray(value)) {
    for (const item of value) collectModality(item, path, leaves);
    return;
  }
  leaves.push(...compactionLeaves(value));
  for (const [name, inner] of Object.entries(value)) collect(inner, `${path}.${name}`, depth + 1, leaves);
}

/** Gemini counts by modality in a list: `{"modality": "AUDIO", "tokenCount": 800}`. */
function collectModality(item: unknown, path: string, leaves: (readonly [string, number])[]): void {
  if (typeof item !== 'object' || item === null || !('modality' in item)) return;
  const { modality, tokenCount, token_count: snakeCount, tokens } = item as Readonly<Record<string, unknown>>;
  const count = countFrom(tokenCount ?? snakeCount ?? tokens);
  if (typeof modality === 'string' && count !== null) leaves.push([`${path}.${modality.toLowerCase()}`, count]);
}

const PART_OF_PATH: ReadonlyMap<string, UsagePart | null> = new Map([
  ...USUAL_USAGE_PATHS.map((path) => [path, usagePartOf(path)] as const),
  [ANSWER_PATH, 'answerCompletion'],
]);
