import type { PriceBook } from '../../../prices/price-book.ts';
import { type CallChange, OpenCalls, type ReportPlace } from '../../../reports/open-calls.ts';
import type { OpenTrace } from '../../../reports/open-trace.ts';
import type { Report } from '../../../reports/report.ts';
import { invariant } from '../../../tally/invariant.ts';
import type { KnownCall } from '../join/known-call.ts';
import { SeriesDictionary } from '../records/series-dictionary.ts';
import type { CallSampling } from '../sums/call-sampling.ts';
import type { Effects } from '../sums/effects.ts';
import { ClosedReports } from './closed-reports.ts';
import { correctionReason } from './correction-reason.ts';
import { type CountedBook, CountedPrices } from './counted-prices.ts';
import { ResolvedRecord } from './resolved-record.ts';

export interface ReportJudgeOptions {
  /** A trace is closed when nothing was reported of it, nor of a call that it shares, for so long in log time. */
  readonly traceHorizonMs: number;
  /** The ids of closed reports are remembered for so long after they came. */
  readonly dedupHorizonMs: number;
  readonly logTimeSlackMs: number;
  /** Reports of one trace; with more it is closed at once and what comes is late. */
  readonly traceReportsMax: number;
  /** Reports of all open traces; with more the traces that were silent for longest are closed early. */
  readonly openReportsMax: number;
  readonly fingerprintSeed: number;
}

export interface ReportJudgePorts {
  /** Where the next changes go. */
  readonly effects: () => Effects;
  readonly sampling: CallSampling;
}

/**
 * Judges the reports of one shard: keeps those of open traces, and books the difference that each batch of them makes.
 *
 * A function of the log: a trace is closed by log time alone, and what closed ones leave behind is forgotten by log
 * time.
 */
export class ReportJudge {
  readonly #options: ReportJudgeOptions;
  readonly #ports: ReportJudgePorts;
  readonly #record = new ResolvedRecord(new SeriesDictionary());
  readonly #open = new OpenCalls((call) => this.#record.seriesOf(call));
  readonly #closed: ClosedReports;
  /** Open traces by the time of their last report, in slices; a trace may have moved on since. */
  readonly #bySilence = new Map<number, Set<OpenTrace>>();
  readonly #sliceMs: number;
  #nextDueMs = Number.POSITIVE_INFINITY;
  /**
   * While the log is read back: reports of traces that are open where that ends, and those of the traces found so far.
   */
  #openPlaces: ReadonlySet<number> = new Set();
  readonly #recalled = new Set<OpenTrace>();
  readonly #prices = new CountedPrices();
  /** The first report since the last settlement. */
  #firstTaken: ReportPlace | null = null;

  constructor(options: ReportJudgeOptions, ports: ReportJudgePorts) {
    this.#options = options;
    this.#ports = ports;
    this.#sliceMs = Math.max(1, Math.min(SLICE_MS_MAX, Math.floor(options.traceHorizonMs / SLICES_MIN)));
    this.#closed = new ClosedReports({ fingerprintSeed: options.fingerprintSeed, memoryMs: this.memoryMs });
  }

  get openCount(): number {
    return this.#open.reportCount;
  }

  get rememberedCount(): number {
    return this.#closed.size;
  }

  /** How long before now, in log time, a report may matter. */
  get memoryMs(): number {
    const { traceHorizonMs, dedupHorizonMs, logTimeSlackMs } = this.#options;
    // A trace is open until the slice of its last report is past.
    return Math.max(traceHorizonMs + this.#sliceMs, dedupHorizonMs) + logTimeSlackMs;
  }

  /**
   * The log is about to be read back to where reports at these places were open: their traces stay open until then,
   * though what kept them open meanwhile may lie further back than is read.
   */
  beginRecall(openPlaces: readonly number[], prices: string): void {
    this.#openPlaces = new Set(openPlaces);
    this.#prices.restore(prices);
  }

  finishRecall(): void {
    this.settle(null);
    this.#prices.finishRecall();
    this.#openPlaces = new Set();
    this.#recalled.clear();
  }

  /** @returns whether it came too late to change anything: then reading the log back must pass over it */
  take(report: Report, text: string, at: ReportPlace): 'kept' | 'late' {
    const { audit } = this.#ports.effects();
    const { sender } = report;
    while (this.#prices.changesAt(at)) {
      this.settle(null);
      this.#prices.change();
    }
    this.#firstTaken ??= at;
    const trace = this.#open.traceOf(sender, report.trace_id);
    const wasOpen = this.#openPlaces.has(at.place);
    if (trace === undefined && !wasOpen) {
      const late = this.#closed.judge(report, at.loggedAtMs);
      if (late !== 'unknown') audit.reportLate(sender, at.loggedAtMs);
      if (late !== 'unknown' && late !== 'of a known trace') {
        audit.reportTaken(sender, at.loggedAtMs, late === 'repeated' ? 'duplicate' : 'folded');
        return 'late';
      }
    }
    const outcome = this.#open.add(report, text, at);
    // Of two versions of a span the older one is the repetition, whichever came first.
    if (outcome !== 'new') audit.reportTaken(sender, at.loggedAtMs, 'duplicate');
    const opened = this.#open.traceOf(sender, report.trace_id);
    invariant(opened !== undefined, 'a report that was added has a trace');
    if (wasOpen) this.#recalled.add(opened);
    if (trace === undefined) this.#silentSince(opened, opened.lastMs);
    return 'kept';
  }

  /** Books what was taken since the last time. `prices` is null where the log is read back: then nothing is booked. */
  settle(prices: PriceBook | null): void {
    const first = this.#firstTaken;
    if (first === null) return;
    this.#firstTaken = null;
    if (prices === null) {
      this.#open.settle(this.#prices.recalled);
      return this.#bound();
    }
    const counted = this.#prices.of(prices, first);
    const { calls, bookings } = this.#open.settle(counted);
    const effects = this.#ports.effects();
    for (const { loggedAtMs, before, now } of bookings) effects.audit.reportMoved(loggedAtMs, before, now);
    // Taken back before anything is added, for a call may stand where another one stood.
    for (const change of calls) this.#takeBack(change, prices, effects);
    for (const change of calls) this.#add(change, counted, effects);
    this.#bound();
  }

  /** Log time goes on: closes what has been silent for the horizon. Everything has to be settled. */
  advance(readMs: number): void {
    if (readMs < this.#nextDueMs) return;
    const dueMs = readMs - this.#options.traceHorizonMs - this.#options.logTimeSlackMs;
    const due = [...this.#bySilence.keys()].filter((slice) => this.#endOf(slice) <= dueMs);
    for (const slice of due.sort((a, b) => a - b)) this.#closeSlice(slice, dueMs);
    this.#closed.forgetBefore(readMs - this.memoryMs);
    const first = Math.min(...this.#bySilence.keys());
    this.#nextDueMs = this.#endOf(first) + this.#options.traceHorizonMs + this.#options.logTimeSlackMs;
  }

  /** Whether log time going on to `readMs` closes anything. */
  isDue(readMs: number): boolean {
    return readMs >= this.#nextDueMs;
  }

  /** The call of a request id, as an evaluation of that time asks for it. Everything has to be settled. */
  knownCall(sender: string, requestId: string, atMs: number): KnownCall | null {
    const open = this.#open.subjectOf(sender, requestId);
    if (open === null) return this.#closed.knownCall(sender, requestId, atMs);
    return { series: open.series, firstSeenMs: open.loggedAtMs, lastSeenMs: open.loggedAtMs };
  }

  /** Whether something was counted at prices that no checkpoint has. */
  get hasNewPrices(): boolean {
    return this.#prices.hasNews;
  }

  savePrices(readMs: number): string {
    return this.#prices.save(readMs - this.memoryMs);
  }

  /** Places of reports that a recall from `fromMs` on would not read, though their traces are open. */
  placesBefore(fromMs: number): number[] {
    const places: number[] = [];
    for (const { reports } of this.#open.traces) {
      for (const { loggedAtMs, place, bookedMs, bookedPlace } of reports) {
        if (loggedAtMs < fromMs) places.push(place);
        if (bookedMs < fromMs && bookedPlace !== place) places.push(bookedPlace);
      }
    }
    return places.sort((a, b) => a - b);
  }

  #takeBack({ before, mark }: CallChange, prices: PriceBook, effects: Effects): void {
    if (before === null) return;
    // At the prices at which it was added, also where the price file is another one by now.
    effects.takeBack(this.#record.read(before), (mark as CountedBook | null)?.or(prices) ?? prices);
  }

  #add({ before, now, loggedAtMs }: CallChange, prices: PriceBook, effects: Effects): void {
    if (before !== null) {
      const tenantId = (now ?? before).request.tenant_id;
      effects.correct(tenantId, loggedAtMs, correctionReason(before, now));
    }
    if (now === null) return;
    const isKept = this.#ports.sampling.keeps(loggedAtMs, hashOf(now.request.request_id));
    effects.add(this.#record.read(now), prices, isKept);
  }

  #silentSince(trace: OpenTrace, sinceMs: number): void {
    const slice = Math.floor(sinceMs / this.#sliceMs);
    const known = this.#bySilence.get(slice);
    if (known === undefined) this.#bySilence.set(slice, new Set([trace]));
    else known.add(trace);
    const dueMs = this.#endOf(slice) + this.#options.traceHorizonMs + this.#options.logTimeSlackMs;
    if (dueMs < this.#nextDueMs) this.#nextDueMs = dueMs;
  }

  /** Instants at or after this one are of a later slice. */
  #endOf(slice: number): number {
    return (slice + 1) * this.#sliceMs;
  }

  /**
   * Closes the traces of a slice, with all they are linked to, unless one of these had a report at or after `dueMs`.
   */
  #closeSlice(slice: number, dueMs: number): void {
    const traces = this.#bySilence.get(slice) ?? [];
    this.#bySilence.delete(slice);
    for (const trace of traces) {
      if (this.#open.traceOf(trace.sender, trace.traceId) !== trace) continue;
      const linked = this.#open.linkedTo(trace);
      const isOpen = this.#recalled.size > 0 && [...linked].some((each) => this.#recalled.has(each));
      const lastMs = isOpen ? dueMs : Math.max(...Array.from(linked, (each) => each.lastMs));
      if (this.#endOf(Math.floor(lastMs / this.#sliceMs)) > dueMs) this.#silentSince(trace, lastMs);
      else this.#close(linked);
    }
  }

  #close(traces: ReadonlySet<OpenTrace>): void {
    for (const closed of this.#open.close(traces)) this.#closed.close(closed);
  }

  #bound(): void {
    const { traceReportsMax, openReportsMax } = this.#options;
    if (this.#open.largestCount > traceReportsMax) {
      for (const trace of this.#open.traces) {
        if (trace.reports.length > traceReportsMax) this.#close(this.#open.linkedTo(trace));
      }
      this.#open.largestCount = 0;
    }
    while (this.#open.reportCount > openReportsMax && this.#bySilence.size > 0) {
      this.#closeSlice(Math.min(...this.#bySilence.keys()), Number.POSITIVE_INFINITY);
    }
  }
}

const SLICE_MS_MAX = 1000;
const SLICES_MIN = 8;

/** FNV-1a over UTF-16 units: any hash that a replay computes alike. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
