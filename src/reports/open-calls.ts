import type { Series } from '../tally/series.ts';
import { type Booking, Bookings } from './bookings.ts';
import { COMPARED_FIELDS, type ComparedCall, comparedCall } from './compared-call.ts';
import { LinkedCalls } from './linked-calls.ts';
import { CallNode, type Generation, OpenReport, OpenTrace, type When } from './open-trace.ts';
import { type Report, requestIdOf } from './report.ts';
import { type ResolvedCall, resolvedCall } from './resolved-call.ts';
import { TextPool } from './text-pool.ts';
import type { TraceCall } from './trace-call.ts';
import { isNewer } from './versions.ts';

/** Where a report lies in the log. */
export interface ReportPlace {
  readonly place: number;
  readonly loggedAtMs: number;
}

/** A call as it was counted before and as it is to be counted now; null for none. */
export interface CallChange {
  readonly before: ResolvedCall | null;
  readonly now: ResolvedCall | null;
  /** In log time, of the first report of one of its traces. */
  readonly loggedAtMs: number;
  /** Of the settlement that `before` was counted in. */
  readonly mark: unknown;
}

/** A report that is booked under another outcome or tenant than before; null for one that is new. */
export interface BookingChange {
  readonly loggedAtMs: number;
  readonly before: Booking | null;
  readonly now: Booking;
}

export interface Settlement {
  readonly calls: readonly CallChange[];
  readonly bookings: readonly BookingChange[];
}

/** What a closed call is remembered by. */
export interface ClosedCall {
  readonly series: Series | null;
  /** Request ids of all reports of its trace that are about it. */
  readonly ids: readonly string[];
}

export interface FoldedInto {
  /** The request id of the call. */
  readonly into: string;
  readonly rule: string;
}

export interface CallSubject {
  readonly series: Series;
  readonly loggedAtMs: number;
}

export interface ClosedTrace {
  readonly trace: OpenTrace;
  readonly calls: readonly ClosedCall[];
  /** The spans above its calls, whether they came or not, with the log time until which that is known. */
  readonly above: ReadonlyMap<string, number>;
}

interface Counted {
  /** Sender and request id: the same trace of two senders is two. */
  readonly key: string;
  readonly call: ResolvedCall;
  readonly loggedAtMs: number;
  readonly mark: unknown;
}

/**
 * The reports of one shard whose traces are open, and the calls that they come to.
 *
 * The calls are a function of the set of reports: traces are resolved as a whole (`trace-calls.ts`), and what belongs
 * together across traces is found by matchings that have one solution (`linked-calls.ts`). `settle` gives the
 * difference between what the reports came to before and what they come to now.
 */
export class OpenCalls {
  readonly #traces = new Map<string, OpenTrace>();
  readonly #dirty = new Set<OpenTrace>();
  readonly #links: LinkedCalls;
  readonly #bookings = new Bookings();
  readonly #pool = new TextPool();
  /** By their keys: calls as they were counted, of those that may change in this settlement. */
  readonly #before = new Map<string, Counted>();
  readonly #seriesOf: (call: ResolvedCall) => Series | null;
  reportCount = 0;
  /** Of the largest trace so far. */
  largestCount = 0;

  /** @param seriesOf what a call is counted under, to be remembered with it */
  constructor(seriesOf: (call: ResolvedCall) => Series | null = () => null) {
    this.#seriesOf = seriesOf;
    this.#links = new LinkedCalls((cluster) => this.#remember(cluster));
  }

  get traces(): Iterable<OpenTrace> {
    return this.#traces.values();
  }

  traceOf(sender: string, traceId: string): OpenTrace | undefined {
    return this.#traces.get(traceKey(sender, traceId));
  }

  /** @returns `repeated` where it says nothing new: it, or a newer version of its span, was there before */
  add(report: Report, text: string, at: ReportPlace): 'new' | 'newer' | 'repeated' {
    const trace = this.#traceFor(report);
    trace.lastMs = Math.max(trace.lastMs, at.loggedAtMs);
    const added = new OpenReport(report, text, at);
    const index = trace.reports.findIndex(({ spanId }) => spanId === report.span_id);
    const known = trace.reports[index];
    if (known !== undefined) known.seenMs = Math.max(known.seenMs, at.loggedAtMs);
    if (known === undefined) {
      this.#willGrow(trace);
      trace.reports.push(added);
      this.reportCount++;
      this.largestCount = Math.max(this.largestCount, trace.reports.length);
      return 'new';
    }
    if (!isNewer(report, known.report)) {
      if (!trace.isDirty) known.pack();
      return 'repeated';
    }
    this.#willGrow(trace);
    added.follow(known);
    trace.reports[index] = added;
    return 'newer';
  }

  /**
   * Comes to calls with all that was added, and tells what that changes.
   *
   * @param mark comes back with each call that is counted here, once it changes
   */
  settle(mark: unknown = null): Settlement {
    if (this.#dirty.size === 0) return NOTHING;
    for (const trace of this.#dirty) this.#resolve(trace);
    const touched = new Set(this.#dirty);
    const now = new Map<string, Counted>();
    for (const cluster of this.#links.takeChanged()) {
      const counted = this.#count(cluster, 'now');
      const { request_id: id } = counted.call.request;
      const known = this.#before.get(counted.key);
      const isAsBefore = known !== undefined && JSON.stringify(known.call) === JSON.stringify(counted.call);
      // What is as it was counted before stays counted there.
      now.set(counted.key, isAsBefore ? known : counted);
      const series = this.#seriesOf(counted.call);
      for (const node of cluster.flatMap(({ nodes }) => nodes)) {
        node.series = series;
        node.isHead = node.compared.id === id;
        node.mark = isAsBefore ? known.mark : mark;
        touched.add(node.trace);
      }
    }
    const settlement = { calls: this.#differences(now), bookings: this.#book(touched) };
    this.#before.clear();
    for (const trace of touched) trace.settled();
    this.#dirty.clear();
    return settlement;
  }

  /** All traces that are linked to this one by calls, itself included. */
  linkedTo(trace: OpenTrace): ReadonlySet<OpenTrace> {
    const linked = new Set([trace]);
    // A set that grows while it is walked is walked to its new end.
    for (const { nodes } of linked) {
      for (const node of nodes) for (const each of this.#links.nodesWith(node)) linked.add(each.trace);
    }
    return linked;
  }

  /** Forgets traces that are linked to no others. What was counted stays counted. Everything has to be settled. */
  close(traces: ReadonlySet<OpenTrace>): readonly ClosedTrace[] {
    const closed = Array.from(traces, closedTrace);
    this.#links.forget([...traces].flatMap(({ nodes }) => nodes));
    for (const trace of traces) {
      this.#traces.delete(trace.key);
      this.reportCount -= trace.reports.length;
    }
    return closed;
  }

  /**
   * What the call of a report is counted under, and when that report came; null for what is no call. Everything has to
   * be settled.
   */
  subjectOf(sender: string, requestId: string): CallSubject | null {
    const trace = this.traceOf(sender, requestId.slice(0, TRACE_ID_CHARS));
    const spanId = requestId.slice(TRACE_ID_CHARS + 1);
    const report = trace?.reports.find((each) => each.spanId === spanId);
    if (trace === undefined || report === undefined) return null;
    const series = closedTrace(trace).calls.find(({ ids }) => ids.includes(requestId))?.series ?? null;
    return series === null ? null : { series, loggedAtMs: report.loggedAtMs };
  }

  /**
   * Of all reports that are no call of their own: which call stands for them, and by which rule. Everything has to be
   * settled.
   */
  folded(): ReadonlyMap<string, FoldedInto> {
    const folded = new Map<string, FoldedInto>();
    for (const cluster of this.#links.clusters()) {
      const nodes = cluster.flatMap((generation) => generation.nodes);
      const head = nodes.find(({ isHead }) => isHead);
      for (const { compared, trace, isHead } of nodes) {
        const into = head?.compared.id ?? compared.id;
        if (!isHead) folded.set(compared.id, { into, rule: ruleAcross(compared, head?.compared) });
        const own = trace.resolution('now').folded.filter((each) => each.into === compared.id);
        for (const { report, rule } of own) folded.set(requestIdOf(report), { into, rule });
      }
    }
    return folded;
  }

  /** All calls as they stand. Everything has to be settled. */
  calls(): readonly ResolvedCall[] {
    return this.#links.clusters().map((cluster) => this.#count(cluster, 'now').call);
  }

  #traceFor({ sender, trace_id }: Report): OpenTrace {
    const key = traceKey(sender, trace_id);
    let trace = this.#traces.get(key);
    if (trace === undefined) this.#traces.set(key, (trace = new OpenTrace(key, sender)));
    return trace;
  }

  #willGrow(trace: OpenTrace): void {
    trace.willGrow();
    this.#dirty.add(trace);
  }

  #resolve(trace: OpenTrace): void {
    const before = trace.nodes;
    const kept = new Set<CallNode>();
    const nodes = trace.resolution('now').calls.map((call) => {
      const compared = comparedCall(call, (text) => this.#pool.of(text));
      const same = before.find((known) => isSame(known, compared));
      if (same !== undefined) kept.add(same);
      return same ?? new CallNode(compared, trace);
    });
    this.#links.replace({
      gone: before.filter((node) => !kept.has(node)),
      come: nodes.filter((node) => !kept.has(node)),
      stayed: [...kept],
    });
    trace.nodes = nodes;
  }

  #remember(cluster: readonly Generation[]): void {
    const counted = this.#count(cluster, 'before');
    this.#before.set(counted.key, counted);
  }

  #count(cluster: readonly Generation[], when: When): Counted {
    const nodes = cluster.flatMap((generation) => generation.nodes);
    const callOf = new Map(nodes.map((node) => [node, node.trace.callOf(node.compared.id, when)]));
    const ends = new Map<TraceCall, TraceCall>();
    const parts = new Set(callOf.values());
    for (const generation of cluster) {
      const end = this.#links.endOf(generation);
      if (end === undefined) continue;
      const call = callOf.get(end.first) as TraceCall;
      ends.set(callOf.get(generation.first) as TraceCall, call);
      parts.delete(call);
    }
    const call = resolvedCall({ calls: [...parts], endOf: (each) => ends.get(each) ?? null });
    const key = `${nodes[0]?.trace.sender ?? ''}\0${call.request.request_id}`;
    const loggedAtMs = Math.min(...nodes.map(({ trace }) => trace.firstMs));
    return { key, call, loggedAtMs, mark: nodes[0]?.mark ?? null };
  }

  #differences(now: ReadonlyMap<string, Counted>): CallChange[] {
    const changes: CallChange[] = [];
    for (const [key, counted] of now) {
      const known = this.#before.get(key);
      if (counted === known) continue;
      const { call, loggedAtMs } = counted;
      changes.push({ before: known?.call ?? null, now: call, loggedAtMs, mark: known?.mark ?? null });
    }
    for (const [key, { call, loggedAtMs, mark }] of this.#before) {
      if (!now.has(key)) changes.push({ before: call, now: null, loggedAtMs, mark });
    }
    return changes;
  }

  #book(touched: ReadonlySet<OpenTrace>): BookingChange[] {
    const changes: BookingChange[] = [];
    for (const trace of touched) {
      const bySpan = this.#bookingsOf(trace);
      for (const report of trace.reports) {
        const beside = report.isAgent && bySpan.size === 0 ? 'agent' : 'context';
        const now = bySpan.get(report.spanId) ?? this.#bookings.of(trace.sender, beside);
        if (now === report.booking) continue;
        changes.push({ loggedAtMs: report.bookedMs, before: report.booking, now });
        report.booking = now;
      }
    }
    return changes;
  }

  /** Of the reports that are not context. */
  #bookingsOf(trace: OpenTrace): ReadonlyMap<string, Booking> {
    const bySpan = new Map<string, Booking>();
    const { calls, folded } = trace.resolution('now');
    for (const { report } of folded) bySpan.set(report.span_id, this.#bookings.of(trace.sender, 'folded'));
    for (const [index, { head, members }] of calls.entries()) {
      const { series, isHead } = trace.nodes[index] as CallNode;
      const tenantId = series?.tenantId ?? trace.sender;
      for (const { span_id } of members) bySpan.set(span_id, this.#bookings.of(tenantId, 'folded'));
      if (isHead) bySpan.set(head.span_id, this.#bookings.of(tenantId, 'call'));
    }
    return bySpan;
  }
}

function ruleAcross(call: ComparedCall, head: ComparedCall | undefined): string {
  if (call.role === 'end') return 'the end of a Logfire stream';
  if (call.scope === head?.scope) return 'the same response, read again';
  const byId = call.responseId !== null && call.responseId === head?.responseId;
  return `the same call by another instrumentation, found by ${byId ? 'response id' : 'time'}`;
}

const NOTHING: Settlement = { calls: [], bookings: [] };
const TRACE_ID_CHARS = 32;

function traceKey(sender: string, traceId: string): string {
  return sender === '' ? traceId : `${traceId} ${sender}`;
}

function closedTrace(trace: OpenTrace): ClosedTrace {
  const { nodes, reports } = trace;
  const [only] = nodes;
  const [single] = reports;
  if (only === undefined || single === undefined) return { trace, calls: [], above: NONE_ABOVE };
  // A root alone: nearly always, and then nothing has to be read again.
  if (reports.length === 1 && !single.text.includes('"parent_id"')) {
    return { trace, calls: [{ series: only.series, ids: [only.compared.id] }], above: NONE_ABOVE };
  }
  const calls = trace.resolution('now').calls.map(({ members }, index) => ({
    series: nodes[index]?.series ?? null,
    ids: members.map(requestIdOf),
  }));
  const closed = { trace, calls, above: trace.spansAboveCalls() };
  trace.settled();
  return closed;
}

const NONE_ABOVE: ReadonlyMap<string, number> = new Map();

function isSame({ compared }: CallNode, other: ComparedCall): boolean {
  return COMPARED_FIELDS.every((field) => compared[field] === other[field]);
}
