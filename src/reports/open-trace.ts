import { invariant } from '../tally/invariant.ts';
import type { Series } from '../tally/series.ts';
import { hashOf } from './asleep/hash-index.ts';
import type { ValuePages } from './asleep/value-pages.ts';
import type { Booking } from './bookings.ts';
import type { Link } from './chain.ts';
import { type ComparedCall, tellingsOf } from './compared-call.ts';
import type { Keyed } from './keyed-items.ts';
import type { Report } from './report.ts';
import { type ResponseKey, responseKeysOf } from './response-key.ts';
import type { TraceCall } from './trace-call.ts';
import { callsOfTrace, type TraceResolution } from './trace-calls.ts';
import { ANCESTORS_MAX } from './trace-tree.ts';

/** Where a report lies in the log. */
export interface ReportPlace {
  readonly place: number;
  readonly loggedAtMs: number;
  /** When its span was reported first; by default then. */
  readonly firstMs?: number;
}

/** A report that is kept while its trace is open. */
export class OpenReport {
  readonly spanId: string;
  readonly loggedAtMs: number;
  readonly place: number;
  readonly isAgent: boolean;
  booking: Booking | null = null;
  /** Under which time it is in the books, and where that lies in the log: the first version of its span. */
  bookedMs: number;
  bookedPlace: number;
  /** When any version of its span came last. */
  seenMs: number;
  #report: Report | null;
  /** Where its bytes are; null where there are none. */
  #pages: ValuePages | null = null;
  #packedAt = 0;

  constructor(report: Report, at: ReportPlace) {
    this.spanId = report.span_id;
    this.isAgent = report.is_agent === true;
    this.loggedAtMs = this.seenMs = at.loggedAtMs;
    this.bookedMs = at.firstMs ?? at.loggedAtMs;
    this.place = this.bookedPlace = at.place;
    this.#report = report;
  }

  get report(): Report {
    if (this.#report === null) {
      invariant(this.#pages !== null, 'a report is kept one way or the other');
      this.#report = this.#pages.get(this.#packedAt) as Report;
    }
    return this.#report;
  }

  /** Takes the place of an older version, in the books as well. */
  follow(older: OpenReport): void {
    this.booking = older.booking;
    this.bookedMs = older.bookedMs;
    this.bookedPlace = older.bookedPlace;
    this.seenMs = older.seenMs;
  }

  /** Is read once, until it is packed again: so that the same report is the same object. */
  unpack(): void {
    this.#report ??= this.report;
  }

  /** Keeps its bytes alone, which take a tenth. */
  pack(pages: ValuePages): void {
    if (this.#pages === null) {
      this.#packedAt = pages.put(this.report);
      this.#pages = pages;
    }
    this.#report = null;
  }

  /** Nobody will ask for it any more. */
  drop(): void {
    this.#pages?.free(this.#packedAt);
    this.#pages = null;
  }
}

/** The reports of one trace of one sender, and what they came to. */
export class OpenTrace implements Keyed, Link<OpenTrace> {
  /** Among the open traces; another one may have it later. */
  readonly number: number;
  readonly key: string;
  readonly hash: number;
  readonly traceId: string;
  readonly sender: string;
  reports: OpenReport[] = [];
  nodes: readonly CallNode[] = [];
  /** In log time, of the last report. */
  lastMs = Number.NEGATIVE_INFINITY;
  /** Among which it stands by when it was used last, and with how many reports; null where it sleeps or was not. */
  recent: { readonly among: object; readonly reportCount: number } | null = null;
  before: OpenTrace | null = null;
  after: OpenTrace | null = null;
  /** The reports as they were when they last came to calls; null while nothing was added since. */
  #settled: readonly OpenReport[] | null = null;
  #before: KeptResolution | null = null;
  #now: KeptResolution | null = null;
  #firstMs: number | null = null;
  /** Of a trace of many reports, by span: where they stand, as far as they were indexed. */
  readonly #indexes = new Map<string, number>();

  constructor(traceId: string, sender: string, number: number) {
    this.number = number;
    this.key = traceKey(sender, traceId);
    this.hash = hashOf(this.key);
    this.traceId = traceId;
    this.sender = sender;
  }

  /** In log time, of the first report that is kept. */
  get firstMs(): number {
    return (this.#firstMs ??= Math.min(...this.reports.map(({ loggedAtMs }) => loggedAtMs)));
  }

  /** When the first version of a span came, which has to be among the reports. */
  firstMsOf(spanId: string): number {
    const report = this.reports[this.indexOf(spanId)];
    invariant(report !== undefined, 'a span that came again is there');
    return report.bookedMs;
  }

  /** Where the report of a span stands, or -1. It stays there. */
  indexOf(spanId: string): number {
    const { reports } = this;
    if (reports.length <= SEARCHED_MAX) return reports.findIndex((each) => each.spanId === spanId);
    for (let at = this.#indexes.size; at < reports.length; at++) {
      this.#indexes.set((reports[at] as OpenReport).spanId, at);
    }
    return this.#indexes.get(spanId) ?? -1;
  }

  get isDirty(): boolean {
    return this.#settled !== null;
  }

  /** Before a report is added or replaced. */
  willGrow(): void {
    if (this.#settled === null) {
      this.#settled = [...this.reports];
      for (const report of this.reports) report.unpack();
    }
    this.#now = null;
    this.#firstMs = null;
  }

  resolution(when: When): KeptResolution {
    if (when === 'before' && this.#settled !== null) return (this.#before ??= resolutionOf(this.#settled));
    return (this.#now ??= resolutionOf(this.reports));
  }

  callOf(nodeId: string, when: When): TraceCall {
    const call = this.resolution(when).byId.get(nodeId);
    invariant(call !== undefined, 'a node is a call of its trace');
    return call;
  }

  /**
   * The spans above calls, each with the time until which it is known as one: the oldest report on the way up says it
   * no longer than that.
   */
  spansAboveCalls(): ReadonlyMap<string, number> {
    const bySpan = new Map(this.reports.map((report) => [report.spanId, report]));
    const above = new Map<string, number>();
    for (const open of this.reports) {
      if (open.report.kind === 'context') continue;
      let untilMs = open.seenMs;
      let parentId = open.report.parent_id;
      for (let depth = 0; parentId !== undefined && depth < ANCESTORS_MAX; depth++) {
        above.set(parentId, Math.max(above.get(parentId) ?? 0, untilMs));
        const parent = bySpan.get(parentId);
        untilMs = Math.min(untilMs, parent?.seenMs ?? untilMs);
        parentId = parent?.report.parent_id;
      }
    }
    return above;
  }

  /**
   * The spans of context that lie below calls, each with the time until which the way up to its call is known.
   *
   * @param around spans around several calls, which are none themselves
   */
  spansBelowCalls(around: ReadonlySet<string>): ReadonlyMap<string, number> {
    const bySpan = new Map(this.reports.map((report) => [report.spanId, report]));
    const below = new Map<string, number>();
    for (const open of this.reports) {
      if (open.report.kind !== 'context') continue;
      let untilMs = open.seenMs;
      let next: OpenReport | undefined = open;
      for (let depth = 0; next?.report.kind === 'context' && depth < ANCESTORS_MAX; depth++) {
        const parentId: string | undefined = next.report.parent_id;
        next = parentId === undefined ? undefined : bySpan.get(parentId);
        untilMs = Math.min(untilMs, next?.seenMs ?? untilMs);
      }
      if (next !== undefined && next.report.kind !== 'context' && !around.has(next.spanId))
        below.set(open.spanId, untilMs);
    }
    return below;
  }

  /** What came is settled. */
  settled(): void {
    this.#settled = this.#before = this.#now = null;
  }
}

/** Through so many reports it is faster to walk than to have an index made. */
const SEARCHED_MAX = 64;

/** The same trace of two senders is two. */
export function traceKey(sender: string, traceId: string): string {
  return sender === '' ? traceId : `${traceId} ${sender}`;
}

/** Before this batch of reports, or with it. */
export type When = 'before' | 'now';

interface KeptResolution extends TraceResolution {
  readonly byId: ReadonlyMap<string, TraceCall>;
}

function resolutionOf(reports: readonly OpenReport[]): KeptResolution {
  const resolution = callsOfTrace(reports.map(({ report }) => report));
  return { ...resolution, byId: new Map(resolution.calls.map((call) => [call.id, call])) };
}

/** A call of one trace, in the judgement across traces. */
export class CallNode {
  readonly compared: ComparedCall;
  readonly trace: OpenTrace;
  /** What tells the response that it names from all others of its sender; none where it names none. */
  readonly responseKeys: readonly ResponseKey[];
  /** What its call is counted under; the nodes of one call have it in common. Null before it was settled. */
  series: Series | null = null;
  /** Whether the call has the id of this node. */
  isHead = false;
  /** Of the settlement that its call was counted in. */
  mark: object | null = null;
  generation: Generation | null = null;

  constructor(compared: ComparedCall, trace: OpenTrace) {
    this.compared = compared;
    this.trace = trace;
    this.responseKeys = responseKeysOf(trace.sender, compared);
  }
}

/** Calls of one response, mostly one. */
export class Generation {
  readonly nodes: readonly CallNode[];
  /** The one that began first: the generation has its id. */
  readonly first: CallNode;
  /** As each process that knows of it tells it. */
  readonly tellings: readonly Telling[];
  /** Whether its cluster was announced since changes were taken last, and whether it may be another one now. */
  isAnnounced = false;
  isChanged = false;

  constructor(nodes: readonly CallNode[]) {
    this.nodes = nodes;
    this.first = nodes.reduce((first, node) => (isEarlier(node.compared, first.compared) ? node : first));
    const [only] = nodes;
    this.tellings =
      only !== undefined && nodes.length === 1 && only.compared.others.length === 0
        ? [new Telling(only.compared, this)]
        : Array.from(firstTellings(nodes), (compared) => new Telling(compared, this));
  }
}

/** A generation as one process tells it: so it is compared with others of that process. */
export class Telling implements Link<Telling> {
  readonly compared: ComparedCall;
  readonly generation: Generation;
  /** In its process, as long as it is awake. */
  before: Telling | null = null;
  after: Telling | null = null;

  constructor(compared: ComparedCall, generation: Generation) {
    this.compared = compared;
    this.generation = generation;
  }
}

/** Of each process the one that began first, and likewise of what opens or ends a stream. */
function firstTellings(nodes: readonly CallNode[]): Iterable<ComparedCall> {
  const first = new Map<string, ComparedCall>();
  for (const compared of nodes.flatMap((node) => tellingsOf(node.compared))) {
    const key = `${compared.process}\0${compared.role ?? ''}`;
    const known = first.get(key);
    if (known === undefined || isEarlier(compared, known)) first.set(key, compared);
  }
  return first.values();
}

function isEarlier(a: ComparedCall, b: ComparedCall): boolean {
  return a.startMs === b.startMs ? a.id < b.id : a.startMs < b.startMs;
}
