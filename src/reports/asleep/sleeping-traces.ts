import { invariant } from '../../tally/invariant.ts';
import type { Series } from '../../tally/series.ts';
import type { Booking } from '../bookings.ts';
import { OpenReport, OpenTrace } from '../open-trace.ts';
import type { Report } from '../report.ts';
import type { WholeHashes, WholeTrace } from '../whole-trace.ts';
import { HashIndex } from './hash-index.ts';
import { NumberColumn } from './number-column.ts';
import { ValuePages } from './value-pages.ts';
import { Reference } from './value-writer.ts';

/** What of a sleeping call cannot be made out from its reports. */
export interface SleepingCall {
  readonly series: Series | null;
  readonly mark: object | null;
}

export interface SleepingTrace {
  readonly trace: OpenTrace;
  /** In the order of the calls that its reports come to. */
  readonly calls: readonly SleepingCall[];
  /** The only report of one that was put whole. */
  readonly whole: Report | null;
}

/**
 * Open traces that nothing has happened to for a while, in a tenth of the memory of one that is awake: its reports in
 * bytes, and the hashes of all by which it may be asked for. Traces are known by their numbers.
 *
 * Sleep changes nothing that anybody can see: whoever looks for a trace, or for calls that may be one with another,
 * wakes all that have the hash.
 */
export class SleepingTraces {
  readonly pages = new ValuePages();
  readonly #index = new HashIndex();
  /** By the traces' numbers. */
  readonly #places = new NumberColumn(AWAKE);
  /** In which unit of log time the first report of each came. */
  readonly #firstUnits = new NumberColumn(0);
  /** New traces that are found already, and sleep once they are counted; null where one was raised instead. */
  #announced: (WholeTrace | null)[] = [];

  isAsleep(number: number): boolean {
    return this.#places.at(number) >= 0;
  }

  get hasAnnounced(): boolean {
    return this.#announced.length > 0;
  }

  /** Whether anybody is found under this hash. */
  knows(hash: number): boolean {
    return this.#index.first(hash) >= 0;
  }

  /** It is found from now on. */
  announce(whole: WholeTrace): void {
    this.#places.set(whole.number, FIRST_ANNOUNCED - this.#announced.length);
    this.#announced.push(whole);
    this.#list(whole.number, hashesOfWhole(whole.hashes));
  }

  /** It does not sleep, and is not found any more; null for one that was not announced. */
  raise(number: number): WholeTrace | null {
    const index = FIRST_ANNOUNCED - this.#places.at(number);
    const whole = this.#announced[index] ?? null;
    if (whole === null) return null;
    this.#announced[index] = null;
    this.#places.set(number, AWAKE);
    this.#unlist(number, hashesOfWhole(whole.hashes));
    return whole;
  }

  /** Those that were not raised; each is to be put to sleep now. */
  takeAnnounced(): readonly WholeTrace[] {
    const announced = this.#announced.filter((whole) => whole !== null);
    this.#announced = [];
    return announced;
  }

  /** It was announced. */
  putWhole(whole: WholeTrace, mark: object | null): void {
    const { number, at } = whole;
    this.#places.set(number, this.pages.put(packedWhole(whole, mark)));
    this.#firstUnits.set(number, Math.floor(at.loggedAtMs / UNIT_MS));
  }

  put(trace: OpenTrace, hashes: readonly number[]): void {
    const { number } = trace;
    this.#places.set(number, this.pages.put(packed(trace)));
    let firstMs = Number.POSITIVE_INFINITY;
    for (const { loggedAtMs, bookedMs } of trace.reports) firstMs = Math.min(firstMs, loggedAtMs, bookedMs);
    this.#firstUnits.set(number, Math.floor(firstMs / UNIT_MS));
    this.#list(number, hashes);
    for (const report of trace.reports) report.drop();
  }

  get(number: number): SleepingTrace {
    invariant(this.isAsleep(number), 'who is awake cannot be woken');
    const value = this.pages.get(this.#places.at(number));
    return isPackedWhole(value) ? unpackedWhole(value, number) : unpacked(value as Packed, number);
  }

  /** @param hashes those that it was put under */
  delete(number: number, hashes: readonly number[]): void {
    this.pages.free(this.#places.at(number));
    this.#places.set(number, AWAKE);
    this.#unlist(number, hashes);
  }

  /** One that was put whole. */
  deleteWhole(number: number, hashes: WholeHashes): void {
    this.delete(number, hashesOfWhole(hashes));
  }

  /** The numbers of all that were put under this hash. */
  of(hash: number): readonly number[] {
    return this.#index.of(hash);
  }

  lastMsOf(number: number): number {
    return this.pages.firstNumberAt(this.#places.at(number));
  }

  /** The numbers of all of which a report was logged before that, and of some that came soon after it. */
  *before(fromMs: number): Iterable<number> {
    for (const number of this.all()) if (this.#firstUnits.at(number) * UNIT_MS < fromMs) yield number;
  }

  *all(): Iterable<number> {
    for (let number = 0; number < this.#places.length; number++) if (this.isAsleep(number)) yield number;
  }

  #list(number: number, hashes: readonly number[]): void {
    for (const hash of eachOnce(hashes)) this.#index.add(hash, number);
  }

  #unlist(number: number, hashes: readonly number[]): void {
    for (const hash of eachOnce(hashes)) this.#index.delete(hash, number);
  }
}

function hashesOfWhole({ trace, start, end, response }: WholeHashes): readonly number[] {
  return response === null ? [trace, start, end] : [trace, start, end, response];
}

/** Whoever wakes all that have a hash finds nobody twice. Few are compared sooner than a `Set` is made of them. */
function eachOnce(hashes: readonly number[]): Iterable<number> {
  if (hashes.length > FEW) return new Set(hashes);
  return hashes.filter((hash, index) => hashes.indexOf(hash) === index);
}

const FEW = 8;

const AWAKE = -1;
const FIRST_ANNOUNCED = -2;

/** Of when the first report came: exact enough to pass over those that came later, for 680 years. */
const UNIT_MS = 10_000;

type Packed = readonly [
  lastMs: number,
  traceId: string,
  sender: string,
  calls: readonly (Series | null | object)[],
  reports: readonly unknown[],
];

/** Arrays without names for what is told of each report; the report itself is as it came. */
function packed({ lastMs, traceId, sender, nodes, reports }: OpenTrace): readonly unknown[] {
  const calls: unknown[] = [];
  for (const { series, mark } of nodes) calls.push(referenceTo(series), referenceTo(mark));
  const kept: unknown[] = [];
  for (const { loggedAtMs, place, bookedMs, bookedPlace, seenMs, booking, report } of reports) {
    kept.push(loggedAtMs, place, loggedAtMs - bookedMs, place - bookedPlace, seenMs - loggedAtMs);
    kept.push(referenceTo(booking), report);
  }
  return [lastMs, traceId, sender, calls, kept];
}

function unpacked([lastMs, traceId, sender, references, kept]: Packed, number: number): SleepingTrace {
  const trace = new OpenTrace(traceId, sender, number);
  trace.lastMs = lastMs;
  for (let i = 0; i < kept.length; i += VALUES_PER_REPORT) {
    const numbers = kept.slice(i, i + NUMBERS_PER_REPORT) as number[];
    const [loggedAtMs = 0, place = 0, bookedAgo = 0, placesAgo = 0, seenSince = 0] = numbers;
    const [booking, report] = kept.slice(i + NUMBERS_PER_REPORT, i + VALUES_PER_REPORT);
    const open = new OpenReport(report as Report, { loggedAtMs, place });
    open.bookedMs = loggedAtMs - bookedAgo;
    open.bookedPlace = place - placesAgo;
    open.seenMs = loggedAtMs + seenSince;
    open.booking = booking as Booking | null;
    trace.reports.push(open);
  }
  const calls: SleepingCall[] = [];
  for (let i = 0; i < references.length; i += 2) {
    calls.push({ series: references[i] as Series | null, mark: references[i + 1] ?? null });
  }
  return { trace, calls, whole: null };
}

/** Of a trace of one report, told once: what is the same in all of them is not said. */
type PackedWhole = readonly [
  loggedAtMs: number,
  place: number,
  series: Series | null,
  mark: object | null,
  booking: Booking | null,
  report: Report,
];

function isPackedWhole(value: unknown): value is PackedWhole {
  return Array.isArray(value) && typeof value[1] === 'number';
}

function packedWhole({ at, series, booking, report }: WholeTrace, mark: object | null): readonly unknown[] {
  return [at.loggedAtMs, at.place, referenceTo(series), referenceTo(mark), referenceTo(booking), report];
}

function unpackedWhole([loggedAtMs, place, series, mark, booking, report]: PackedWhole, number: number): SleepingTrace {
  const trace = new OpenTrace(report.trace_id, report.sender, number);
  trace.lastMs = loggedAtMs;
  const open = new OpenReport(report, { loggedAtMs, place });
  open.booking = booking;
  trace.reports.push(open);
  return { trace, calls: [{ series, mark }], whole: report };
}

const NUMBERS_PER_REPORT = 5;
const VALUES_PER_REPORT = NUMBERS_PER_REPORT + 2;

function referenceTo(object: object | null): Reference | null {
  return object === null ? null : new Reference(object);
}
