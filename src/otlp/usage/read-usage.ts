import { ownValue } from '../../events/own-value.ts';
import type { AttributeValue, SpanEvent } from '../decode/trace-export.ts';
import type { Emitter, UsageEvent, UsageObject, UsageSource } from '../dialects/dialect.ts';
import { DIALECTS } from '../dialects/dialects.ts';
import { reprCounts } from '../dialects/python-repr.ts';
import { countFrom, parseJson, textFrom, valueAt } from '../dialects/read-value.ts';
import { isMisnamed } from '../dialects/sdks/openinference.ts';
import type { SpanReader } from '../dialects/span-reader.ts';
import { searchesInAnswer, searchesInMessages } from './answer-searches.ts';
import type { UsageReport } from './choose-usage.ts';
import { COPIED, isCopiedAnswer } from './copied-answer.ts';
import { BY_CONVENTION, type UsageHabits } from './settle-usage.ts';
import { addCount, readUsageObject, readUsagePaths, type UsageCounts } from './usage-counts.ts';
import { type UsagePart, usagePartOf } from './usage-part.ts';
import { USUAL_USAGE_KEYS } from './usual-usage-keys.ts';

const NONE: readonly never[] = [];

const PREFIXES: readonly (readonly [prefix: string, place: number])[] = DIALECTS.flatMap(({ usage = [] }, place) =>
  usage.flatMap((source): [string, number][] => ('prefix' in source ? [[source.prefix, place]] : [])),
);

/** How a key is read: for which dialect, from which source if it is one by name, and for a count what it counts. */
interface KeyUse {
  readonly place: number;
  readonly source: Exclude<UsageSource, { readonly prefix: string } | UsageEvent> | null;
  readonly part: UsagePart | null;
}

const EVENTS: readonly { readonly place: number; readonly source: UsageEvent }[] = DIALECTS.flatMap(
  ({ usage = [] }, place) => usage.flatMap((source) => ('event' in source ? [{ place, source }] : [])),
);

/** Names that mean something else than their words: the AI SDK's one count of an embedding. */
const PART_OF_KEY: Readonly<Record<string, UsagePart>> = { 'ai.usage.tokens': 'prompt' };

/** Uses of the keys that are known by name; null for a key that says nothing of use. */
const USES_OF_KEY: ReadonlyMap<string, readonly KeyUse[]> = usesOfKey();

function usesOfKey(): Map<string, KeyUse[]> {
  const byKey = new Map<string, KeyUse[]>();
  for (const [place, { usage = [] }] of DIALECTS.entries()) {
    for (const source of usage) {
      if ('prefix' in source || 'event' in source) continue;
      for (const key of 'object' in source ? [source.object] : source.keys) {
        const part = 'object' in source ? null : usagePartOf(key.slice(key.lastIndexOf('.') + 1));
        byKey.set(key, [...(byKey.get(key) ?? []), { place, source, part }]);
      }
    }
  }
  for (const key of USUAL_USAGE_KEYS) if (!byKey.has(key)) byKey.set(key, [...usesByPrefix(key)]);
  return byKey;
}

function usesByPrefix(key: string): readonly KeyUse[] {
  const found = PREFIXES.find(([prefix]) => key.startsWith(prefix));
  if (found === undefined) return NONE;
  const [prefix, place] = found;
  return [{ place, source: null, part: ownValue(PART_OF_KEY, key) ?? usagePartOf(key.slice(prefix.length)) }];
}

/** Most keys of a span begin like none of the prefixes, and one look tells it. */
const ANY_PREFIX = new RegExp(`^(?:${PREFIXES.map(([prefix]) => prefix.replaceAll('.', String.raw`\.`)).join('|')})`);

function usesOf(key: string): readonly KeyUse[] {
  return USES_OF_KEY.get(key) ?? (ANY_PREFIX.test(key) ? usesByPrefix(key) : NONE);
}

/** Whether an attribute is one of usage. */
export function isUsageKey(key: string): boolean {
  const uses = USES_OF_KEY.get(key);
  return uses === undefined ? ANY_PREFIX.test(key) : !uses.every(({ source }) => isOfAnything(source));
}

function isOfAnything(source: KeyUse['source']): boolean {
  return source !== null && 'object' in source && (source.below !== undefined || source.as === 'messages');
}

/** What a span says of its usage, a report a vocabulary, in order of trust. Empty where it says nothing. */
export function readUsage(emitter: Emitter): readonly UsageReport[] {
  const drafts = draftsOf(emitter.reader);
  if (drafts === null) return NONE;
  // Of plain prompts and completions nothing has to be known.
  const known = [...drafts.values()].some(({ counts }) => hasParts(counts)) ? habitsOf(emitter) : BY_CONVENTION;
  const reports = [...drafts.entries()];
  const copied = isCopied([...drafts.values()]) ? COPIED : null;
  if (reports.length > 1) reports.sort(([a], [b]) => trustOf(a) - trustOf(b) || a - b);
  return reports.map(([, { counts, habits }]) => ({
    counts,
    habits: habits === null && copied === null ? known : { ...known, ...habits, ...copied },
  }));
}

/** The answer may stand in another vocabulary than the counts. */
function isCopied(drafts: readonly Draft[]): boolean {
  return drafts.some(({ answer }) => answer !== null && drafts.some(({ counts }) => isCopiedAnswer(counts, answer)));
}

function hasParts(counts: UsageCounts): boolean {
  for (const part in counts) if (part !== 'prompt' && part !== 'completion') return true;
  return false;
}

/** Whether a span tells how many tokens a model took or gave. */
export function hasUsage(reader: SpanReader): boolean {
  const drafts = draftsOf(reader);
  if (drafts === null) return false;
  return [...drafts.values()].some(({ counts: { prompt, completion, total } }) =>
    [prompt, completion, total].some((count) => count !== undefined && count > 0),
  );
}

/** The attributes that a part of the usage is read from, for the explanation. */
export function usageKeysOf(reader: SpanReader, parts: readonly UsagePart[]): readonly string[] {
  const { keys } = reader.span.attributes;
  const named = keys.filter((key) => usesOf(key).some(({ part }) => part !== null && parts.includes(part)));
  const tells = (source: KeyUse['source']) =>
    source !== null && 'object' in source && (source.as !== 'messages' || parts.includes('webSearch'));
  const objects = keys.filter((key) => usesOf(key).some(({ source }) => tells(source)));
  return named.length > 0 ? named : objects;
}

interface Draft {
  readonly counts: UsageCounts;
  /** What its shape betrays; null where it betrays nothing. */
  habits: Partial<UsageHabits> | null;
  /** The usage in the provider's own answer. */
  answer: unknown;
}

/** The counts by the place of their dialect; null for the many spans that have none. */
function draftsOf(reader: SpanReader): Map<number, Draft> | null {
  const { keys, values, size } = reader.span.attributes;
  let drafts = null as Map<number, Draft> | null;
  const draftAt = (place: number): Draft => {
    drafts ??= new Map();
    let draft = drafts.get(place);
    if (draft === undefined) drafts.set(place, (draft = { counts: {}, habits: null, answer: null }));
    return draft;
  };
  const shared: { readonly place: number; readonly source: UsageObject }[] = [];
  for (let i = 0; i < size; i++) {
    const key = keys[i] as string;
    for (const { place, source, part } of usesOf(key)) {
      if (isMisnamed(key, reader.span.scope.name)) continue;
      if (source === null) addPrefixed(draftAt(place).counts, part, key, values[i]);
      else if ('object' in source && isOfAnything(source)) shared.push({ place, source });
      else if ('object' in source) addObject(draftAt(place), source, reader);
      else if (part !== null && (source.when === undefined || source.when(reader))) {
        addValue(draftAt(place).counts, part, values[i]);
      }
    }
  }
  for (const { place, source } of reader.span.events.length === 0 ? [] : EVENTS) {
    if (source.when(reader)) addEvents(() => draftAt(place).counts, source.event, reader.span.events);
  }
  // They only complete a usage that is there.
  for (const { place, source } of shared) if (drafts?.has(place)) addObject(draftAt(place), source, reader);
  return drafts;
}

function addValue(counts: UsageCounts, part: UsagePart, value: AttributeValue | undefined): void {
  const count = countFrom(value);
  if (count !== null) addCount(counts, part, count);
}

/** Makes no counts where no event of the name is there. */
function addEvents(counts: () => UsageCounts, name: string, events: readonly SpanEvent[]): void {
  for (const { attributes } of events.filter((event) => event.name === name)) {
    for (let i = 0; i < attributes.size; i++) {
      const part = usagePartOf(attributes.keys[i] as string);
      if (part !== null) addValue(counts(), part, attributes.values[i]);
    }
  }
}

/** A count; LangSmith writes the details of a side as one object below the prefix, as JSON or as Python's repr. */
function addPrefixed(
  counts: UsageCounts,
  part: UsagePart | null,
  key: string,
  value: AttributeValue | undefined,
): void {
  if (typeof value === 'number') {
    if (part !== null) addValue(counts, part, value);
    return;
  }
  const isObject = typeof value === 'string' && value.startsWith('{');
  const object = isObject ? (parseJson(value) ?? Object.fromEntries(reprCounts(value))) : value;
  if (typeof object !== 'object' || object === null || object instanceof Uint8Array) {
    if (part !== null) addValue(counts, part, value);
    return;
  }
  const prefix = PREFIXES.find(([each]) => key.startsWith(each))?.[0] ?? '';
  readUsageObject(counts, object, key.slice(prefix.length));
}

function addObject(draft: Draft, source: UsageObject, reader: SpanReader): void {
  const counts: UsageCounts = {};
  const text = () => textFrom(reader.span.attributes.get(source.object)) ?? '';
  if (source.as === 'repr') {
    readUsagePaths(counts, reprCounts(text()));
  } else if (source.as === 'messages') {
    const searches = draft.counts.webSearch === undefined ? searchesInMessages(text()) : null;
    if (searches !== null) counts.webSearch = searches;
  } else {
    const root = reader.parsed(source.object);
    const object = source.paths === undefined ? root : source.paths.map((path) => valueAt(root, path)).find(Boolean);
    readUsageObject(counts, source.below === undefined ? object : below(object, source.below));
    if (source.isAnswer === true) draft.answer ??= object;
    if (source.isPartsOnly !== true) draft.habits = { ...draft.habits, ...shapeHabits(object) };
    const searches = searchesInAnswer(root);
    if (searches !== null && counts.webSearch === undefined) counts.webSearch = searches;
  }
  for (const [part, count] of Object.entries(counts) as [UsagePart, number][]) {
    if (source.isPartsOnly !== true || !WHOLES.has(part)) addCount(draft.counts, part, count);
  }
}

function below(object: unknown, prefix: string): unknown {
  if (typeof object !== 'object' || object === null) return null;
  const entries = Object.entries(object).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(entries.map(([name, value]) => [name.slice(prefix.length), value]));
}

const WHOLES: ReadonlySet<UsagePart> = new Set(['prompt', 'completion', 'total', 'otherPrompt', 'otherCompletion']);

/**
 * What the names of a usage object betray of its maker: Anthropic counts the cache beside `input_tokens`, Gemini the
 * thoughts beside the candidates, and Langfuse's buckets `input` and `output` are disjoint from all others.
 */
function shapeHabits(object: unknown): Partial<UsageHabits> {
  if (typeof object !== 'object' || object === null) return {};
  const names = Object.keys(object);
  if (names.some((name) => /^candidates/i.test(name))) return { isReasoningOutside: true };
  if (names.includes('input') || names.includes('output')) {
    return { isCacheOutside: true, isReasoningOutside: true, isRestOutside: true };
  }
  return names.includes('input_tokens') && names.includes('cache_read_input_tokens') ? { isCacheOutside: true } : {};
}

function trustOf(place: number): number {
  return DIALECTS[place]?.usageTrust ?? 1;
}

/** By the first dialect that knows the emitter; without one the convention holds. */
function habitsOf(emitter: Emitter): UsageHabits {
  const isRestReasoning =
    /gemini/i.test(emitter.model ?? '') || /^gcp\.(?:gemini|gen_ai)$/.test(emitter.provider ?? '');
  for (const { habits } of DIALECTS) {
    const known = habits?.(emitter) ?? null;
    if (known !== null) return { ...BY_CONVENTION, isRestReasoning, ...known };
  }
  return { ...BY_CONVENTION, isRestReasoning };
}
