import { fillGaps, isSameUse } from './merge-facts.ts';
import type { Facts, Report } from './report.ts';
import { requestIdOf } from './report.ts';

/** A call, by all that the reports of its own trace say about it. */
export interface TraceCall {
  readonly id: string;
  /** The report that is nearest to the wire; the call has its id. */
  readonly head: Report;
  /** All reports of this call in its trace, the head first. */
  readonly members: readonly Report[];
  /** The reports above the members that are none of them, nearest first: they may name whose the call is. */
  readonly above: readonly Report[];
  /**
   * Where several processes tell of it: what is asked for names first, the outermost of them and what lies above it
   * (`application.ts`).
   */
  readonly application: readonly Report[];
  /** Of the members those that lie around other calls too: what they count may be another one's. */
  readonly shared: readonly Report[];
  readonly facts: Facts;
  readonly responseId: string | null;
  readonly startMs: number;
  readonly durationMs: number | null;
}

export function callOf(head: Report): TraceCall {
  return {
    id: requestIdOf(head),
    head,
    members: [head],
    above: [],
    application: [],
    shared: [],
    facts: head.facts ?? NO_FACTS,
    responseId: head.response_id ?? null,
    startMs: head.start_ms,
    durationMs: head.duration_ms,
  };
}

/** The same call with what another reading of it says: that fills gaps alone. */
export function withReading(call: TraceCall, other: TraceCall): TraceCall {
  return {
    ...call,
    facts: fillGaps(call.facts, other.facts),
    responseId: call.responseId ?? other.responseId,
    members: [...call.members, ...other.members],
    shared: [...call.shared, ...other.shared],
  };
}

/** Its reports that stand around other calls too, as far as is known, or as their counts say. */
export function aroundOthers({ head, members, shared, facts }: TraceCall): readonly Report[] {
  if (members.length === 1) return shared;
  const isMore = (member: Report) =>
    member.kind === 'sum' && member !== head && !isSameUse(facts, member.facts ?? NO_FACTS);
  return members.filter((member) => shared.includes(member) || isMore(member));
}

/** Whether both are made of the same reports, which say the same of both. */
export function isSameCall(a: TraceCall, b: TraceCall): boolean {
  return (
    a.head === b.head &&
    a.responseId === b.responseId &&
    a.startMs === b.startMs &&
    a.durationMs === b.durationMs &&
    areSame(a.members, b.members) &&
    areSame(a.above, b.above) &&
    areSame(a.application, b.application) &&
    areSame(a.shared, b.shared) &&
    areSameFacts(a.facts, b.facts)
  );
}

function areSame(a: readonly Report[], b: readonly Report[]): boolean {
  return a === b || (a.length === b.length && a.every((report, index) => report === b[index]));
}

function areSameFacts(a: Facts, b: Facts): boolean {
  if (a === b) return true;
  const names = Object.keys(a) as (keyof Facts)[];
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

export function endMsOf({ startMs, durationMs }: Pick<TraceCall, 'startMs' | 'durationMs'>): number {
  return startMs + (durationMs ?? 0);
}

const NO_FACTS: Facts = {};
