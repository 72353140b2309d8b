import { type Facts, idOf, reporterOf, type Said } from './read-report.ts';
import { recordKind, tellBeside, told } from './recorded-units.ts';

/** A call by the reports of one trace. */
export interface Unit {
  /** The report that gives the id, and all that are about the same call, itself first. */
  readonly head: Said;
  readonly members: readonly Said[];
  /** What lies above the members, nearest first. */
  readonly above: readonly Said[];
  /** Whom to ask for names first, where several processes tell of it: the outermost one, and what is above that. */
  readonly caller: readonly Said[];
  /** Of the members those that lie around other calls too. */
  readonly shared: readonly Said[];
  readonly facts: Facts;
  readonly responseId: string | null;
  readonly startMs: number;
  readonly durationMs: number | null;
}

export const endOf = ({ startMs, durationMs }: Unit): number => startMs + (durationMs ?? 0);

/** The calls of one trace: of nested ones the innermost stand, and instrumentations beside each other are one. */
export function unitsOf(reports: readonly Said[]): readonly Unit[] {
  const bySpan = new Map(reports.map((report) => [report.span_id, report]));
  const above = (report: Said): Said[] => {
    const chain: Said[] = [];
    let next = bySpan.get(report.parent_id ?? '');
    while (next !== undefined && next !== report && chain.length < 64) {
      chain.push(next);
      next = bySpan.get(next.parent_id ?? '');
    }
    return chain;
  };
  const all = reports.filter(({ kind }) => kind !== 'context').sort(byStart);
  const candidates = all.filter((each) => recordKind(each) === null);
  // A record that lies below a call is of that call, whatever it says.
  const callAbove = (record: Said) => above(record).find(({ kind }) => kind === 'call');
  const records = all.filter((each) => recordKind(each) !== null);
  const withRecords = (report: Said): Unit =>
    records
      .filter((record) => callAbove(record) === report)
      .reduce((unit, each) => told(unit, alone(each)), alone(report));
  const outer = new Map(candidates.map((each) => [each, above(each).find(({ kind }) => kind !== 'context')]));
  const partsOf = (whole: Said) => candidates.filter((each) => outer.get(each) === whole);
  const innermost = candidates.filter((each) => partsOf(each).length === 0);
  const units = innermost.map((head) => {
    let { unit, isAlone } = { unit: withRecords(head), isAlone: true };
    for (let next = outer.get(head); next !== undefined; next = outer.get(next)) {
      isAlone &&= partsOf(next).length === 1;
      const whole = withRecords(next);
      unit = inside(unit, whole, isAlone && (next.kind === 'call' || isSameUse(unit, whole)));
      if (!isAlone) unit = { ...unit, shared: [...unit.shared, ...whole.members] };
    }
    return unit;
  });
  const left = records.filter((record) => callAbove(record) === undefined).map(alone);
  return joinBeside(tellBeside(insideAgents(tellBeside([...units, ...left], 'details'), above), 'exception')).map(
    (unit) => {
      const known = new Set(unit.members);
      const around = [...new Set(unit.members.flatMap(above))].filter((report) => !known.has(report));
      return { ...unit, above: around, caller: callerOf(unit.members, above) };
    },
  );
}

/** Of several processes the one that nobody else of the call lies above; of two such ones the one that took longer. */
function callerOf(members: readonly Said[], above: (report: Said) => readonly Said[]): readonly Said[] {
  if (new Set(members.map(({ process }) => process)).size < 2) return [];
  const calls = members.some(({ kind }) => kind === 'call') ? members.filter(({ kind }) => kind === 'call') : members;
  const tops = calls.filter((each) => above(each).every((report) => !calls.includes(report)));
  const sorted = (tops.length === 0 ? calls : tops).toSorted((a, b) => (b.duration_ms ?? 0) - (a.duration_ms ?? 0));
  const isCaller = (report: Said) => report.process === sorted[0]?.process;
  const own = members.filter(isCaller);
  return [...own, ...own.flatMap(above).filter((report) => isCaller(report) || !members.includes(report))];
}

/** What may be a sum of calls counts what the only one of them does. */
export function isSameUse({ facts }: Pick<Unit, 'facts'>, whole: Pick<Unit, 'facts'>): boolean {
  const parts = ['prompt_tokens', 'completion_tokens'];
  return parts.every((part) => facts[part] != null && facts[part] === whole.facts[part]);
}

/** An inner call with what the one around it says too, if that is the same call. */
function inside(unit: Unit, around: Unit, isSame: boolean): Unit {
  return {
    ...unit,
    members: [...unit.members, ...around.members],
    facts: isSame ? filled(unit.facts, around.facts) : unit.facts,
    responseId: unit.responseId ?? (isSame ? around.responseId : null),
  };
}

/** Details that nothing but an agent's sum lies above are a call that the agent adds up. */
function insideAgents(units: readonly Unit[], above: (report: Said) => readonly Said[]): readonly Unit[] {
  const around = new Map<Unit, Unit>();
  for (const unit of units) {
    if (recordKind(unit.head) !== 'details') continue;
    const sums = above(unit.head).map((report) => units.find(({ head }) => head === report));
    const sum = sums.find((each) => each !== undefined);
    if (sum !== undefined) around.set(unit, sum);
  }
  const agents = new Set(around.values());
  return units
    .filter((unit) => !agents.has(unit))
    .map((unit) => {
      const sum = around.get(unit);
      return sum === undefined ? unit : inside(unit, sum, false);
    });
}

function alone(head: Said): Unit {
  const { facts = {}, response_id = null, start_ms: startMs, duration_ms: durationMs } = head;
  return {
    head,
    members: [head],
    above: [],
    caller: [],
    shared: [],
    facts,
    responseId: response_id,
    startMs,
    durationMs,
  };
}

const byStart = (a: Said, b: Said): number => a.start_ms - b.start_ms || (a.span_id < b.span_id ? -1 : 1);

/** Pairs by response id come first, then pairs by time, each the closest first; no reporter is twice in one call. */
function joinBeside(units: readonly Unit[]): readonly Unit[] {
  const clusterOf = new Map(units.map((unit) => [unit, [unit]]));
  const pairs = pairsOf(units);
  const byId = pairs.filter(([a, b]) => a.responseId !== null && a.responseId === b.responseId && areUnderWay(a, b));
  const byTime = pairs.filter(([a, b]) => twinGapMs(a, b) !== null);
  const isApart = (x: Unit, y: Unit) => reporterOf(x.head) !== reporterOf(y.head);
  const join = ([a, b]: Pair, mayBeOne: (x: Unit, y: Unit) => boolean): void => {
    const [of, other] = [clusterOf.get(a) as Unit[], clusterOf.get(b) as Unit[]];
    if (of === other || !of.every((x) => other.every((y) => mayBeOne(x, y)))) return;
    of.push(...other);
    for (const unit of other) clusterOf.set(unit, of);
  };
  for (const pair of closestFirst(byId)) join(pair, isApart);
  for (const pair of closestFirst(byTime)) join(pair, (x, y) => isApart(x, y) && mayShareTenant(x, y));
  return Array.from(new Set(clusterOf.values()), (cluster) => {
    const [first, ...rest] = cluster.sort(nearestFirst) as [Unit, ...Unit[]];
    return rest.reduce(
      (unit, { members, shared, facts, responseId }) => ({
        ...unit,
        members: [...unit.members, ...members],
        shared: [...unit.shared, ...shared],
        facts: filled(unit.facts, facts),
        responseId: unit.responseId ?? responseId,
      }),
      first,
    );
  });
}

export type Pair = readonly [Unit, Unit];

/** Each two, the one with the lower id first. */
export function pairsOf(units: readonly Unit[]): Pair[] {
  const sorted = [...units].sort((a, b) => (idOf(a.head) < idOf(b.head) ? -1 : 1));
  return sorted.flatMap((a, index) => sorted.slice(index + 1).map((b): Pair => [a, b]));
}

export const startGapMs = ([a, b]: Pair): number => Math.abs(a.startMs - b.startMs);

export function closestFirst(pairs: readonly Pair[], gapMs: (pair: Pair) => number = startGapMs): Pair[] {
  const ids = ([a, b]: Pair) => `${idOf(a.head)} ${idOf(b.head)}`;
  return [...pairs].sort((x, y) => gapMs(x) - gapMs(y) || (ids(x) < ids(y) ? -1 : 1));
}

/** The nearest to the wire: an agent's log record, the SDK itself, who knows the response, Langfuse, other records. */
export function nearestFirst(a: Unit, b: Unit): number {
  const rank = ({ head, responseId }: Unit): number => {
    if (recordKind(head) !== null) return 5;
    if (head.is_log === true && head.agent !== undefined) return 0;
    if (head.scope.startsWith('com.anthropic.sdk.')) return 1;
    if (head.scope.startsWith('langfuse')) return 4;
    return responseId === null ? 3 : 2;
  };
  const byRank = rank(a) - rank(b) || (a.durationMs ?? 0) - (b.durationMs ?? 0) || a.startMs - b.startMs;
  return byRank || (idOf(a.head) < idOf(b.head) ? -1 : 1);
}

const numberIn = ({ facts }: Unit, name: string): number | null => (facts[name] as number | null | undefined) ?? null;
const textIn = ({ facts }: Unit, name: string): string | null => (facts[name] as string | null | undefined) ?? null;
export const mayEqual = <T>(a: T | null, b: T | null): boolean => a === null || b === null || a === b;
export const promptOf = (unit: Unit): number | null => numberIn(unit, 'prompt_tokens') || null;
export const isEmbedding = (unit: Unit): boolean => textIn(unit, 'operation') === 'embeddings';
export const completionOf = (unit: Unit): number | null => numberIn(unit, 'completion_tokens');

/** Whether the spans of both, or those around them, name one tenant, or those of one name none. */
export function mayShareTenant(a: Unit, b: Unit): boolean {
  const named = ({ members, above, caller }: Unit) =>
    [...caller, ...members, ...above].find(({ names }) => names?.['tenant'] !== undefined)?.names?.['tenant'] ?? null;
  return mayEqual(named(a), named(b));
}

function areNested(a: Unit, b: Unit): boolean {
  const lies = (x: Unit, y: Unit) => x.startMs >= y.startMs - 5 && endOf(x) <= endOf(y) + 5;
  return lies(a, b) || lies(b, a);
}

export function areSameProcess(a: Unit, b: Unit): boolean {
  return a.head.process === b.head.process && a.head.process.trim() !== '';
}

/** Two instrumentations that were at work on one response at once. */
export function areUnderWay(a: Unit, b: Unit): boolean {
  const isNear = areSameProcess(a, b) || a.head.trace_id === b.head.trace_id;
  return reporterOf(a.head) !== reporterOf(b.head) && isNear && areNested(a, b);
}

export function shareModel(a: Unit, b: Unit): boolean {
  const names = (unit: Unit) => [textIn(unit, 'model'), textIn(unit, 'answered_model')].filter((name) => name !== null);
  return names(a).some((name) => names(b).includes(name));
}

/** How far apart two calls began that are one by their time and all else that they say; null for two calls. */
export function twinGapMs(a: Unit, b: Unit): number | null {
  const gapMs = startGapMs([a, b]);
  if ([a, b].some(({ head }) => (head.agent !== undefined && head.is_log === true) || head.kind === 'stream end')) {
    return null;
  }
  if (recordKind(a.head) !== null || recordKind(b.head) !== null) return null;
  if (gapMs > 350 || reporterOf(a.head) === reporterOf(b.head)) return null;
  if (!mayEqual(promptOf(a), promptOf(b)) || !mayEqual(completionOf(a), completionOf(b))) return null;
  const isCounted =
    (promptOf(a) !== null && promptOf(b) !== null) || ((completionOf(a) ?? 0) > 0 && completionOf(b) !== null);
  if (!isCounted && gapMs > 25) return null;
  const isNear = areSameProcess(a, b) || (a.head.trace_id === b.head.trace_id && isCounted);
  const isOne =
    isNear && mayShareTenant(a, b) && mayEqual(a.responseId, b.responseId) && shareModel(a, b) && areNested(a, b);
  return isOne ? gapMs : null;
}

/** How far apart an agent's record and its span of one call ended; null for two calls. */
export function agentGapMs(a: Unit, b: Unit): number | null {
  const { agent, process, is_log } = a.head;
  if (agent === undefined || agent !== b.head.agent || process !== b.head.process || is_log === b.head.is_log)
    return null;
  const gapMs = Math.abs(endOf(a) - endOf(b));
  if (gapMs > 2000 || !shareModel(a, b) || !mayEqual(a.responseId, b.responseId)) return null;
  return promptOf(a) !== null && promptOf(a) === promptOf(b) && mayEqual(completionOf(a), completionOf(b))
    ? gapMs
    : null;
}

/** From the headers of a Logfire stream to the record of its end; null where they are of two streams. */
export function streamGapMs(opening: Unit, end: Unit): number | null {
  if (!isOpening(opening.head) || end.head.kind !== 'stream end') return null;
  const gapMs = end.startMs - endOf(opening);
  const isOne =
    gapMs >= -5 &&
    gapMs < 60_000 &&
    reporterOf(opening.head) === reporterOf(end.head) &&
    textIn(opening, 'model') === textIn(end, 'model') &&
    opening.head.request_digest === end.head.request_digest &&
    opening.head.process === end.head.process;
  return isOne ? gapMs : null;
}

function isOpening({ kind, scope, facts = {} }: Said): boolean {
  const isUnknown = facts['prompt_tokens'] == null && facts['error'] == null && facts['stream'] !== false;
  return kind === 'call' && scope.startsWith('logfire') && isUnknown;
}

/** A call as each process sees it that tells of it, and as what opened its stream does: whoever is nearest to the wire. */
export function sidesOf(units: readonly Unit[]): readonly Unit[] {
  const sideKey = ({ head }: Unit) => `${head.process} ${isOpening(head)} ${head.kind === 'stream end'}`;
  const ofUnit = (unit: Unit): Unit[] => {
    const calls = unit.members.filter(
      (said) => said !== unit.head && said.kind === 'call' && recordKind(said) === null,
    );
    // An application that a gateway served in several tries tells the one that counts the same.
    const own = calls.filter((said) => !unit.shared.includes(said) || isSameUse(unit, alone(said)));
    const others = own.filter((said) => said.process !== unit.head.process || isOpening(said));
    const seen = others.map((said) => ({
      ...unit,
      ...alone(said),
      members: unit.members,
      above: unit.above,
      caller: unit.caller,
      facts: filled(said.facts ?? {}, unit.facts),
      responseId: said.response_id ?? unit.responseId,
    }));
    const all = [unit, ...seen];
    return all.filter((side, index) => all.findIndex((each) => sideKey(each) === sideKey(side)) === index);
  };
  const sides = units.flatMap(ofUnit);
  const keys = [...new Set(sides.map(sideKey))];
  const began = (a: Unit, b: Unit) => a.startMs - b.startMs;
  return keys.map((key) => sides.filter((side) => sideKey(side) === key).toSorted(began)[0] as Unit);
}

/** All that tells of these calls beside what `sidesOf` leaves out: by each of them every side. */
export function allSidesOf(units: readonly Unit[]): readonly Unit[] {
  return units.flatMap((unit) => sidesOf([unit]));
}

/** What `other` knows and the nearer one does not. Of two failures the one that says more is told. */
export function filled(nearer: Facts, other: Facts): Facts {
  const facts: Record<string, unknown> = { ...nearer };
  const isGuess = (by: unknown) => by !== 'provider' && by !== 'gateway';
  for (const [name, value] of Object.entries(other)) {
    if (value === null || ['cost_reported_by', 'error', 'error_kind'].includes(name)) continue;
    const isBetter =
      name === 'reported_cost_usd' && isGuess(facts['cost_reported_by']) && !isGuess(other['cost_reported_by']);
    if (facts[name] != null && !isBetter) continue;
    facts[name] = value;
    if (name === 'reported_cost_usd') facts['cost_reported_by'] = other['cost_reported_by'] ?? null;
  }
  const [own, others] = [(nearer['error'] ?? '') as string, (other['error'] ?? '') as string];
  if (nearer['error_kind'] === 'cancelled') return facts;
  if ((own !== '' || nearer['error_kind'] != null) && others === '') return facts;
  if (own !== '' || others !== '') facts['error'] = others.length > own.length ? others : own;
  const kinds = [nearer['error_kind'], other['error_kind']].filter((kind) => kind != null);
  const kind = kinds.find((each) => each !== 'other') ?? kinds[0];
  if (kind !== undefined) facts['error_kind'] = kind;
  return facts;
}
