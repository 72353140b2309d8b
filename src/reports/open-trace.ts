import { invariant } from '../tally/invariant.ts';
import type { Series } from '../tally/series.ts';
import type { Booking } from './bookings.ts';
import type { ComparedCall } from './compared-call.ts';
import { parseReportText } from './parse-report.ts';
import type { Report } from './report.ts';
import type { TraceCall } from './trace-call.ts';
import { callsOfTrace, type TraceResolution } from './trace-calls.ts';
import { ANCESTORS_MAX } from './trace-tree.ts';

/**
 * A report that is kept while its trace is open: as the text that came, which takes a third of what is read from it.
 */
export class OpenReport {
  readonly spanId: string;
  readonly loggedAtMs: number;
  readonly place: number;
  readonly text: string;
  readonly isAgent: boolean;
  readonly #sender: string;
  booking: Booking | null = null;
  /** Under which time it is in the books, and where that lies in the log: the first version of its span. */
  bookedMs: number;
  bookedPlace: number;
  /** When any version of its span came last. */
  seenMs: number;
  #report: Report | null;

  constructor(report: Report, text: string, at: { readonly loggedAtMs: number; readonly place: number }) {
    this.spanId = report.span_id;
    this.text = text;
    this.isAgent = report.is_agent === true;
    this.#sender = report.sender;
    this.loggedAtMs = this.bookedMs = this.seenMs = at.loggedAtMs;
    this.place = this.bookedPlace = at.place;
    this.#report = report;
  }

  get report(): Report {
    if (this.#report !== null) return this.#report;
    const parsed = parseReportText(this.text);
    invariant(parsed.ok, 'what is kept was valid');
    // Who sent it may be known from beside the text.
    this.#report = { ...parsed.report, sender: this.#sender };
    return this.#report;
  }

  /** Takes the place of an older version, in the books as well. */
  follow(older: OpenReport): void {
    this.booking = older.booking;
    this.bookedMs = older.bookedMs;
    this.bookedPlace = older.bookedPlace;
    this.seenMs = older.seenMs;
  }

  /** Keeps the text alone. */
  pack(): void {
    this.#report = null;
  }
}

/** The reports of one trace of one sender, and what they came to. */
export class OpenTrace {
  readonly key: string;
  readonly traceId: string;
  readonly sender: string;
  reports: OpenReport[] = [];
  nodes: readonly CallNode[] = [];
  /** In log time, of the last report. */
  lastMs = Number.NEGATIVE_INFINITY;
  /** The reports as they were when they last came to calls; null while nothing was added since. */
  #settled: readonly OpenReport[] | null = null;
  #before: TraceResolution | null = null;
  #now: TraceResolution | null = null;

  constructor(key: string, sender: string) {
    this.key = key;
    this.traceId = key.slice(0, TRACE_ID_CHARS);
    this.sender = sender;
  }

  /** In log time, of the first report that is kept. */
  get firstMs(): number {
    return this.reports.reduce((first, { loggedAtMs }) => Math.min(first, loggedAtMs), Number.POSITIVE_INFINITY);
  }

  get isDirty(): boolean {
    return this.#settled !== null;
  }

  /** Before a report is added or replaced. */
  willGrow(): void {
    this.#settled ??= [...this.reports];
    this.#now = null;
  }

  resolution(when: When): TraceResolution {
    if (when === 'before' && this.#settled !== null) return (this.#before ??= resolutionOf(this.#settled));
    return (this.#now ??= resolutionOf(this.reports));
  }

  callOf(nodeId: string, when: When): TraceCall {
    const call = this.resolution(when).calls.find(({ id }) => id === nodeId);
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

  /** What came is settled: only texts are kept. */
  settled(): void {
    this.#settled = this.#before = this.#now = null;
    for (const report of this.reports) report.pack();
  }
}

const TRACE_ID_CHARS = 32;

/** Before this batch of reports, or with it. */
export type When = 'before' | 'now';

function resolutionOf(reports: readonly OpenReport[]): TraceResolution {
  return callsOfTrace(reports.map(({ report }) => report));
}

/** A call of one trace, in the judgement across traces. */
export class CallNode {
  readonly compared: ComparedCall;
  readonly trace: OpenTrace;
  /** What its call is counted under; the nodes of one call have it in common. Null before it was settled. */
  series: Series | null = null;
  /** Whether the call has the id of this node. */
  isHead = false;
  /** Of the settlement that its call was counted in. */
  mark: unknown = null;
  generation: Generation | null = null;

  constructor(compared: ComparedCall, trace: OpenTrace) {
    this.compared = compared;
    this.trace = trace;
  }
}

/** Calls of one response, mostly one. */
export class Generation {
  readonly nodes: readonly CallNode[];
  /** The one that began first: it is compared with other generations. */
  readonly first: CallNode;

  constructor(nodes: readonly CallNode[]) {
    this.nodes = nodes;
    this.first = nodes.reduce((first, node) => (isEarlier(node.compared, first.compared) ? node : first));
  }
}

function isEarlier(a: ComparedCall, b: ComparedCall): boolean {
  return a.startMs === b.startMs ? a.id < b.id : a.startMs < b.startMs;
}
