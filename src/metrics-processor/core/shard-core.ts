import type { LogRecord } from '../../event-log/event-log.ts';
import { traceIdOf } from '../../events/correlation-key.ts';
import { INPUT_TOPICS, type InputTopic, TOPICS } from '../../events/topics.ts';
import { type Positions, positionKey } from '../../metrics-store/commit.ts';
import type { PriceBook } from '../../prices/price-book.ts';
import type { MeterReport } from '../../reports/meter-report.ts';
import { parseReport } from '../../reports/parse-report.ts';
import { requestIdOf } from '../../reports/report.ts';
import { DEFAULT_TENANT } from '../../reports/resolved-call.ts';
import { invariant } from '../../tally/invariant.ts';
import { type Checkpoint, encodeCheckpoint } from './checkpoint/checkpoint.ts';
import { EvaluationJoin, type Judged } from './join/evaluation-join.ts';
import { Fingerprint } from './join/fingerprint.ts';
import { Join, type JoinOptions } from './join/join.ts';
import { LANES_MAX, laneOf, placeOf } from './join/lane.ts';
import { horizonStartMs } from './join/log-times.ts';
import type { PendingEvaluation } from './join/waiting-evaluations.ts';
import type { PendingRequest } from './join/waiting-requests.ts';
import type { PendingResponse } from './join/waiting-responses.ts';
import { InvalidPlaces } from './records/invalid-places.ts';
import { parseRecord, type RefusedRecord, textOrNull } from './records/parse-record.ts';
import { RequestRecord } from './records/request-record.ts';
import { ResponseRecord } from './records/response-record.ts';
import { SeriesDictionary } from './records/series-dictionary.ts';
import { type JudgedTrace, REPORT_BOUNDS, ReportJudge } from './reports/report-judge.ts';
import { CallSampling } from './sums/call-sampling.ts';
import { type DimensionOptions, NO_DIMENSIONS } from './sums/dimension-deltas.ts';
import type { Effects } from './sums/effects.ts';
import { RecordOutcomes } from './sums/record-outcomes.ts';

export interface CoreOptions extends JoinOptions {
  /** The shard: its number, which is that of its first partition. */
  readonly partition: number;
  /** Into how many shards the ids are divided; the partitions of a shard are so far apart, see `lane.ts`. */
  readonly shardCount: number;
  /** Requests a second of log time up to which every call is kept as a single call. */
  readonly callsPerSecondMax: number;
  readonly fingerprintSeed: number;
  /** A trace is closed when nothing more came of it for so long in log time. */
  readonly traceHorizonMs: number;
  /** Reports of the traces that were used last; others are kept packed. No result depends on it. */
  readonly awakeReportsMax: number;
  /** By what calls are summed beside their series; nothing where absent. */
  readonly dimensions?: DimensionOptions;
  /** Reports of one trace, `REPORT_BOUNDS` where absent. */
  readonly traceReportsMax?: number;
}

/**
 * The pure core: records of one shard in, effects out. No clock, no I/O, no randomness: time is log time,
 * and the same records give the same effects however they are cut into batches or interleaved between topics.
 *
 * The state is changed in place, since copying a million waiting calls per batch would be pure and useless; whoever
 * cannot commit the effects throws the core away and starts from the last checkpoint (`recall.ts`).
 */
export class ShardCore {
  readonly join: Join;
  readonly evaluations: EvaluationJoin;
  readonly sampling: CallSampling;
  readonly invalid = perTopic(() => new InvalidPlaces());
  readonly id: Fingerprint;
  readonly reports: ReportJudge;
  /** The record of the requests topic that was read last. */
  readonly request: RequestRecord;

  /** The next offset to fold, per topic and lane. */
  readonly #positions = perTopic(() => [0]);
  readonly #outcomes: RecordOutcomes;
  readonly #response = new ResponseRecord();
  readonly #options: CoreOptions;
  /** Evaluations that wait are read back before the reports are, and judged when all of these are there. */
  #isRecalling = false;
  /** Spans that came since the last settlement, of those that evaluations wait for. */
  readonly #reported = new Set<string>();

  constructor(options: CoreOptions) {
    this.#options = options;
    const { dimensions = NO_DIMENSIONS } = options;
    this.#outcomes = new RecordOutcomes((lane) => this.partitionOf(lane), dimensions);
    const { texts } = this.#outcomes;
    this.request = new RequestRecord(new SeriesDictionary(), dimensions.names, texts);
    this.join = new Join(options, this.#outcomes, texts);
    this.evaluations = new EvaluationJoin(options, this.#outcomes);
    this.sampling = new CallSampling(options.callsPerSecondMax);
    this.id = new Fingerprint(options.fingerprintSeed);
    this.reports = new ReportJudge(
      { ...REPORT_BOUNDS, ...options, dimensions: dimensions.names, texts },
      {
        effects: () => this.#outcomes.effects,
        sampling: new CallSampling(options.callsPerSecondMax),
        settled: (traces) => this.#ofFollowed(traces, (id) => this.evaluations.traceSettled(id, this.#judgedOf)),
        closed: (traces) => this.#ofFollowed(traces, (id) => this.evaluations.traceClosed(id, this.#judgedOf)),
      },
    );
  }

  get laneCount(): number {
    return this.#positions[TOPICS.requests].length;
  }

  partitionOf(lane: number): number {
    return this.#options.partition + lane * this.#options.shardCount;
  }

  laneOf(partition: number): number {
    return (partition - this.#options.partition) / this.#options.shardCount;
  }

  /** The topics have more partitions than before: one more of them belongs to this shard. */
  addLane(): void {
    invariant(this.laneCount < LANES_MAX, `a shard has at most ${LANES_MAX} lanes`);
    for (const topic of INPUT_TOPICS) this.#positions[topic].push(0);
    this.join.times.addLane();
  }

  /** The next offset to fold. */
  position(topic: InputTopic, lane = 0): number {
    return this.#positions[topic][lane] ?? 0;
  }

  /** All of them, as a commit keeps them. */
  get positions(): Positions {
    const entries = INPUT_TOPICS.flatMap((topic) =>
      this.#positions[topic].map((offset, lane) => [positionKey(topic, lane, this.partitionOf(lane)), offset] as const),
    );
    return Object.fromEntries(entries) as Positions;
  }

  /**
   * Folds the next records of a topic's lane, in order; offsets that the log has dropped may be missing.
   *
   * @returns how many there were
   */
  fold(topic: InputTopic, records: Iterable<LogRecord>, prices: PriceBook, lane = 0): number {
    let count = 0;
    const positions = this.#positions[topic];
    for (const record of records) {
      count++;
      if (record.offset < (positions[lane] as number)) continue;
      positions[lane] = record.offset + 1;
      this.#outcomes.effects.touch();
      const place = placeOf(lane, record.offset);
      if (topic === TOPICS.requests) this.#foldRequest(record, place, prices);
      else if (topic === TOPICS.responses) this.#foldResponse(record, place, prices);
      else if (topic === TOPICS.evaluations) this.#foldEvaluation(record, place);
      else this.foldReport(record, place, judgedAt(prices));
    }
    if (topic === TOPICS.reports) this.#settleReports(judgedAt(prices));
    this.join.giveUpTimedOut();
    this.#forget();
    return count;
  }

  /**
   * Folds records whose effects were committed before: only their place in the join matters. The topics come one after
   * the other here, so more waits for a moment than did at the time; that must not push anything over the bound.
   */
  replay(topic: InputTopic, records: readonly LogRecord[], lane = 0): void {
    this.join.isBounded = this.evaluations.isBounded = false;
    this.fold(topic, records, NO_PRICES, lane);
    this.takeEffects();
    this.join.isBounded = this.evaluations.isBounded = true;
  }

  /** The log has no record for us before `nextOffset`. */
  skipTo(topic: InputTopic, nextOffset: number, lane = 0): void {
    if (nextOffset <= this.position(topic, lane)) return;
    this.#positions[topic][lane] = nextOffset;
    this.#outcomes.effects.touch();
  }

  /** The log says that nothing will be appended to a topic's lane with a time before `throughMs`. */
  seal(topic: InputTopic, throughMs: number, lane = 0): void {
    this.join.passSilence(topic, throughMs, lane);
    if (topic === TOPICS.reports) this.reports.advance(this.join.times.readMs[TOPICS.reports], this.#reportsFromMs);
    this.#forget();
  }

  get effects(): Effects {
    return this.#outcomes.effects;
  }

  takeEffects(): Effects {
    return this.#outcomes.take();
  }

  /** Log time through which every request, response and report is folded. */
  get completeThroughMs(): number {
    const { readMs } = this.join.times;
    return Math.min(readMs[TOPICS.requests], readMs[TOPICS.responses], readMs[TOPICS.reports]);
  }

  get waitingCount(): number {
    return this.join.requests.size + this.join.responses.size + this.evaluations.waitingCount;
  }

  get #reportsFromMs(): number {
    return horizonStartMs(TOPICS.reports, this.join.times.readMs) - this.reports.memoryMs;
  }

  /** True when the next commit must carry a checkpoint, because a replay would not give up what was given up here. */
  get needsCheckpoint(): boolean {
    return this.join.gaveUpBeyondReplay || this.evaluations.gaveUpBeyondReplay || this.reports.hasNewPrices;
  }

  checkpoint(): Uint8Array {
    this.join.gaveUpBeyondReplay = false;
    this.evaluations.gaveUpBeyondReplay = false;
    this.join.times.checkpointed();
    const { requests, responses, times } = this.join;
    const evaluations = this.evaluations.waiting;
    const { openPlaces, closedPlaces, repeatedPlaces, prices } = this.reports.save(this.#reportsFromMs);
    return encodeCheckpoint({
      shardCount: this.#options.shardCount,
      positions: this.#positions,
      timesMs: perTopic((topic) => times.lanesReadMs(topic)),
      waiting: {
        [TOPICS.requests]: Array.from(requests.arrivals, (slot) => requests.place(slot)),
        [TOPICS.responses]: Array.from(responses.arrivals, (slot) => responses.at(slot).pending.place),
        [TOPICS.evaluations]: inOrder([
          ...Array.from(evaluations.arrivals, (slot) => evaluations.at(slot).place),
          ...this.evaluations.following.places(),
        ]),
        [TOPICS.reports]: inOrder([...openPlaces, ...closedPlaces]),
      },
      kept: requests.keptPlaces(),
      sighted: {
        // An evaluation that has seen a call of its own is counted.
        ownTenant: {
          ...NOWHERE,
          [TOPICS.responses]: responses.placesOf('ownTenant'),
          [TOPICS.reports]: repeatedPlaces,
        },
        otherTenant: {
          ...NOWHERE,
          [TOPICS.responses]: responses.placesOf('otherTenant'),
          [TOPICS.evaluations]: evaluations.foreignPlaces(),
          [TOPICS.reports]: inOrder(closedPlaces),
        },
      },
      invalid: perTopic((topic) => this.invalid[topic].places()),
      sampling: this.sampling,
      prices,
    });
  }

  /** Stands where a checkpoint says, once the log was recalled up to it. */
  resumeAt(checkpoint: Checkpoint): void {
    for (const topic of INPUT_TOPICS) {
      this.#positions[topic].splice(0, checkpoint.positions[topic].length, ...checkpoint.positions[topic]);
    }
    this.join.times.resumeAt(checkpoint.timesMs);
    // Also what was closed because the log was silent: only then are those traces open that were.
    this.reports.advance(this.join.times.readMs[TOPICS.reports], this.#reportsFromMs);
    this.evaluations.finishRecall(this.#judgedOf);
    this.sampling.resumeAt(checkpoint.sampling);
  }

  #foldRequest(record: LogRecord, place: number, prices: PriceBook): void {
    const { request } = this;
    const refused = request.read(record);
    if (refused !== null) return this.#refuse(TOPICS.requests, record, place, refused);
    const { loggedAtMs } = record;
    const id = this.id.of(request.key);
    const pending = request.pending(place, loggedAtMs, this.sampling.keeps(loggedAtMs, id.h2));
    const outcome = this.join.request(id, pending);
    if (outcome === 'duplicate') this.#outcomes.requestRepeated(pending);
    else this.#outcomes.requestCounted(pending, request);
    if (typeof outcome === 'object') this.#answer(pending, outcome, prices);
    // The text of the id is made when it is asked for, which most requests are spared.
    if (this.evaluations.waiting.size + this.evaluations.following.size === 0) return;
    const { requestId } = request;
    if (!this.evaluations.concerns(requestId)) return;
    this.evaluations.requestSeen(requestId, this.join.callsOf(this.id.of(request.key)));
  }

  /** A response was there before its request. */
  #answer(pending: PendingRequest, answeredBy: PendingResponse, prices: PriceBook): void {
    const { loggedAtMs, tenantId } = answeredBy;
    const refused = this.#response.read({ ...answeredBy, senderTenant: null });
    invariant(refused === null, 'a response that waits was valid');
    this.#outcomes.answered(pending, { facts: this.#response, loggedAtMs, tenantId, hasWaited: true }, prices);
  }

  #foldResponse(record: LogRecord, place: number, prices: PriceBook): void {
    const response = this.#response;
    const refused = response.read(record);
    if (refused !== null) return this.#refuse(TOPICS.responses, record, place, refused);
    const { loggedAtMs } = record;
    const { tenantId } = response;
    const pending = { place, loggedAtMs, key: response.key, value: response.value, tenantId };
    const outcome = this.join.response(this.id.of(response.key), pending);
    if (outcome === 'duplicate' || outcome === 'waiting') this.#outcomes.responsePut(pending, outcome);
    else this.#outcomes.answered(outcome, { facts: response, loggedAtMs, tenantId, hasWaited: false }, prices);
  }

  #foldEvaluation(record: LogRecord, place: number): void {
    const parsed = parseRecord('evaluation', record);
    if (!parsed.ok) return this.#refuse(TOPICS.evaluations, record, place, parsed);
    const pending = { ...parsed, place, loggedAtMs: record.loggedAtMs };
    this.join.times.passRecord(TOPICS.evaluations, record.loggedAtMs, laneOf(place));
    const outcome = this.evaluations.fold(pending, this.#judgedOf(pending));
    if (outcome !== 'counted') this.#outcomes.evaluationPut(pending, outcome);
  }

  /** The calls of an id, whether they came in two halves or by OTLP. */
  readonly #judgedOf = ({ event, tenantId, loggedAtMs }: PendingEvaluation): Judged => {
    const { request_id: requestId } = event;
    const calls = this.join.callsOf(this.id.of(Buffer.from(requestId)));
    const { readMs, replayMs } = this.join.times;
    const isSilent = readMs[TOPICS.reports] > replayMs[TOPICS.reports];
    if (traceIdOf(requestId) === null) return { calls, spans: [], isSilent };
    // Where the evaluation came with a key for all tenants, the spans may have come without any.
    const senders = tenantId === null || tenantId === '' ? [''] : [tenantId, ''];
    const spans = senders.flatMap((each) => this.reports.knownSpans(each, requestId, loggedAtMs));
    return { calls, spans, isSilent };
  };

  #ofFollowed(traces: Iterable<JudgedTrace>, tell: (traceId: string) => void): void {
    if (this.evaluations.following.size === 0) return;
    for (const { traceId } of traces) tell(traceId);
  }

  #settleReports(prices: PriceBook | null): void {
    this.reports.settle(prices);
    this.evaluations.spansSettled(this.#reported, this.#judgedOf);
    this.#reported.clear();
  }

  beginRecall({ waiting, sighted, prices }: Checkpoint, fromMs: number): void {
    this.#isRecalling = true;
    const closedPlaces = new Set(sighted.otherTenant[TOPICS.reports]);
    const openPlaces = waiting[TOPICS.reports].filter((place) => !closedPlaces.has(place));
    this.reports.beginRecall({ openPlaces, closedPlaces, fromMs, prices });
  }

  /** All up to a checkpoint was read back. */
  finishRecall(): void {
    this.#isRecalling = false;
    this.reports.finishRecall();
  }

  /** Takes a report; `reports.settle` books what it changes. `prices` is null where that is thrown away. */
  foldReport(record: LogRecord, place: number, prices: PriceBook | null, isOlder = false): void {
    const { loggedAtMs, value, senderTenant } = record;
    const { times } = this.join;
    times.passRecord(TOPICS.reports, loggedAtMs, laneOf(place));
    if (this.reports.isDue(times.readMs[TOPICS.reports])) {
      // Before anything is closed, and maybe forgotten at once: a batch may be hours of log time.
      this.#settleReports(prices);
      this.reports.advance(times.readMs[TOPICS.reports], this.#reportsFromMs);
    }
    const parsed = parseReport(value);
    if (!parsed.ok) return this.#refuse(TOPICS.reports, record, place, { ...parsed, reason: 'invalid' });
    // What stands beside the record was put there by who checked the key.
    const report = senderTenant === null ? parsed.report : { ...parsed.report, sender: textOrNull(senderTenant) ?? '' };
    if (report.kind === 'meter') return this.#outcomes.effects.meter(tenantOf(report), report, loggedAtMs);
    if (this.reports.isFullBefore(report)) this.#settleReports(prices);
    const taken = this.reports.take(report, { place, loggedAtMs }, isOlder);
    if (taken === 'late') return this.invalid[TOPICS.reports].add(place, loggedAtMs);
    if (this.#isRecalling || this.evaluations.waiting.size === 0) return;
    const requestId = requestIdOf(report);
    if (this.evaluations.waiting.ofRequest(requestId).length > 0) this.#reported.add(requestId);
  }

  #refuse(topic: InputTopic, record: LogRecord, place: number, why: RefusedRecord): void {
    this.invalid[topic].add(place, record.loggedAtMs);
    this.#outcomes.recordRefused(topic, { ...record, place, tenantId: textOrNull(record.senderTenant) }, why);
  }

  #forget(): void {
    this.evaluations.giveUpTimedOut(this.join.times);
    const memoryMs = this.#options.dedupHorizonMs + this.#options.logTimeSlackMs;
    for (const topic of INPUT_TOPICS) {
      const fromMs = horizonStartMs(topic, this.join.times.readMs) - memoryMs;
      this.invalid[topic].forgetBefore(topic === TOPICS.reports ? this.#reportsFromMs : fromMs);
    }
  }
}

const NOWHERE: Readonly<Record<InputTopic, readonly number[]>> = perTopic(() => []);

/** The API key's tenant wins, as for calls. */
function tenantOf({ sender, tenant }: MeterReport): string {
  return sender === '' ? (tenant ?? DEFAULT_TENANT) : sender;
}

/** Those of each lane in the order of the log. */
function inOrder(places: readonly number[]): readonly number[] {
  return places.toSorted((a, b) => a - b);
}

/** Costs of a replay are thrown away. */
const NO_PRICES: PriceBook = { priceOf: () => null };
const judgedAt = (prices: PriceBook): PriceBook | null => (prices === NO_PRICES ? null : prices);

function perTopic<T>(make: (topic: InputTopic) => T): Record<InputTopic, T> {
  return Object.fromEntries(INPUT_TOPICS.map((topic) => [topic, make(topic)])) as Record<InputTopic, T>;
}
