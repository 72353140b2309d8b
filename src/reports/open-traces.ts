import { hashOf } from './asleep/hash-index.ts';
import { type SleepingTrace, SleepingTraces } from './asleep/sleeping-traces.ts';
import { type ClosedTrace, closedRoot, closedTrace } from './closed-trace.ts';
import { type ComparedCall, comparedCall } from './compared-call.ts';
import { KeyedItems } from './keyed-items.ts';
import type { LinkedCalls } from './linked-calls.ts';
import { NumberedItems } from './numbered-items.ts';
import { CallNode, Generation, OpenReport, OpenTrace, type ReportPlace, traceKey } from './open-trace.ts';
import { RecentTraces } from './recent-traces.ts';
import { type Report, requestIdOf } from './report.ts';
import { responseHashOf, responseKeyOf } from './response-key.ts';
import { TextPool } from './text-pool.ts';
import type { TraceCall } from './trace-call.ts';
import { mayBeWhole, WholeTrace } from './whole-trace.ts';

/** A larger trace does not sleep as a whole; only its reports are packed. */
const SLEEPING_REPORTS_MAX = 200;

/**
 * Of whole traces fewer stay awake, since nothing comes to most of them any more. With as many as of the others a
 * report took a fourth more CPU time: what was made of it was copied by the collector of garbage until it slept.
 */
const AWAKE_SHARE_OF_WHOLE = 1 / 48;

/** The open traces: those that were used last, and what they are linked to, are awake, the others sleep. */
export class OpenTraces {
  readonly #awake = new KeyedItems<OpenTrace>();
  readonly #byNumber = new NumberedItems<OpenTrace>();
  /** So many were given out, and those of them that nobody has. */
  #numberCount = 0;
  readonly #freeNumbers: number[] = [];
  readonly #sleeping = new SleepingTraces();
  /** Traces that are told of piece by piece. */
  readonly #growing = new RecentTraces();
  /** Traces of one root, of which mostly nothing more comes. */
  readonly #whole = new RecentTraces();
  readonly #awakeMax: number;
  readonly #links: LinkedCalls;
  readonly #onRaised: (trace: OpenTrace) => void;
  /** Looked for last, whether it was found or not: whoever opens a trace has looked for it before. */
  #askedKey: string | null = null;
  #askedHash = 0;
  #asked: OpenTrace | undefined;
  readonly #pool = new TextPool();

  /**
   * @param awakeMax reports of the growing traces that were used last: so many stay awake
   * @param onRaised told of those that were whole, and are to be resolved now as others are
   */
  constructor(links: LinkedCalls, awakeMax: number, onRaised: (trace: OpenTrace) => void) {
    this.#links = links;
    this.#awakeMax = awakeMax;
    this.#onRaised = onRaised;
  }

  get awake(): Iterable<OpenTrace> {
    return this.#awake;
  }

  find(sender: string, traceId: string): OpenTrace | undefined {
    const key = traceKey(sender, traceId);
    if (this.#askedKey === key) return this.#asked;
    const hash = hashOf(key);
    let trace = this.#awake.find(key, hash);
    if (trace === undefined && this.wake(hash)) trace = this.#awake.find(key, hash);
    this.#askedKey = key;
    this.#askedHash = hash;
    this.#asked = trace;
    return trace;
  }

  /** Finds the trace or opens it. */
  open(sender: string, traceId: string): OpenTrace {
    const known = this.find(sender, traceId);
    if (known !== undefined) return known;
    const trace = new OpenTrace(traceId, sender, this.#newNumber());
    this.#begin(trace);
    this.#askedKey = trace.key;
    this.#asked = trace;
    return trace;
  }

  /** Opens a trace of this report, where it is new and one call that is linked to nobody; else null. */
  openWhole(report: Report, at: ReportPlace): WholeTrace | null {
    // What was reported longer ago has a time of its own in the books.
    if (this.#awakeMax === Number.POSITIVE_INFINITY || at.firstMs !== undefined || !mayBeWhole(report)) return null;
    const { sender, trace_id, response_id = null, process } = report;
    if (this.find(sender, trace_id) !== undefined) return null;
    const responseKey = responseKeyOf(sender, response_id, process);
    const response = responseKey === null ? null : responseHashOf(responseKey);
    if (response !== null && this.#sleeping.knows(response)) return null;
    const times = this.#links.addAsleep(report, responseKey);
    if (times === null) return null;
    const hashes = { trace: this.#askedHash, ...times, response };
    const whole = new WholeTrace(this.#newNumber(), report, at, hashes);
    this.#sleeping.announce(whole);
    this.#askedKey = null;
    return whole;
  }

  get hasWhole(): boolean {
    return this.#sleeping.hasAnnounced;
  }

  /** Those that came whole since the last time, and are. */
  takeWhole(): readonly WholeTrace[] {
    return this.#sleeping.takeAnnounced();
  }

  /** It is counted. */
  putToSleep(whole: WholeTrace, mark: object | null): void {
    this.#sleeping.putWhole(whole, mark);
  }

  /** Wakes all that were put to sleep under this hash. @returns whether there was any */
  wake(hash: number): boolean {
    const numbers = this.#sleeping.of(hash);
    for (const number of numbers) this.#wakeUp(number);
    return numbers.length > 0;
  }

  wakeAll(): void {
    for (const number of this.#sleeping.all()) this.#wakeUp(number);
  }

  /** In log time, of the last report of a trace that sleeps; null for one that is awake. */
  sleepingSinceMs(number: number): number | null {
    return this.#sleeping.isAsleep(number) ? this.#sleeping.lastMsOf(number) : null;
  }

  at(number: number): OpenTrace | undefined {
    return this.#byNumber.find(number);
  }

  /** Where the reports lie that were logged before that. */
  placesBefore(fromMs: number): ReportPlace[] {
    const places: ReportPlace[] = [];
    const collect = ({ reports }: OpenTrace): void => {
      for (const { loggedAtMs, place, bookedMs, bookedPlace } of reports) {
        if (loggedAtMs < fromMs) places.push({ place, loggedAtMs });
        if (bookedMs < fromMs && bookedPlace !== place) places.push({ place: bookedPlace, loggedAtMs: bookedMs });
      }
    };
    for (const trace of this.#awake) collect(trace);
    for (const number of this.#sleeping.before(fromMs)) collect(this.#sleeping.get(number).trace);
    return places;
  }

  used(trace: OpenTrace): void {
    const [first] = trace.reports;
    const isWhole = trace.reports.length === 1 && first?.report.parent_id === undefined;
    (isWhole ? this.#growing : this.#whole).leave(trace);
    (isWhole ? this.#whole : this.#growing).use(trace);
  }

  /** Of those that were used last the earlier ones may sleep. Everything has to be settled. */
  rest(): void {
    for (const trace of this.#growing.beyond(this.#awakeMax)) this.#mayRest(trace);
    for (const trace of this.#whole.beyond(this.#awakeMax * AWAKE_SHARE_OF_WHOLE)) this.#mayRest(trace);
  }

  /** A trace that is awake is open no more; its calls are forgotten elsewhere. */
  close(trace: OpenTrace): void {
    this.#leaveRecent(trace);
    this.#end(trace);
    this.#freeNumbers.push(trace.number);
    for (const report of trace.reports) report.drop();
  }

  /** A trace that sleeps is open no more, with its calls. It is not woken for that, only read. */
  closeAsleep(number: number): ClosedTrace {
    const asleep = this.#sleeping.get(number);
    this.#freeNumbers.push(number);
    if (asleep.whole !== null) return this.#closeWhole(asleep, asleep.whole);
    const trace = this.#takeAsleep(asleep);
    this.#links.forgetAsleep(trace.nodes);
    return closedTrace(trace);
  }

  /** As nearly all are. What it is remembered by stands in its report, so that no calls are made of it. */
  #closeWhole({ trace, calls: [call] }: SleepingTrace, report: Report): ClosedTrace {
    const responseKey = responseKeyOf(report.sender, report.response_id ?? null, report.process);
    const response = responseKey === null ? null : responseHashOf(responseKey);
    this.#sleeping.deleteWhole(trace.number, { trace: trace.hash, ...this.#links.hashesOfWhole(report), response });
    this.#links.removeAsleep(report);
    return closedRoot(trace, { series: call?.series ?? null, ids: [requestIdOf(report)] });
  }

  comparedCall(call: TraceCall): ComparedCall {
    return comparedCall(call, (text) => this.#pool.of(text));
  }

  #leaveRecent(trace: OpenTrace): void {
    this.#growing.leave(trace);
    this.#whole.leave(trace);
  }

  #mayRest(trace: OpenTrace): void {
    if (this.#maySleep(trace)) this.#sleep(trace);
    else for (const report of trace.reports) report.pack(this.#sleeping.pages);
  }

  #maySleep({ nodes, reports }: OpenTrace): boolean {
    return reports.length <= SLEEPING_REPORTS_MAX && nodes.every((node) => this.#links.isAlone(node));
  }

  #sleep(trace: OpenTrace): void {
    this.#sleeping.put(trace, this.#hashesOf(trace));
    this.#links.sleep(trace.nodes);
    this.#end(trace);
  }

  /** It is awake from now on. */
  #begin(trace: OpenTrace): void {
    this.#awake.add(trace);
    this.#byNumber.add(trace);
  }

  /** It is not awake any more. */
  #end(trace: OpenTrace): void {
    this.#awake.delete(trace);
    this.#byNumber.delete(trace);
    this.#askedKey = null;
    this.#asked = undefined;
  }

  #newNumber(): number {
    return this.#freeNumbers.pop() ?? this.#numberCount++;
  }

  /** Somebody asks for a trace that was about to be counted as it is. */
  #raise({ number, report, at }: WholeTrace): void {
    this.#links.removeAsleep(report);
    const trace = new OpenTrace(report.trace_id, report.sender, number);
    this.#begin(trace);
    this.#askedKey = null;
    trace.willGrow();
    trace.lastMs = at.loggedAtMs;
    trace.reports.push(new OpenReport(report, at));
    this.#onRaised(trace);
  }

  #wakeUp(number: number): void {
    const whole = this.#sleeping.raise(number);
    if (whole !== null) return this.#raise(whole);
    const trace = this.#takeAsleep(this.#sleeping.get(number));
    this.#begin(trace);
    this.#askedKey = null;
    this.#links.wake(trace.nodes);
    this.used(trace);
  }

  #takeAsleep({ trace, calls }: SleepingTrace): OpenTrace {
    trace.nodes = trace.resolution('now').calls.map((call, index) => {
      const node = new CallNode(this.comparedCall(call), trace);
      node.series = calls[index]?.series ?? null;
      node.mark = calls[index]?.mark ?? null;
      // It is alone.
      node.isHead = true;
      node.generation = new Generation([node]);
      return node;
    });
    this.#sleeping.delete(trace.number, this.#hashesOf(trace));
    return trace;
  }

  #hashesOf({ hash, nodes }: OpenTrace): readonly number[] {
    return [hash, ...nodes.flatMap((node) => this.#links.hashesOf(node))];
  }
}
