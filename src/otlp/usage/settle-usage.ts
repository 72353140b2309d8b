import type { UsageCounts } from './usage-counts.ts';

/**
 * What a call used, as StreamLens counts: the prompt with all that the cache gave and took, the completion with the
 * reasoning. Null is unknown.
 */
export interface Usage {
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly cachedTokens: number | null;
  readonly cacheWriteTokens: number | null;
  readonly cacheWrite1hTokens: number | null;
  readonly reasoningTokens: number | null;
  readonly audioPromptTokens: number | null;
  readonly cachedAudioPromptTokens: number | null;
  readonly audioCompletionTokens: number | null;
  readonly imagePromptTokens: number | null;
  readonly imageCompletionTokens: number | null;
  /** Searches that the provider ran, which are billed beside the tokens. */
  readonly webSearchRequests: number | null;
}

/** What is known of an emitter, for the cases in which its numbers do not tell. */
export interface UsageHabits {
  /** It reports the prompt without what was read from and written to the cache. */
  readonly isCacheOutside: boolean;
  /** What was written lies elsewhere than what was read; as `isCacheOutside` says where this is absent. */
  readonly isWriteOutside?: boolean;
  /** It reports the completion without the reasoning. */
  readonly isReasoningOutside: boolean;
  /** It adds the reasoning to a completion that holds it already. */
  readonly isReasoningTwice?: boolean;
  /** Its counts are disjoint: what stands beside the wholes under another name is in none of them. */
  readonly isRestOutside: boolean;
  /** The rest of a total that no count explains is reasoning, as Gemini's API has it. */
  readonly isRestReasoning: boolean;
  /** Its total is its own sum of prompt and completion, whatever lies outside: it proves nothing. */
  readonly isTotalMade: boolean;
}

/** The habits of an emitter of which nothing is known: parts lie inside. */
export const BY_CONVENTION: UsageHabits = {
  isCacheOutside: false,
  isReasoningOutside: false,
  isRestOutside: false,
  isRestReasoning: false,
  isTotalMade: false,
};

export interface SettledUsage extends Usage {
  /** The total that was sent along agrees with how the parts were taken. */
  readonly isProved: boolean;
}

/** The parts of which it has to be found out whether they lie inside their whole. */
interface Parts {
  readonly prompt: number;
  readonly completion: number;
  readonly cached: number;
  readonly written: number;
  readonly reasoning: number;
  /** By modality, and counts that no name explains. */
  readonly rest: number;
}

/** Which parts lie outside. */
interface Reading {
  readonly cached: boolean;
  readonly written: boolean;
  readonly reasoning: boolean;
  readonly rest: boolean;
}

const FLAGS = [false, true];
const READINGS: readonly Reading[] = FLAGS.flatMap((rest) =>
  FLAGS.flatMap((reasoning) =>
    FLAGS.flatMap((written) => FLAGS.map((cached) => ({ cached, written, reasoning, rest }))),
  ),
);

const ALL_INSIDE: Reading = { cached: false, written: false, reasoning: false, rest: false };

/**
 * Makes wholes of what was sent. Whether cached, written and reasoning tokens lie inside prompt and completion or
 * beside them differs by SDK, provider and version, and most say it in their numbers:
 *
 * 1. a part larger than its whole lies outside for certain;
 * 2. where a total was sent, the reading that adds up to it is right;
 * 3. where the fresh part of the prompt was sent, it tells likewise;
 * 4. else what is known of the emitter decides, and without that the convention: inside.
 *
 * What tools of Gemini's API put into its prompt lies beside it there, and so here, unless the total has it inside.
 */
export function settleUsage(told: UsageCounts, habits: UsageHabits): SettledUsage {
  const sent = habits.isReasoningTwice === true ? withReasoningOnce(told) : told;
  const { toolPrompt = 0, prompt, otherPrompt = 0 } = sent;
  if (toolPrompt === 0) return settled(sent, habits);
  if (prompt === undefined) return settled({ ...sent, otherPrompt: otherPrompt + toolPrompt }, habits);
  const beside = settled({ ...sent, prompt: prompt + toolPrompt }, habits);
  if (beside.isProved) return beside;
  const inside = settled(sent, habits);
  return inside.isProved ? inside : beside;
}

/** A completion that holds its reasoning twice is twice as large at the least. */
function withReasoningOnce(sent: UsageCounts): UsageCounts {
  const { completion = 0, reasoning = 0 } = sent;
  return completion < 2 * reasoning || sent.total !== undefined
    ? sent
    : { ...sent, completion: completion - reasoning };
}

function settled(sent: UsageCounts, habits: UsageHabits): SettledUsage {
  const cached = sent.cached ?? sumOf(sent.cachedText, sent.cachedAudio, sent.cachedImage);
  const lifetimes = sumOf(sent.cacheWrite5m, sent.cacheWrite1h);
  const written = lifetimes === null ? (sent.cacheWrite ?? null) : Math.max(lifetimes, sent.cacheWrite ?? 0);
  const { prompt, completion } = wholesOf(sent, (cached ?? 0) + (written ?? 0));
  // Where all counts are disjoint, text is in no whole either.
  const [textPrompt, textCompletion] = habits.isRestOutside ? [sent.textPrompt, sent.textCompletion] : [];
  const restOfPrompt = sumOf(sent.otherPrompt, sent.audioPrompt, sent.imagePrompt, textPrompt) ?? 0;
  const restOfCompletion = sumOf(sent.otherCompletion, sent.audioCompletion, sent.imageCompletion, textCompletion) ?? 0;
  const known = {
    prompt: prompt ?? 0,
    completion: completion ?? 0,
    cached: cached ?? 0,
    written: written ?? 0,
    rest: restOfPrompt + restOfCompletion,
  };
  const isWhole = prompt !== null && completion !== null;
  const reasoning = sent.reasoning ?? (isWhole ? thoughtsOf(known, sent.total ?? 0, habits) : null);
  const parts: Parts = { ...known, reasoning: reasoning ?? 0 };
  const total = isWhole && !habits.isTotalMade ? (sent.total ?? null) : null;
  const beside = parts.cached + parts.written + parts.reasoning + parts.rest;
  const { reading, isProved } =
    beside === 0
      ? { reading: ALL_INSIDE, isProved: total === parts.prompt + parts.completion }
      : readingOf(parts, { total, fresh: sent.fresh ?? null, habits });
  const cacheBeside = (reading.cached ? parts.cached : 0) + (reading.written ? parts.written : 0);
  const promptBeside = cacheBeside + (reading.rest ? restOfPrompt : 0);
  const completionBeside = (reading.reasoning ? parts.reasoning : 0) + (reading.rest ? restOfCompletion : 0);
  const compacted = compactedBeside(sent);
  return {
    isProved,
    promptTokens: prompt === null ? null : prompt + promptBeside + (compacted.compactedPrompt ?? 0),
    completionTokens: completion === null ? null : completion + completionBeside + (compacted.compactedCompletion ?? 0),
    cachedTokens: sumOf(cached ?? undefined, compacted.compactedCached),
    cacheWriteTokens: sumOf(written ?? undefined, compacted.compactedWritten),
    cacheWrite1hTokens: sent.cacheWrite1h ?? null,
    reasoningTokens: reasoning,
    audioPromptTokens: sent.audioPrompt ?? null,
    cachedAudioPromptTokens: sent.cachedAudio ?? null,
    audioCompletionTokens: sent.audioCompletion ?? null,
    imagePromptTokens: sent.imagePrompt ?? null,
    imageCompletionTokens: sent.imageCompletion ?? null,
    // Claude's every answer says that there was none.
    webSearchRequests: sumOf(sent.webSearch, sent.xSearch) || null,
  };
}

/** What was spent on compaction, where the counts of the answer do not hold it. */
function compactedBeside(sent: UsageCounts): UsageCounts {
  const { completion, answerCompletion } = sent;
  return completion !== undefined && answerCompletion !== undefined && completion > answerCompletion ? {} : sent;
}

/** Prompt and completion as sent, or as far as other numbers tell them. */
function wholesOf(sent: UsageCounts, cacheTokens: number): { prompt: number | null; completion: number | null } {
  const { total, fresh } = sent;
  let prompt = sent.prompt ?? (fresh === undefined ? null : fresh + cacheTokens);
  let completion = sent.completion ?? sumOf(sent.textCompletion, sent.audioCompletion, sent.imageCompletion);
  prompt ??= sumOf(sent.textPrompt, sent.audioPrompt, sent.imagePrompt);
  if (total !== undefined && total > 0) {
    // Frameworks were seen to write the total in the place of a whole.
    if (completion === total && prompt !== null && prompt > 0 && prompt < total) completion = total - prompt;
    else if (prompt === total && completion !== null && completion > 0 && completion < total)
      prompt = total - completion;
    else if (prompt === null && completion !== null && total > completion) prompt = total - completion;
    else if (completion === null && prompt !== null && total > prompt) completion = total - prompt;
  }
  return { prompt, completion };
}

/** What of the total neither the wholes nor a part that was sent explains; null where that is no reasoning. */
function thoughtsOf(known: Omit<Parts, 'reasoning'>, total: number, habits: UsageHabits): number | null {
  const cache = known.cached + known.written;
  const { rest } = known;
  const unexplained = total - known.prompt - known.completion;
  if (!habits.isRestReasoning || [cache, rest, cache + rest].includes(unexplained)) return null;
  const thoughts = unexplained - (habits.isCacheOutside ? cache : 0) - (habits.isRestOutside ? rest : 0);
  return thoughts > 0 ? thoughts : null;
}

interface Evidence {
  readonly total: number | null;
  readonly fresh: number | null;
  readonly habits: UsageHabits;
}

function readingOf(parts: Parts, evidence: Evidence): { reading: Reading; isProved: boolean } {
  const { total } = evidence;
  const isCacheOutside = cacheLiesOutside(parts, evidence);
  let reading: Reading = ALL_INSIDE;
  let isProved = false;
  let least = Infinity;
  for (const each of READINGS) {
    if (!isPossible(each, parts)) continue;
    const proves = total !== null && totalOf(each, parts) === total;
    const surprise = surpriseOf(each, { parts, isCacheOutside, habits: evidence.habits });
    if (isProved ? !proves || surprise >= least : !proves && surprise >= least) continue;
    [reading, isProved, least] = [each, proves, surprise];
  }
  return { reading, isProved };
}

function cacheLiesOutside({ prompt, cached, written }: Parts, { fresh, habits }: Evidence): boolean {
  if (fresh === null || cached + written === 0) return habits.isCacheOutside;
  return prompt === fresh || (habits.isCacheOutside && prompt !== fresh + cached + written);
}

interface Expectation {
  readonly parts: Parts;
  readonly isCacheOutside: boolean;
  readonly habits: UsageHabits;
}

/** How far a reading is from what is known of the emitter. */
function surpriseOf(reading: Reading, { parts, isCacheOutside, habits }: Expectation): number {
  const isWriteOutside = habits.isWriteOutside ?? isCacheOutside;
  const isOneKind = isWriteOutside === isCacheOutside;
  return (
    Number(reading.cached !== isCacheOutside) * (parts.cached > 0 ? 2 : 1) +
    Number(reading.written !== isWriteOutside) * (parts.written > 0 ? 2 : 1) +
    // Reads and writes of one cache are nearly always counted alike.
    Number((reading.cached === reading.written) !== isOneKind) * 3 +
    Number(reading.reasoning !== habits.isReasoningOutside) * 2 +
    Number(reading.rest !== habits.isRestOutside) * 2
  );
}

/** A part that is larger than its whole cannot lie in it; a whole of 0 may be a filler beside parts. */
function isPossible(reading: Reading, parts: Parts): boolean {
  const inside = (reading.cached ? 0 : parts.cached) + (reading.written ? 0 : parts.written);
  return inside <= parts.prompt && (reading.reasoning || parts.reasoning <= parts.completion);
}

function totalOf(reading: Reading, parts: Parts): number {
  return (
    parts.prompt +
    parts.completion +
    (reading.cached ? parts.cached : 0) +
    (reading.written ? parts.written : 0) +
    (reading.reasoning ? parts.reasoning : 0) +
    (reading.rest ? parts.rest : 0)
  );
}

function sumOf(...counts: readonly (number | undefined)[]): number | null {
  const known = counts.filter((count) => count !== undefined);
  return known.length === 0 ? null : known.reduce((sum, count) => sum + count, 0);
}
