import type { LogRecord } from '../../event-log/event-log.ts';
import { traceIdOf } from '../../events/correlation-key.ts';
import { INPUT_TOPICS, type InputTopic, TOPICS } from '../../events/topics.ts';
import { type Positions, positionKey } from '../../metrics-store/commit.ts';
import type { PriceBook } from '../../prices/price-book.ts';
import type { MeterReport } from '../../reports/meter-report.ts';
import { parseReport } from '../../reports/parse-report.ts';
import { DEFAULT_TENANT } from '../../reports/resolved-call.ts';
import { invariant } from '../../tally/invariant.ts';
import { type Checkpoint, encodeCheckpoint } from './checkpoint/checkpoint.ts';
import { EvaluationJoin } from './join/evaluation-join.ts';
import { Fingerprint } from './join/fingerprint.ts';
import { Join, type JoinOptions } from './join/join.ts';
import type { KnownCall } from './join/known-call.ts';
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
import { ReportJudge } from './reports/report-judge.ts';
import { CallSampling } from './sums/call-sampling.ts';
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
  readonly request = new RequestRecord(new SeriesDictionary());

  /** The next offset to fold, per topic and lane. */
  readonly #positions = perTopic(() => [0]);
  readonly #outcomes: RecordOutcomes;
  readonly #response = new ResponseRecord();
  readonly #options: CoreOptions;

  constructor(options: CoreOptions) {
    this.#options = options;
    this.#outcomes = new RecordOutcomes((lane) => this.partitionOf(lane));
    this.join = new Join(options, this.#outcomes);
    this.evaluations = new EvaluationJoin(options, this.#outcomes);
    this.sampling = new CallSampling(options.callsPerSecondMax);
    this.id = new Fingerprint(options.fingerprintSeed);
    this.reports = new ReportJudge(
      { ...options, traceReportsMax: TRACE_REPORTS_MAX, openReportsMax: OPEN_REPORTS_MAX },
      { effects: () => this.#outcomes.effects, sampling: new CallSampling(options.callsPerSecondMax) },
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
    if (topic === TOPICS.reports) this.reports.advance(this.join.times.readMs[TOPICS.reports]);
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
    return this.join.requests.size + this.join.responses.size + this.evaluations.waiting.size;
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
    return encodeCheckpoint({
      shardCount: this.#options.shardCount,
      positions: this.#positions,
      timesMs: perTopic((topic) => times.lanesReadMs(topic)),
      waiting: {
        [TOPICS.requests]: Array.from(requests.arrivals, (slot) => requests.place(slot)),
        [TOPICS.responses]: Array.from(responses.arrivals, (slot) => responses.at(slot).pending.place),
        [TOPICS.evaluations]: Array.from(evaluations.arrivals, (slot) => evaluations.at(slot).place),
        [TOPICS.reports]: this.reports.placesBefore(times.readMs[TOPICS.reports] - this.reports.memoryMs),
      },
      kept: requests.keptPlaces(),
      sighted: {
        // An evaluation that has seen a call of its own is counted.
        ownTenant: { ...NOWHERE, [TOPICS.responses]: responses.placesOf('ownTenant') },
        otherTenant: {
          ...NOWHERE,
          [TOPICS.responses]: responses.placesOf('otherTenant'),
          [TOPICS.evaluations]: evaluations.foreignPlaces(),
        },
      },
      invalid: perTopic((topic) => this.invalid[topic].places()),
      sampling: this.sampling,
      prices: this.reports.savePrices(times.readMs[TOPICS.reports]),
    });
  }

  /** Stands where a checkpoint says, once the log was recalled up to it. */
  resumeAt(checkpoint: Checkpoint): void {
    for (const topic of INPUT_TOPICS) {
      this.#positions[topic].splice(0, checkpoint.positions[topic].length, ...checkpoint.positions[topic]);
    }
    this.join.times.resumeAt(checkpoint.timesMs);
    this.sampling.resumeAt(checkpoint.sampling);
  }

  /** What the join keeps of the request that was read last. */
  pendingRequest(place: number, loggedAtMs: number, isKept: boolean): PendingRequest {
    const { series, timestampMs, promptTokens, cachedPromptTokens, cacheWriteTokens } = this.request;
    const keptId = isKept ? this.request.requestId : null;
    // A kept call is written with its details before it is answered.
    const details = isKept ? null : this.request.kept();
    const counts = { promptTokens, cachedPromptTokens, cacheWriteTokens };
    return { series, place, loggedAtMs, timestampMs, ...counts, keptId, details };
  }

  #foldRequest(record: LogRecord, place: number, prices: PriceBook): void {
    const { request } = this;
    const refused = request.read(record);
    if (refused !== null) return this.#refuse(TOPICS.requests, record, place, refused);
    const { loggedAtMs } = record;
    const id = this.id.of(request.key);
    const pending = this.pendingRequest(place, loggedAtMs, this.sampling.keeps(loggedAtMs, id.h2));
    const outcome = this.join.request(id, pending);
    if (outcome === 'duplicate') this.#outcomes.requestRepeated(pending);
    else this.#outcomes.requestCounted(pending, request);
    if (typeof outcome === 'object') this.#answer(pending, outcome, prices);
    if (this.evaluations.waiting.size > 0) {
      this.evaluations.requestSeen(request.requestId, this.join.callsOf(this.id.of(request.key)));
    }
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
    const outcome = this.evaluations.fold(pending, this.#callsOf(parsed.event.request_id, pending));
    if (outcome !== 'counted') this.#outcomes.evaluationPut(pending, outcome);
  }

  /** The calls of an id, whether they came in two halves or by OTLP. */
  #callsOf(requestId: string, { tenantId, loggedAtMs }: PendingEvaluation): readonly KnownCall[] {
    const calls = this.join.callsOf(this.id.of(Buffer.from(requestId)));
    if (traceIdOf(requestId) === null) return calls;
    // Where the evaluation came with a key for all tenants, the spans may have come without any.
    const senders = new Set([tenantId ?? '', '']);
    return [
      ...calls,
      ...Array.from(senders, (each) => this.reports.knownCall(each, requestId, loggedAtMs) ?? []).flat(),
    ];
  }

  #settleReports(prices: PriceBook | null): void {
    this.reports.settle(prices);
    if (this.evaluations.waiting.size === 0) return;
    for (const pending of this.evaluations.waiting.ofSpans()) {
      const { request_id: requestId } = pending.event;
      this.evaluations.requestSeen(requestId, this.#callsOf(requestId, pending));
    }
  }

  /** Takes a report; `reports.settle` books what it changes. `prices` is null where that is thrown away. */
  foldReport(record: LogRecord, place: number, prices: PriceBook | null): void {
    const { loggedAtMs, value, senderTenant } = record;
    const { times } = this.join;
    times.passRecord(TOPICS.reports, loggedAtMs, laneOf(place));
    if (this.reports.isDue(times.readMs[TOPICS.reports])) {
      this.reports.settle(prices);
      this.reports.advance(times.readMs[TOPICS.reports]);
    }
    const parsed = parseReport(value);
    if (!parsed.ok) {
      return this.#refuse(TOPICS.reports, record, place, { ok: false, reason: 'invalid', detail: parsed.detail });
    }
    // What stands beside the record was put there by who checked the key.
    const report = senderTenant === null ? parsed.report : { ...parsed.report, sender: textOf(senderTenant) };
    if (report.kind === 'meter') return this.#outcomes.effects.meter(tenantOf(report), report, loggedAtMs);
    const taken = this.reports.take(report, textOf(value as Uint8Array), { place, loggedAtMs });
    if (taken === 'late') this.invalid[TOPICS.reports].add(place, loggedAtMs);
  }

  #refuse(topic: InputTopic, record: LogRecord, place: number, why: RefusedRecord): void {
    this.invalid[topic].add(place, record.loggedAtMs);
    this.#outcomes.recordRefused(topic, { ...record, place, tenantId: textOrNull(record.senderTenant) }, why);
  }

  #forget(): void {
    const { times } = this.join;
    this.evaluations.giveUpTimedOut(times);
    const memoryMs = this.#options.dedupHorizonMs + this.#options.logTimeSlackMs;
    for (const topic of INPUT_TOPICS) {
      const readBackMs = topic === TOPICS.reports ? this.reports.memoryMs : memoryMs;
      this.invalid[topic].forgetBefore(horizonStartMs(topic, times.readMs) - readBackMs);
    }
  }
}

const NOWHERE: Readonly<Record<InputTopic, readonly number[]>> = perTopic(() => []);
/** A trace of so many reports is no trace of a program but a loop. */
const TRACE_REPORTS_MAX = 5000;
/** Some 800 bytes each. */
const OPEN_REPORTS_MAX = 500_000;

/** The API key's tenant wins, as for calls. */
function tenantOf({ sender, tenant }: MeterReport): string {
  return sender === '' ? (tenant ?? DEFAULT_TENANT) : sender;
}

const DECODER = new TextDecoder();

function textOf(bytes: Uint8Array): string {
  return DECODER.decode(bytes);
}

/** Costs of a replay are thrown away. */
const NO_PRICES: PriceBook = { priceOf: () => null };

const judgedAt = (prices: PriceBook): PriceBook | null => (prices === NO_PRICES ? null : prices);

function perTopic<T>(make: (topic: InputTopic) => T): Record<InputTopic, T> {
  return Object.fromEntries(INPUT_TOPICS.map((topic) => [topic, make(topic)])) as Record<InputTopic, T>;
}
