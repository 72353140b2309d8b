import type { Operation } from '../dialects/classification.ts';
import { type SettledUsage, settleUsage, type Usage, type UsageHabits } from './settle-usage.ts';
import type { UsageCounts } from './usage-counts.ts';
import type { UsagePart } from './usage-part.ts';

/** What a span says of its usage in one vocabulary. */
export interface UsageReport {
  readonly counts: UsageCounts;
  readonly habits: UsageHabits;
}

/** Nothing is known. */
export const NO_USAGE: Usage = {
  promptTokens: null,
  completionTokens: null,
  cachedTokens: null,
  cacheWriteTokens: null,
  cacheWrite1hTokens: null,
  reasoningTokens: null,
  audioPromptTokens: null,
  cachedAudioPromptTokens: null,
  audioCompletionTokens: null,
  imagePromptTokens: null,
  imageCompletionTokens: null,
  webSearchRequests: null,
};

/**
 * One usage from all that a span says, in order of trust. Vocabularies that agree complete each other; where two
 * contradict, what adds up wins: a total in the place of an output is seen by the other's sum, and a usage that is
 * proved by its total, or complete, is better than one that is not.
 */
export function chooseUsage(reports: readonly UsageReport[], operation: Operation): Usage {
  if (reports.length === 0) return NO_USAGE;
  const [only] = reports;
  if (reports.length === 1 && only !== undefined) {
    const { counts, habits } = operation === 'embeddings' ? ofEmbedding(only) : only;
    return plausible(settleUsage(counts, habits));
  }
  const groups = agreeingGroups(operation === 'embeddings' ? reports.map(ofEmbedding) : reports).map(
    ({ counts, habits }) => settleUsage(counts, habits),
  );
  const [first, ...others] =
    groups.length === 1 ? groups : groups.toSorted((a, b) => worth(b, groups) - worth(a, groups));
  return plausible(others.reduce((usage: Usage, other) => withParts(usage, other), first ?? NO_USAGE));
}

/** An embedding has no completion, so that its total is its prompt. */
function ofEmbedding(report: UsageReport): UsageReport {
  const { prompt, total } = report.counts;
  return prompt !== undefined || total === undefined
    ? report
    : { ...report, counts: { ...report.counts, prompt: total } };
}

const CACHE_PARTS: readonly UsagePart[] = ['cached', 'cacheWrite', 'cacheWrite5m', 'cacheWrite1h', 'cachedText'];

/** Joins the vocabularies that say the same of prompt and completion as far as they say anything. */
function agreeingGroups(reports: readonly UsageReport[]): readonly UsageReport[] {
  const groups: UsageReport[] = [];
  for (const report of reports) {
    const place = groups.findIndex((group) => agrees(group.counts, report.counts));
    const group = groups[place];
    if (group === undefined) groups.push(report);
    else groups[place] = joined(group, report);
  }
  return groups;
}

function agrees(a: UsageCounts, b: UsageCounts): boolean {
  return (['prompt', 'completion', 'total'] as const).every(
    (whole) => (a[whole] || b[whole]) === (b[whole] || a[whole]),
  );
}

/** Where only the other has parts of a whole, its habits say where they lie. */
function joined(a: UsageReport, b: UsageReport): UsageReport {
  const counts: UsageCounts = { ...b.counts };
  for (const [part, count] of Object.entries(a.counts) as [UsagePart, number][]) {
    if (count > 0 || counts[part] === undefined) counts[part] = count;
  }
  const hasCache = CACHE_PARTS.some((part) => (a.counts[part] ?? 0) > 0);
  const hasReasoning = (a.counts.reasoning ?? 0) > 0;
  const { isCacheOutside, isWriteOutside } = (hasCache ? a : b).habits;
  return {
    counts,
    habits: {
      isCacheOutside,
      ...(isWriteOutside === undefined ? {} : { isWriteOutside }),
      isReasoningOutside: (hasReasoning ? a : b).habits.isReasoningOutside,
      isRestOutside: a.habits.isRestOutside,
      isRestReasoning: a.habits.isRestReasoning,
      isTotalMade: (a.counts.total === undefined ? b : a).habits.isTotalMade,
    },
  };
}

/** How much one of several usages that contradict each other is to be believed. */
function worth(usage: SettledUsage, all: readonly SettledUsage[]): number {
  const { promptTokens: prompt, completionTokens: completion } = usage;
  const isComplete = (prompt ?? 0) > 0 && completion !== null;
  const isSum = all.some((other) => {
    if (other === usage || !other.promptTokens || !other.completionTokens) return false;
    const sum = other.promptTokens + other.completionTokens;
    return completion === sum || (prompt === sum && prompt !== other.promptTokens);
  });
  const hasOutput = (completion ?? 0) > 0;
  return Number(isComplete) * 4 + Number(usage.isProved) * 2 + Number(hasOutput) * 3 - Number(isSum) * 16;
}

/** Takes the parts that are unknown from another usage, as far as they fit. */
function withParts(usage: Usage, other: Usage): Usage {
  const within = (part: keyof Usage, whole: number | null): number | null => {
    const known = usage[part];
    const theirs = other[part];
    if (known !== null || theirs === null) return known;
    return whole === null || theirs <= whole ? theirs : null;
  };
  const promptTokens = usage.promptTokens ?? other.promptTokens;
  const completionTokens = usage.completionTokens ?? other.completionTokens;
  return {
    promptTokens,
    completionTokens,
    cachedTokens: within('cachedTokens', promptTokens),
    cacheWriteTokens: within('cacheWriteTokens', promptTokens),
    cacheWrite1hTokens: within('cacheWrite1hTokens', promptTokens),
    reasoningTokens: within('reasoningTokens', completionTokens),
    audioPromptTokens: within('audioPromptTokens', promptTokens),
    cachedAudioPromptTokens: within('cachedAudioPromptTokens', promptTokens),
    audioCompletionTokens: within('audioCompletionTokens', completionTokens),
    imagePromptTokens: within('imagePromptTokens', promptTokens),
    imageCompletionTokens: within('imageCompletionTokens', completionTokens),
    webSearchRequests: within('webSearchRequests', null),
  };
}

/** No model answers to a prompt of nothing: beside an output a prompt of 0 is one that nobody counted. */
function plausible(usage: Usage): Usage {
  return usage.promptTokens === 0 && (usage.completionTokens ?? 0) > 0 ? { ...usage, promptTokens: null } : usage;
}
