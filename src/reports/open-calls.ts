import type { Series } from '../tally/series.ts';
import { type Booking, Bookings } from './bookings.ts';
import { type ClosedTrace, closedTrace, type ReportedSpan, spansOf } from './closed-trace.ts';
import { type ComparedCall, isSameCompared } from './compared-call.ts';
import { LinkedCalls } from './linked-calls.ts';
import { CallNode, type Generation, OpenReport, type OpenTrace, type ReportPlace, type When } from './open-trace.ts';
import { OpenTraces } from './open-traces.ts';
import { type Report, requestIdOf } from './report.ts';
import { type ResolvedCall, resolvedCall } from './resolved-call.ts';
import type { BookingChange, CallChange, Settlement } from './settlement.ts';
import { isSameCall, type TraceCall } from './trace-call.ts';
import { isNewer } from './versions.ts';
import type { WholeTrace } from './whole-trace.ts';

export interface FoldedInto {
  /** The request id of the call. */
  readonly into: string;
  readonly rule: string;
}

export interface LinkedTraces {
  readonly numbers: readonly number[];
  /** In log time, of the last report of any of them. */
  readonly lastMs: number;
}

/** What calls are counted under, to be remembered with them. */
export interface SeriesReader {
  seriesOf(call: ResolvedCall): Series | null;
  seriesOfWhole(report: Report): Series | null;
}

export interface OpenCallsOptions {
  readonly series?: SeriesReader;
  /** Reports of the traces that were used last, which stay awake; see `open-traces.ts`. By default all do. */
  readonly awakeMax?: number;
}

interface Counted {
  /** Sender and request id: the same trace of two senders is two. */
  readonly key: string;
  readonly call: ResolvedCall;
  readonly loggedAtMs: number;
  readonly mark: object | null;
}

/**
 * The reports of one shard whose traces are open, and the calls that they come to.
 *
 * The calls are a function of the set of reports: traces are resolved as a whole (`trace-calls.ts`), and what belongs
 * together across traces is found by matchings that have one solution (`linked-calls.ts`). `settle` gives the
 * difference between what the reports came to before and what they come to now.
 */
export class OpenCalls {
  readonly #traces: OpenTraces;
  #dirty = new Set<OpenTrace>();
  readonly #links: LinkedCalls;
  readonly #bookings = new Bookings();
  /** By their keys: calls as they were counted, of those that may change in this settlement. */
  #before = new Map<string, Counted>();
  readonly #series: SeriesReader;
  /** The spans of the trace that was asked for last, since evaluations of one trace are judged one after the other. */
  #asked: { readonly trace: OpenTrace; readonly spans: ReadonlyMap<string, ReportedSpan> } | null = null;
  reportCount = 0;
  /** Of the trace of the report that was added last. */
  lastNumber = 0;
  /** Of the largest trace so far. */
  largestCount = 0;

  constructor({ series = NO_SERIES, awakeMax = Number.POSITIVE_INFINITY }: OpenCallsOptions = {}) {
    this.#series = series;
    this.#links = new LinkedCalls(
      (cluster) => this.#remember(cluster),
      (hash) => void this.#traces.wake(hash),
    );
    this.#traces = new OpenTraces(this.#links, awakeMax, (trace) => void this.#dirty.add(trace));
  }

  traceOf(sender: string, traceId: string): OpenTrace | undefined {
    return this.#traces.find(sender, traceId);
  }

  /** @returns `repeated` where it says nothing new: it, or a newer version of its span, was there before */
  add(report: Report, at: ReportPlace): 'new' | 'newer' | 'repeated' {
    this.#asked = null;
    const whole = this.#traces.openWhole(report, at);
    if (whole !== null) {
      this.lastNumber = whole.number;
      this.reportCount++;
      this.largestCount = Math.max(this.largestCount, 1);
      return 'new';
    }
    const trace = this.#traces.open(report.sender, report.trace_id);
    this.lastNumber = trace.number;
    trace.lastMs = Math.max(trace.lastMs, at.loggedAtMs);
    const added = new OpenReport(report, at);
    const index = trace.indexOf(report.span_id);
    const known = trace.reports[index];
    if (known !== undefined) known.seenMs = Math.max(known.seenMs, at.loggedAtMs);
    if (known === undefined) {
      this.#willGrow(trace);
      trace.reports.push(added);
      this.reportCount++;
      this.largestCount = Math.max(this.largestCount, trace.reports.length);
      return 'new';
    }
    if (!isNewer(report, known.report)) return 'repeated';
    this.#willGrow(trace);
    added.follow(known);
    // What is read of it stays until this is settled.
    known.drop();
    trace.reports[index] = added;
    return 'newer';
  }

  /**
   * Comes to calls with all that was added, and tells what that changes.
   *
   * @param mark comes back with each call that is counted here, once it changes
   */
  settle(mark: object | null = null): Settlement {
    if (this.#dirty.size === 0 && !this.#traces.hasWhole) {
      this.#traces.rest();
      return NOTHING;
    }
    this.#asked = null;
    const touched = this.#dirty;
    // Those that were whole until one of these looked for them come in behind it.
    for (const trace of touched) this.#resolve(trace);
    // Neither this nor what was counted before is emptied and used again: see `Chain`.
    if (touched.size > 0) this.#dirty = new Set();
    const whole = this.#traces.takeWhole();
    for (const each of whole) this.#settleWhole(each, mark);
    const now = new Map<string, Counted>();
    for (const cluster of this.#links.takeChanged()) {
      const counted = this.#count(cluster, 'now');
      const { request_id: id } = counted.call.request;
      const known = this.#before.get(counted.key);
      const isAsBefore = known !== undefined && JSON.stringify(known.call) === JSON.stringify(counted.call);
      // What is as it was counted before stays counted there.
      now.set(counted.key, isAsBefore ? known : counted);
      const series = this.#series.seriesOf(counted.call);
      for (const node of nodesOf(cluster)) {
        node.series = series;
        node.isHead = node.compared.id === id;
        node.mark = isAsBefore ? known.mark : mark;
        touched.add(node.trace);
      }
    }
    const settlement = { calls: this.#differences(now), bookings: this.#book(touched), traces: touched, whole };
    if (this.#before.size > 0) this.#before = new Map();
    for (const trace of touched) {
      trace.settled();
      this.#traces.used(trace);
    }
    this.#traces.rest();
    return settlement;
  }

  #settleWhole(whole: WholeTrace, mark: object | null): void {
    whole.series = this.#series.seriesOfWhole(whole.report);
    whole.booking = this.#bookings.of(whole.series?.tenantId ?? whole.report.sender, 'call');
    this.#traces.putToSleep(whole, mark);
  }

  /** The traces that one is linked to, with itself; null where none has that number. Everything has to be settled. */
  linkedTo(number: number): LinkedTraces | null {
    const asleepMs = this.#traces.sleepingSinceMs(number);
    if (asleepMs !== null) return { numbers: [number], lastMs: asleepMs };
    const trace = this.#traces.at(number);
    if (trace === undefined) return null;
    const linked = [...this.#linkedTo(trace)];
    return { numbers: linked.map((each) => each.number), lastMs: Math.max(...linked.map(({ lastMs }) => lastMs)) };
  }

  /**
   * Forgets a trace and all that it is linked to. What was counted stays counted. Everything has to be settled.
   *
   * @param number of an open trace
   */
  close(number: number): readonly ClosedTrace[] {
    const awake = this.#traces.at(number);
    if (awake === undefined) {
      const asleep = this.#traces.closeAsleep(number);
      this.reportCount -= asleep.trace.reports.length;
      return [asleep];
    }
    const traces = this.#linkedTo(awake);
    const closed = Array.from(traces, closedTrace);
    for (const { reports } of traces) this.reportCount -= reports.length;
    this.#links.forget([...traces].flatMap(({ nodes }) => nodes));
    for (const trace of traces) this.#traces.close(trace);
    return closed;
  }

  /** The numbers of traces with more reports than that, as far as they are awake. */
  largerThan(reportsMax: number): readonly number[] {
    return Array.from(this.#traces.awake)
      .filter(({ reports }) => reports.length > reportsMax)
      .map(({ number }) => number);
  }

  /** Where the reports lie that were logged before that. */
  placesBefore(fromMs: number): ReportPlace[] {
    return this.#traces.placesBefore(fromMs);
  }

  /** Null for one that was not reported, or not in a trace that is open. Everything has to be settled. */
  spanOf(sender: string, requestId: string): ReportedSpan | null {
    const trace = this.traceOf(sender, requestId.slice(0, TRACE_ID_CHARS));
    if (trace === undefined) return null;
    if (this.#asked?.trace !== trace && trace.reports.some(({ spanId }) => requestId.endsWith(spanId))) {
      this.#asked = { trace, spans: spansOf(trace) };
    }
    const span = this.#asked?.trace === trace ? this.#asked.spans.get(requestId) : undefined;
    this.#traces.rest();
    return span ?? null;
  }

  /**
   * Of all reports that are no call of their own: which call stands for them, and by which rule. Everything has to be
   * settled.
   */
  folded(): ReadonlyMap<string, FoldedInto> {
    this.#traces.wakeAll();
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
    this.#traces.wakeAll();
    return this.#links.clusters().map((cluster) => this.#count(cluster, 'now').call);
  }

  /** All traces that are linked to this one by calls, itself included. */
  #linkedTo(trace: OpenTrace): ReadonlySet<OpenTrace> {
    const linked = new Set([trace]);
    // A set that grows while it is walked is walked to its new end.
    for (const { nodes } of linked) {
      for (const node of nodes) for (const each of this.#links.nodesWith(node)) linked.add(each.trace);
    }
    return linked;
  }

  #willGrow(trace: OpenTrace): void {
    trace.willGrow();
    this.#dirty.add(trace);
  }

  #resolve(trace: OpenTrace): void {
    const before = trace.nodes;
    if (before.length === 0) {
      trace.nodes = trace.resolution('now').calls.map((call) => new CallNode(this.#traces.comparedCall(call), trace));
      return this.#links.replace({ gone: NOBODY, come: trace.nodes, stayed: NOBODY });
    }
    const known = new Map(before.map((node) => [node.compared.id, node]));
    const [come, stayed, kept]: [CallNode[], CallNode[], Set<CallNode>] = [[], [], new Set()];
    const nodes = trace.resolution('now').calls.map((call) => {
      const node = known.get(call.id);
      // Most calls of a long trace, each time when more of it comes.
      if (node !== undefined && isSameCall(trace.callOf(call.id, 'before'), call)) {
        kept.add(node);
        return node;
      }
      const compared = this.#traces.comparedCall(call);
      if (node !== undefined && isSameCompared(node.compared, compared)) {
        stayed.push(node);
        kept.add(node);
        return node;
      }
      const added = new CallNode(compared, trace);
      come.push(added);
      return added;
    });
    this.#links.replace({ gone: before.filter((node) => !kept.has(node)), come, stayed });
    trace.nodes = nodes;
  }

  #remember(cluster: readonly Generation[]): void {
    const counted = this.#count(cluster, 'before');
    this.#before.set(counted.key, counted);
  }

  #count(cluster: readonly Generation[], when: When): Counted {
    const nodes = nodesOf(cluster);
    const [only] = nodes;
    // Nearly always.
    if (only !== undefined && nodes.length === 1) {
      const call = resolvedCall({ calls: [only.trace.callOf(only.compared.id, when)], endOf: NO_END });
      const key = countedKey(only.trace.sender, call.request.request_id);
      return { key, call, loggedAtMs: only.trace.firstMs, mark: only.mark };
    }
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
    const key = countedKey(nodes[0]?.trace.sender ?? '', call.request.request_id);
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
      const [only] = trace.reports;
      const [node] = trace.nodes;
      if (only !== undefined && node?.isHead === true && trace.reports.length === 1) {
        this.#bookAs(this.#bookings.of(node.series?.tenantId ?? trace.sender, 'call'), only, changes);
        continue;
      }
      const bySpan = this.#bookingsOf(trace);
      for (const report of trace.reports) {
        const beside = report.isAgent && bySpan.size === 0 ? 'agent' : 'context';
        this.#bookAs(bySpan.get(report.spanId) ?? this.#bookings.of(trace.sender, beside), report, changes);
      }
    }
    return changes;
  }

  #bookAs(now: Booking, report: OpenReport, changes: BookingChange[]): void {
    if (now === report.booking) return;
    changes.push({ loggedAtMs: report.bookedMs, before: report.booking, now });
    report.booking = now;
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

/** Mostly there is no sender, and the id is a text that needs no copy. */
function countedKey(sender: string, requestId: string): string {
  return sender === '' ? requestId : `${requestId}\0${sender}`;
}

function nodesOf(cluster: readonly Generation[]): readonly CallNode[] {
  const [first] = cluster;
  return first !== undefined && cluster.length === 1 ? first.nodes : cluster.flatMap(({ nodes }) => nodes);
}

const NOBODY: readonly CallNode[] = [];

const NO_END = (): null => null;

function ruleAcross(call: ComparedCall, head: ComparedCall | undefined): string {
  if (call.role === 'end') return 'the end of a Logfire stream';
  if (call.scope === head?.scope) return 'the same response, read again';
  const byId = call.responseId !== null && call.responseId === head?.responseId;
  return `the same call by another instrumentation, found by ${byId ? 'response id' : 'time'}`;
}

const NOTHING: Settlement = { calls: [], bookings: [], traces: new Set(), whole: [] };
const NO_SERIES: SeriesReader = { seriesOf: () => null, seriesOfWhole: () => null };
const TRACE_ID_CHARS = 32;
