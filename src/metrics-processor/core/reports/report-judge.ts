import type { PriceBook } from '../../../prices/price-book.ts';
import { type LinkedTraces, OpenCalls } from '../../../reports/open-calls.ts';
import type { ReportPlace } from '../../../reports/open-trace.ts';
import { type Report, requestIdOf } from '../../../reports/report.ts';
import type { CallChange } from '../../../reports/settlement.ts';
import type { WholeTrace } from '../../../reports/whole-trace.ts';
import { invariant } from '../../../tally/invariant.ts';
import type { KnownSpan } from '../join/known-call.ts';
import { SeriesDictionary } from '../records/series-dictionary.ts';
import type { ValueTexts } from '../records/value-texts.ts';
import type { CallSampling } from '../sums/call-sampling.ts';
import type { Effects } from '../sums/effects.ts';
import { ClosedGroups } from './closed-groups.ts';
import { ClosedReports } from './closed-reports.ts';
import { correctionReason } from './correction-reason.ts';
import { type CountedBook, CountedPrices } from './counted-prices.ts';
import { LONG_AGO_MS, RepeatedReports } from './repeated-reports.ts';
import { ResolvedRecord } from './resolved-record.ts';
import { SilentTraces } from './silent-traces.ts';

export interface ReportJudgeOptions {
  /** A trace is closed when nothing was reported of it, nor of a call that it shares, for so long in log time. */
  readonly traceHorizonMs: number;
  /** The ids of closed reports are remembered for so long after they came. */
  readonly dedupHorizonMs: number;
  readonly logTimeSlackMs: number;
  /** Reports of one trace; with one more it is closed at once and what comes is late. */
  readonly traceReportsMax: number;
  /** Reports of all open traces; with more the traces that were silent for longest are closed early. */
  readonly openReportsMax: number;
  /** Reports of traces that are kept ready; others are packed. */
  readonly awakeReportsMax: number;
  /** With so many since the last settlement the next one is due before a trace that is not in it yet. */
  readonly settledTogetherMin: number;
  /** With so many it is due before any report. */
  readonly settledTogetherMax: number;
  readonly fingerprintSeed: number;
  /** The names of those that calls are summed by. */
  readonly dimensions: readonly string[];
  /** Of their values; those that the effects of the ports know. */
  readonly texts?: ValueTexts;
}

/** What a checkpoint says of reports, beside those that are all read back from some instant on. */
export interface SavedJudgement {
  /** Of reports before that instant whose traces are open. */
  readonly openPlaces: readonly number[];
  /** Of reports whose traces are closed, and lie on both sides of that instant: see `closed-groups.ts`. */
  readonly closedPlaces: readonly number[];
  /** Of reports whose spans were told of before that instant, see `repeated-reports.ts`. */
  readonly repeatedPlaces: readonly number[];
  /** See `counted-prices.ts`. */
  readonly prices: string;
}

export interface JudgeRecall extends Omit<SavedJudgement, 'repeatedPlaces' | 'closedPlaces'> {
  readonly closedPlaces: ReadonlySet<number>;
  /** From where on all reports are read back. */
  readonly fromMs: number;
}

export interface JudgedTrace {
  readonly traceId: string;
}

export interface ReportJudgePorts {
  /** Where the next changes go. */
  readonly effects: () => Effects;
  readonly sampling: CallSampling;
  /** The spans of these traces may be about other calls than before; or what they are about is final. */
  readonly settled: (traces: Iterable<JudgedTrace>) => void;
  readonly closed: (traces: Iterable<JudgedTrace>) => void;
}

export const REPORT_BOUNDS = {
  /** A trace of so many reports is no trace of a program but a loop. */
  traceReportsMax: 10_000,
  /** Where so many are open, some 250 bytes each. */
  openReportsMax: 500_000,
  /**
   * So many are judged together. What a larger batch makes of its reports lives longer: judging took 8 % more CPU time
   * with 500, and a fourth more with 5,000.
   */
  settledTogetherMin: 100,
  /** A trace that is told of in one go is judged once. */
  settledTogetherMax: 500,
} as const;

/**
 * Judges the reports of one shard: keeps those of open traces, and books the difference that each batch of them makes.
 *
 * A function of the log: a trace is closed by log time alone, and what closed ones leave behind is forgotten by log
 * time.
 */
export class ReportJudge {
  readonly #options: ReportJudgeOptions;
  readonly #ports: ReportJudgePorts;
  readonly #record: ResolvedRecord;
  readonly #open: OpenCalls;
  readonly #closed: ClosedReports;
  /** By the time of their last report; a trace may have moved on since. */
  readonly #silent = new SilentTraces();
  readonly #sliceMs: number;
  #nextDueMs = Number.POSITIVE_INFINITY;
  /**
   * While the log is read back: reports of traces that are open where that ends, and the numbers of those traces that
   * were found so far.
   */
  #openPlaces: ReadonlySet<number> = new Set();
  readonly #recalled = new Set<number>();
  /** Likewise of traces that are closed by then, but were open where all is read from. */
  #closedPlaces: ReadonlySet<number> = new Set();
  readonly #expected = new Set<number>();
  #recallFromMs = Number.NEGATIVE_INFINITY;
  readonly #groups = new ClosedGroups();
  readonly #prices = new CountedPrices();
  readonly #repeated = new RepeatedReports();
  /** The first report since the last settlement. */
  #firstTaken: ReportPlace | null = null;
  #takenCount = 0;

  constructor(options: ReportJudgeOptions, ports: ReportJudgePorts) {
    this.#options = options;
    this.#ports = ports;
    this.#record = new ResolvedRecord(new SeriesDictionary(), options.dimensions, options.texts);
    this.#open = new OpenCalls({
      series: this.#record,
      awakeMax: options.awakeReportsMax,
    });
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
   * though what kept them open meanwhile may lie further back than is read. Those that were closed by then and have
   * reports on both sides of where all is read from stay open until the later ones come.
   */
  beginRecall({ openPlaces, closedPlaces, fromMs, prices }: JudgeRecall): void {
    this.#openPlaces = new Set(openPlaces);
    this.#closedPlaces = closedPlaces;
    this.#recallFromMs = fromMs;
    this.#prices.restore(prices);
  }

  finishRecall(): void {
    this.settle(null);
    this.#prices.finishRecall();
    this.#openPlaces = this.#closedPlaces = new Set();
    this.#recalled.clear();
    this.#expected.clear();
  }

  /** Whether as many were taken as are judged together, and this one need not be among them. */
  isFullBefore({ sender, trace_id }: Report): boolean {
    const { settledTogetherMin, settledTogetherMax, traceReportsMax } = this.#options;
    // However reports are cut into batches, a trace is closed after the same one.
    if (this.#open.largestCount > traceReportsMax) return true;
    if (this.#takenCount < settledTogetherMin) return false;
    return this.#takenCount >= settledTogetherMax || this.#open.traceOf(sender, trace_id)?.isDirty !== true;
  }

  /**
   * @param isOlder its span was first reported before all that is read back
   * @returns whether it came too late to change anything: then reading the log back must pass over it
   */
  take(report: Report, at: ReportPlace, isOlder = false): 'kept' | 'late' {
    const { audit } = this.#ports.effects();
    const { sender } = report;
    while (this.#prices.changesAt(at)) {
      this.settle(null);
      this.#prices.change();
    }
    this.#firstTaken ??= at;
    this.#takenCount++;
    const trace = this.#open.traceOf(sender, report.trace_id);
    const wasOpen = this.#openPlaces.has(at.place);
    const wasClosed = this.#closedPlaces.has(at.place);
    // Also where something late has opened its trace again.
    if (!wasOpen && !wasClosed) {
      const late = this.#closed.judge(report, at.loggedAtMs);
      if (late !== 'unknown') audit.reportLate(sender, at.loggedAtMs);
      if (late !== 'unknown' && late !== 'of a known trace') {
        audit.reportTaken(sender, at.loggedAtMs, late === 'repeated' ? 'duplicate' : 'folded');
        return 'late';
      }
    }
    const outcome = this.#open.add(report, isOlder ? { ...at, firstMs: LONG_AGO_MS } : at);
    // Of two versions of a span the older one is the repetition, whichever came first.
    if (outcome !== 'new') audit.reportTaken(sender, at.loggedAtMs, 'duplicate');
    if (isOlder || outcome !== 'new') this.#noteRepetition(report, at);
    const number = this.#open.lastNumber;
    if (wasOpen) this.#recalled.add(number);
    if (wasClosed) this.#expected.add(number);
    if (trace === undefined) this.#silentSince(number, at.loggedAtMs);
    return 'kept';
  }

  /** Books what was taken since the last time. `prices` is null where the log is read back: then nothing is booked. */
  settle(prices: PriceBook | null): void {
    const first = this.#firstTaken;
    if (first === null) return;
    this.#firstTaken = null;
    this.#takenCount = 0;
    if (prices === null) {
      const { traces, whole } = this.#open.settle(this.#prices.recalled);
      this.#ports.settled(traces);
      this.#ports.settled(whole);
      return this.#bound();
    }
    const counted = this.#prices.of(prices, first);
    const { calls, bookings, traces, whole } = this.#open.settle(counted);
    const effects = this.#ports.effects();
    for (const { loggedAtMs, before, now } of bookings) effects.audit.reportMoved(loggedAtMs, before, now);
    // Taken back before anything is added, for a call may stand where another one stood.
    for (const change of calls) this.#takeBack(change, prices, effects);
    for (const change of calls) this.#add(change, counted, effects);
    for (const each of whole) this.#addWhole(each, counted, effects);
    this.#ports.settled(traces);
    this.#ports.settled(whole);
    this.#bound();
  }

  /**
   * Log time goes on: closes what has been silent for the horizon, and forgets what nobody asks for any more.
   * Everything has to be settled.
   */
  advance(readMs: number, rememberedFromMs: number): void {
    if (readMs < this.#nextDueMs) return;
    const dueMs = readMs - this.#options.traceHorizonMs - this.#options.logTimeSlackMs;
    for (const slice of this.#silent.slices((each) => this.#endOf(each) <= dueMs)) this.#closeSlice(slice, dueMs);
    this.#closed.forgetBefore(rememberedFromMs);
    this.#groups.forgetBefore(rememberedFromMs);
    this.#repeated.forgetBefore(rememberedFromMs);
    this.#nextDueMs =
      this.#endOf(this.#silent.firstSlice) + this.#options.traceHorizonMs + this.#options.logTimeSlackMs;
  }

  /** Whether log time going on to `readMs` closes anything. */
  isDue(readMs: number): boolean {
    return readMs >= this.#nextDueMs;
  }

  /** A span by its request id, as an evaluation of that time asks for it. Everything has to be settled. */
  knownSpans(sender: string, requestId: string, atMs: number): readonly KnownSpan[] {
    const closed = this.#closed.knownSpans(sender, requestId, atMs).map((span) => ({ ...span, isOpen: false }));
    const open = this.#open.spanOf(sender, requestId);
    return open === null ? closed : [...closed, { ...open, isOpen: true }];
  }

  /** Whether something was counted at prices that no checkpoint has. */
  get hasNewPrices(): boolean {
    return this.#prices.hasNews;
  }

  /** What a checkpoint has to say of them, for all reports from `fromMs` on will be read back. */
  save(fromMs: number): SavedJudgement {
    const open = this.#open.placesBefore(fromMs);
    const sinceMs = open.reduce((least, { loggedAtMs }) => Math.min(least, loggedAtMs), fromMs);
    return {
      openPlaces: open.map(({ place }) => place),
      closedPlaces: this.#groups.placesAround(fromMs),
      repeatedPlaces: this.#repeated.placesFrom(fromMs),
      prices: this.#prices.save(sinceMs),
    };
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

  #noteRepetition({ sender, trace_id, span_id }: Report, at: ReportPlace): void {
    const trace = this.#open.traceOf(sender, trace_id);
    invariant(trace !== undefined, 'a report that was added has a trace');
    this.#repeated.add(at, trace.firstMsOf(span_id));
  }

  #addWhole(whole: WholeTrace, prices: PriceBook, effects: Effects): void {
    const { report, at, series, booking } = whole;
    invariant(series !== null && booking !== null, 'what is settled is booked');
    effects.audit.reportMoved(at.loggedAtMs, null, booking);
    const isKept = this.#ports.sampling.keeps(at.loggedAtMs, hashOf(requestIdOf(report)));
    // A single call has more of it than is read here.
    const parts = isKept ? null : this.#record.readWhole(report, series);
    effects.add(parts ?? this.#record.read(whole.call()), prices, isKept);
  }

  #silentSince(number: number, sinceMs: number): void {
    const slice = Math.floor(sinceMs / this.#sliceMs);
    this.#silent.put(number, slice);
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
    for (const number of this.#silent.take(slice)) {
      const linked = this.#open.linkedTo(number);
      if (linked === null) continue;
      const lastMs = this.#isHeldOpen(linked) ? dueMs : linked.lastMs;
      if (this.#endOf(Math.floor(lastMs / this.#sliceMs)) > dueMs) this.#silentSince(number, lastMs);
      else this.#close(number);
    }
  }

  /** While the log is read back: whether what kept these open may not be read. */
  #isHeldOpen({ numbers, lastMs }: LinkedTraces): boolean {
    if (this.#recalled.size + this.#expected.size === 0) return false;
    if (numbers.some((each) => this.#recalled.has(each))) return true;
    return lastMs < this.#recallFromMs && numbers.some((each) => this.#expected.has(each));
  }

  #close(number: number): void {
    const closed = this.#open.close(number);
    const traces = closed.map(({ trace }) => trace);
    for (const each of closed) this.#closed.close(each);
    for (const trace of traces) {
      this.#recalled.delete(trace.number);
      this.#expected.delete(trace.number);
    }
    this.#groups.close(traces);
    this.#ports.closed(traces);
  }

  #bound(): void {
    const { traceReportsMax, openReportsMax } = this.#options;
    if (this.#open.largestCount > traceReportsMax) {
      for (const number of this.#open.largerThan(traceReportsMax)) {
        if (this.#open.linkedTo(number) !== null) this.#close(number);
      }
      this.#open.largestCount = 0;
    }
    while (this.#open.reportCount > openReportsMax && !this.#silent.isEmpty) {
      this.#closeSlice(this.#silent.firstSlice, Number.POSITIVE_INFINITY);
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
