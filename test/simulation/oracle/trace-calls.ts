import type { JoinedCall } from './batch-join.ts';
import type { ReadEvent } from './read-event.ts';
import { type Facts, idOf, reporterOf, type Said } from './read-report.ts';
import { tracelessGapMs } from './recorded-units.ts';
import {
  agentGapMs,
  allSidesOf,
  areUnderWay,
  closestFirst,
  completionOf,
  endOf,
  filled,
  mayShareTenant,
  nearestFirst,
  type Pair,
  pairsOf,
  promptOf,
  sidesOf,
  streamGapMs,
  twinGapMs,
  type Unit,
  unitsOf,
} from './trace-units.ts';

/** One call by all that was reported of it, in whatever traces. */
export interface ReportedCall extends JoinedCall {
  readonly request: ReadEvent;
  readonly response: ReadEvent;
  readonly units: readonly Unit[];
}

/** The calls that the reports of one sender come to, all of them looked at together. One report for each span. */
export function reportedCalls(reports: readonly Said[]): readonly ReportedCall[] {
  const traces = new Map<string, Said[]>();
  for (const report of reports) traces.set(report.trace_id, [...(traces.get(report.trace_id) ?? []), report]);
  const generations = joinResponses([...traces.values()].flatMap(unitsOf));
  const firstOf = new Map(generations.map((units) => [first(units), units]));
  const firsts = [...firstOf.keys()];
  const linked = new Map(firsts.map((unit) => [unit, new Set([unit])]));
  const partsOf = (unit: Unit) => firstOf.get(unit) ?? [];
  const sidesByFirst = new Map(firsts.map((unit) => [unit, sidesOf(partsOf(unit))]));
  /** By what the processes say that tell of both. */
  const closest = (a: Unit, b: Unit, gapMs: (x: Unit, y: Unit) => number | null): number | null => {
    const gaps = (sidesByFirst.get(a) ?? []).flatMap((x) =>
      (sidesByFirst.get(b) ?? []).flatMap((y) => (x.head.process === y.head.process ? (gapMs(x, y) ?? []) : [])),
    );
    return gaps.length === 0 ? null : Math.min(...gaps);
  };
  const streams = matched(firsts, (a, b) => closest(a, b, (x, y) => streamGapMs(x, y) ?? streamGapMs(y, x)));
  const pairings = [
    ...(['details', 'exception'] as const).map((kind) =>
      matched(firsts, (a, b) =>
        closest(
          a,
          b,
          (x, y) =>
            tracelessGapMs([x, partsOf(a)], [y, partsOf(b)], kind) ??
            tracelessGapMs([y, partsOf(b)], [x, partsOf(a)], kind),
        ),
      ),
    ),
    matched(firsts, (a, b) => {
      const [of = [], other = []] = [firstOf.get(a), firstOf.get(b)];
      const mayBeOne = of.every((x) => other.every((y) => mayShareTenant(x, y)));
      return mayBeOne && areApart(of, other) ? closest(a, b, twinGapMs) : null;
    }),
    streams,
    matched(firsts, (a, b) =>
      allSidesOf(partsOf(a)).every((x) => allSidesOf(partsOf(b)).every((y) => mayBeRecordAndSpan(x, y)))
        ? closest(a, b, agentGapMs)
        : null,
    ),
  ];
  for (const [a, b] of pairings.flat()) {
    const both = new Set([...(linked.get(a) ?? []), ...(linked.get(b) ?? [])]);
    for (const unit of both) linked.set(unit, both);
  }
  const ends = new Map(streams.map(([a, b]) => (a.head.kind === 'stream end' ? [b, a] : [a, b])));
  return Array.from(new Set(linked.values()), (cluster) =>
    callOf(
      [...cluster].flatMap((unit) => firstOf.get(unit) ?? []),
      ends,
    ),
  );
}

function first(units: readonly Unit[]): Unit {
  return [...units].sort(byStart)[0] as Unit;
}

const byStart = (a: Unit, b: Unit): number => a.startMs - b.startMs || (idOf(a.head) < idOf(b.head) ? -1 : 1);

/** Nobody tells of both. */
function areApart(a: readonly Unit[], b: readonly Unit[]): boolean {
  return allSidesOf(a).every((x) => allSidesOf(b).every((y) => reporterOf(x.head) !== reporterOf(y.head)));
}

function mayBeRecordAndSpan({ head: a }: Unit, { head: b }: Unit): boolean {
  return a.agent === undefined || b.agent === undefined || a.is_log !== b.is_log;
}

/** Pairs of which each is in one at most, the closest first. */
function matched(units: readonly Unit[], gapMs: (a: Unit, b: Unit) => number | null): Pair[] {
  const possible = pairsOf(units).filter(([a, b]) => gapMs(a, b) !== null);
  const taken = new Set<Unit>();
  return closestFirst(possible, ([a, b]) => gapMs(a, b) as number).filter(([a, b]) => {
    if (taken.has(a) || taken.has(b)) return false;
    taken.add(a).add(b);
    return true;
  });
}

/**
 * Calls of one response id: those that were under way at once, and all of them where they count the same. Simulated ids are
 * drawn at random, or all alike.
 */
function joinResponses(units: readonly Unit[]): Unit[][] {
  const joined: Unit[][] = units.filter(({ responseId }) => responseId === null).map((unit) => [unit]);
  for (const same of sharingNames(units)) {
    const clusterOf = new Map(same.map((unit) => [unit, [unit]]));
    const areAtOnce = ([a, b]: Pair) =>
      areApart([a], [b]) && sidesOf([a]).some((x) => sidesOf([b]).some((y) => areUnderWay(x, y)));
    for (const [a, b] of closestFirst(pairsOf(same).filter(areAtOnce))) {
      const [of, other] = [clusterOf.get(a) as Unit[], clusterOf.get(b) as Unit[]];
      if (of === other || !areApart(of, other)) continue;
      of.push(...other);
      for (const unit of other) clusterOf.set(unit, of);
    }
    const clusters = [...new Set(clusterOf.values())];
    const isCounted = (unit: Unit) => promptOf(unit) !== null && completionOf(unit) !== null;
    const counts = (unit: Unit) => `${promptOf(unit)} ${completionOf(unit)}`;
    const counted = clusters.filter((cluster) => cluster.some(isCounted));
    const agree = counted.every((a) =>
      counted.every((b) => a.some((x) => b.some((y) => isCounted(x) && isCounted(y) && counts(x) === counts(y)))),
    );
    const isReplay = same.some(({ facts }) => facts['cache_hit'] === true);
    // Nobody reads the response of another tenant.
    const isOfOneTenant = pairsOf(same).every(([a, b]) => mayShareTenant(a, b));
    if (counted.length > 0 && agree && !isReplay && isOfOneTenant) joined.push(same);
    else joined.push(...clusters);
  }
  return joined;
}

/** What a unit calls its response by: a short id is a name within the services that tell it. */
function responseNames(unit: Unit): readonly string[] {
  if (unit.responseId === null) return [];
  if (unit.responseId.length >= 16) return [unit.responseId];
  return sidesOf([unit]).map(({ head }) => `${unit.responseId} of ${head.process.split('\n')[0]}`);
}

/** Units that have a name in common, with all that these have one in common with. */
export function sharingNames(units: readonly Unit[]): readonly Unit[][] {
  const groups: { names: Set<string>; units: Unit[] }[] = [];
  for (const unit of units) {
    const names = responseNames(unit);
    if (names.length === 0) continue;
    const near = groups.filter((group) => names.some((name) => group.names.has(name)));
    for (const group of near) groups.splice(groups.indexOf(group), 1);
    groups.push({
      names: new Set([...names, ...near.flatMap((group) => [...group.names])]),
      units: [...near.flatMap((group) => group.units), unit],
    });
  }
  return groups.map((group) => group.units);
}

function callOf(units: readonly Unit[], ends: ReadonlyMap<Unit, Unit>): ReportedCall {
  const ended = new Set(units.flatMap((unit) => ends.get(unit) ?? []));
  const wholes = units
    .filter((unit) => !ended.has(unit))
    .map((unit) => {
      const end = ends.get(unit);
      return end === undefined ? unit : closed(unit, end);
    })
    .sort(byStart);
  // Whoever reads a response again is not who made it.
  const makers = wholes.filter((unit) =>
    wholes.every(
      (other) => reporterOf(other.head) !== reporterOf(unit.head) || byStart(unit, other) <= 0 || other === unit,
    ),
  );
  const [head, ...others] = [...makers].sort(nearestFirst) as [Unit, ...Unit[]];
  const all = [head, ...others, ...wholes.filter((unit) => unit !== head && !others.includes(unit))];
  const members = [...new Set(all.flatMap((unit) => unit.members))];
  const around = [...new Set([...members, ...all.flatMap(({ above }) => above)])];
  const caller = callerOf([head, ...others]);
  const responseId = [head, ...others].find((unit) => unit.responseId !== null)?.responseId ?? null;
  const made = others.reduce((known, other) => filled(known, other.facts), head.facts);
  const hasNoUse = made['prompt_tokens'] == null && made['completion_tokens'] == null;
  // Who asked for it in the background knew nothing of its use yet.
  const readings = hasNoUse ? all.slice(1 + others.length) : [];
  const facts = withFailure(
    readings.reduce((known, reading) => filled(known, { ...reading.facts, error: null, error_kind: null }), made),
    responseId,
    around,
  );
  return { ...eventsOf(head, facts, { responseId, members, around, caller }), units };
}

/** Whom to ask for names first: of several processes the one that took longest. */
function callerOf(units: readonly Unit[]): readonly Said[] {
  if (units.length === 1) return units[0]?.caller ?? [];
  if (new Set(units.flatMap(({ members }) => members.map(({ process }) => process))).size < 2) return [];
  const [longest] = units.toSorted((a, b) => (b.durationMs ?? 0) - (a.durationMs ?? 0)) as [Unit];
  return longest.caller.length > 0 ? longest.caller : [...longest.members, ...longest.above];
}

function closed(opening: Unit, end: Unit): Unit {
  return {
    ...opening,
    facts: { ...filled(opening.facts, end.facts), stream: true },
    responseId: opening.responseId ?? end.responseId,
    durationMs: Math.max(endOf(end) - opening.startMs, opening.durationMs ?? 0),
    members: [...opening.members, ...end.members],
    above: [...opening.above, ...end.above],
    caller: opening.caller.length === 0 ? [] : [...opening.caller, ...end.members, ...end.above],
  };
}

/** A call that knows nothing of its end failed with the agent above it. */
function withFailure(facts: Facts, responseId: string | null, around: readonly Said[]): Facts {
  if (facts['error_kind'] === 'cancelled') return facts;
  const hasNoEnd = facts['completion_tokens'] == null && facts['finish_reason'] == null && responseId === null;
  if (facts['error'] == null ? !hasNoEnd : facts['error'] !== 'unknown error') return facts;
  const failure = around.find((report) => report.failure !== undefined)?.failure;
  return failure === undefined ? facts : { ...facts, ...failure };
}

interface About {
  readonly responseId: string | null;
  readonly members: readonly Said[];
  readonly around: readonly Said[];
  readonly caller: readonly Said[];
}

/** As if an application had sent a request and a response. */
function eventsOf(
  { head, startMs, durationMs }: Unit,
  facts: Facts,
  { responseId, members, around, caller }: About,
): { request: ReadEvent; response: ReadEvent } {
  const nameIn = (asked: readonly Said[], name: string) =>
    asked.find(({ names }) => names?.[name] !== undefined)?.names?.[name];
  const named = (name: string) => nameIn(caller, name) ?? nameIn(around, name);
  const served = (asked: readonly Said[]) => nameIn(asked, 'http_route') ?? nameIn(asked, 'resource_route');
  const tenant = head.sender || (named('tenant') ?? named('resource_tenant') ?? 'default');
  const metadata: Record<string, unknown> = {};
  for (const { metadata: own = {} } of [...caller.filter((said) => members.includes(said)), ...members]) {
    for (const [name, value] of Object.entries(own)) if (!(name in metadata)) metadata[name] = value;
  }
  const standard = {
    'gen_ai.operation.name': facts['operation'],
    'gen_ai.response.id': responseId,
    'otel.scope.name': head.scope,
  };
  for (const [name, value] of Object.entries(standard)) {
    if (value != null && !(name in metadata)) metadata[name] = value;
  }
  const request = {
    ...Object.fromEntries(['prompt_tokens', 'cached_prompt_tokens', 'cache_write_tokens'].map((n) => [n, null])),
    ...facts,
    tenant_id: tenant,
    route: named('route') ?? served(caller) ?? served(around) ?? 'default',
    model: facts['model'] ?? facts['answered_model'] ?? 'unknown',
    user_id_hash: named('user') ?? null,
    session_id: named('session') ?? null,
    metadata,
  };
  const response = {
    ...facts,
    model: facts['answered_model'] ?? null,
    latency_ms: durationMs,
    completion_tokens: facts['completion_tokens'] ?? null,
    reasoning_tokens: facts['reasoning_tokens'] ?? null,
  };
  const event = (fields: Facts, timestampMs: number): ReadEvent => ({
    partition: 0,
    offset: 0,
    loggedAtMs: 0,
    keyText: idOf(head),
    fields,
    timestampMs,
    tenant,
  });
  return { request: event(request, startMs), response: event(response, startMs + (durationMs ?? 0)) };
}
