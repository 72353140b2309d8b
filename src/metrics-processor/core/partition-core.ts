import type { LogRecord } from '../../event-log/event-log.ts';
import type { LlmRequest } from '../../events/llm-request.ts';
import { parseTimestampMs } from '../../events/timestamp.ts';
import { INPUT_TOPICS, type InputTopic, TOPICS } from '../../events/topics.ts';
import type { PriceBook } from '../../prices/price-book.ts';
import type { Series } from '../../tally/series.ts';
import { tokens } from './answered-call.ts';
import { Books } from './books.ts';
import { CallSampling } from './call-sampling.ts';
import { type Checkpoint, encodeCheckpoint } from './checkpoint.ts';
import type { Effects } from './effects.ts';
import { EvaluationJoin } from './evaluation-join.ts';
import { Fingerprint } from './fingerprint.ts';
import { NONE } from './id-table.ts';
import { InvalidOffsets } from './invalid-offsets.ts';
import { Join, type JoinOptions } from './join.ts';
import type { KnownCall } from './known-call.ts';
import { parseRecord } from './parse-record.ts';
import { horizonStartMs } from './recall.ts';
import { SeriesDictionary } from './series-dictionary.ts';
import type { RequestHalf } from './waiting-requests.ts';

export interface CoreOptions extends JoinOptions {
  readonly partition: number;
  /** Requests a second of log time up to which every call is kept as a single call. */
  readonly callsPerSecondMax: number;
  readonly fingerprintSeed: number;
}

/**
 * The pure core: records of one partition in, effects out. No clock, no I/O, no randomness: time is log time,
 * and the same records give the same effects however they are cut into batches or interleaved between topics.
 *
 * The state is changed in place, since copying a million waiting calls per batch would be pure and useless; whoever
 * cannot commit the effects throws the core away and starts from the last checkpoint (`recall.ts`).
 */
export class PartitionCore {
  /** The next offset to fold, per topic. */
  readonly positions = perTopic(() => 0);
  readonly join: Join;
  readonly evaluations: EvaluationJoin;
  readonly sampling: CallSampling;
  readonly invalid = perTopic(() => new InvalidOffsets());
  readonly id: Fingerprint;

  readonly #books: Books;
  readonly #series = new SeriesDictionary();
  readonly #options: CoreOptions;

  constructor(options: CoreOptions) {
    this.#options = options;
    this.#books = new Books(options.partition);
    this.join = new Join(options, this.#books);
    this.evaluations = new EvaluationJoin(options, this.#books);
    this.sampling = new CallSampling(options.callsPerSecondMax);
    this.id = new Fingerprint(options.fingerprintSeed);
  }

  /** Folds the next records of a topic, in order; offsets that the log has dropped may be missing. */
  fold(topic: InputTopic, records: readonly LogRecord[], prices: PriceBook): void {
    for (const record of records) {
      if (record.offset < this.positions[topic]) continue;
      this.positions[topic] = record.offset + 1;
      this.#books.effects.touch();
      if (topic === TOPICS.requests) this.#foldRequest(record, prices);
      else if (topic === TOPICS.responses) this.#foldResponse(record, prices);
      else this.#foldEvaluation(record);
    }
    this.join.giveUpTimedOut();
    this.#forget();
  }

  /**
   * Folds records whose effects were committed before: only their place in the join matters. The topics come one after
   * the other here, so more waits for a moment than did at the time; that must not push anything over the bound.
   */
  replay(topic: InputTopic, records: readonly LogRecord[]): void {
    this.join.isBounded = this.evaluations.isBounded = false;
    this.fold(topic, records, NO_PRICES);
    this.takeEffects();
    this.join.isBounded = this.evaluations.isBounded = true;
  }

  /** The log has no record for us before `nextOffset`. */
  skipTo(topic: InputTopic, nextOffset: number): void {
    if (nextOffset <= this.positions[topic]) return;
    this.positions[topic] = nextOffset;
    this.#books.effects.touch();
  }

  /** The log says that nothing will be appended to a topic with a time before `throughMs`. */
  seal(topic: InputTopic, throughMs: number): void {
    this.join.passSilence(topic, throughMs);
    this.#forget();
  }

  get effects(): Effects {
    return this.#books.effects;
  }

  takeEffects(): Effects {
    return this.#books.take();
  }

  /** Log time through which every request and response is folded. */
  get completeThroughMs(): number {
    const { readMs } = this.join.times;
    return Math.min(readMs[TOPICS.requests], readMs[TOPICS.responses]);
  }

  get waitingCount(): number {
    return this.join.requests.size + this.join.responses.size + this.evaluations.waiting.size;
  }

  /** True when the next commit must carry a checkpoint, because a replay would not give up what was given up here. */
  get needsCheckpoint(): boolean {
    return this.join.gaveUpBeyondReplay || this.evaluations.gaveUpBeyondReplay;
  }

  checkpoint(): Uint8Array {
    this.join.gaveUpBeyondReplay = false;
    this.evaluations.gaveUpBeyondReplay = false;
    this.join.times.checkpointed();
    const { requests, responses } = this.join;
    const evaluations = this.evaluations.waiting;
    return encodeCheckpoint({
      positions: this.positions,
      timesMs: this.join.times.readMs,
      waiting: {
        [TOPICS.requests]: Array.from(requests.arrivals, (slot) => requests.offset[slot] as number),
        [TOPICS.responses]: Array.from(responses.arrivals, (slot) => responses.at(slot).half.offset),
        [TOPICS.evaluations]: Array.from(evaluations.arrivals, (slot) => evaluations.at(slot).offset),
      },
      invalid: perTopic((topic) => this.invalid[topic].offsets()),
      sampling: this.sampling,
    });
  }

  /** Stands where a checkpoint says, once the log was recalled up to it. */
  resumeAt(checkpoint: Checkpoint): void {
    Object.assign(this.positions, checkpoint.positions);
    this.join.times.resumeAt(checkpoint.timesMs);
    this.sampling.resumeAt(checkpoint.sampling);
  }

  seriesOf(event: LlmRequest): Series {
    const { tenant_id: tenantId, route, model, provider } = event;
    return this.#series.of({ tenantId, route, model, provider: provider ?? '' });
  }

  /** What the join keeps of a request. */
  requestHalf(record: LogRecord, event: LlmRequest, keptId: string | null): RequestHalf {
    return {
      series: this.seriesOf(event),
      offset: record.offset,
      loggedAtMs: record.loggedAtMs,
      timestampMs: parseTimestampMs(event.timestamp),
      promptTokens: tokens(event.prompt_tokens),
      cachedPromptTokens: tokens(event.cached_prompt_tokens),
      cacheWriteTokens: tokens(event.cache_write_tokens),
      keptId,
    };
  }

  #foldRequest(record: LogRecord, prices: PriceBook): void {
    const parsed = parseRecord('request', record);
    if (!parsed.ok) return this.#refuse(TOPICS.requests, record, parsed);
    const { event, key } = parsed;
    const id = this.id.of(key);
    const isKept = this.sampling.keeps(record.loggedAtMs, id.h2);
    const half = this.requestHalf(record, event, isKept ? event.request_id : null);
    const outcome = this.join.request(id, half);
    if (outcome === 'duplicate') this.#books.requestRepeated(half);
    else this.#books.requestCounted(half, event);
    if (outcome === 'unanswered') this.#books.requestUnanswered(half);
    else if (typeof outcome === 'object') this.#books.answered(half, outcome.answeredBy, prices, true);
    if (this.evaluations.waiting.size > 0) this.evaluations.requestSeen(event.request_id, this.#knownCalls(key));
  }

  #foldResponse(record: LogRecord, prices: PriceBook): void {
    const parsed = parseRecord('response', record);
    if (!parsed.ok) return this.#refuse(TOPICS.responses, record, parsed);
    const half = { ...parsed, offset: record.offset, loggedAtMs: record.loggedAtMs };
    const outcome = this.join.response(this.id.of(parsed.key), half);
    if (outcome === 'duplicate' || outcome === 'waiting') this.#books.responsePut(half, outcome);
    else if (outcome === 'orphan') this.#books.responseRefused(half);
    else this.#books.answered(outcome.answers, half, prices, false);
  }

  #foldEvaluation(record: LogRecord): void {
    const parsed = parseRecord('evaluation', record);
    if (!parsed.ok) return this.#refuse(TOPICS.evaluations, record, parsed);
    const half = { ...parsed, offset: record.offset, loggedAtMs: record.loggedAtMs };
    this.join.times.passRecord(TOPICS.evaluations, record.loggedAtMs);
    const outcome = this.evaluations.fold(half, this.#knownCalls(parsed.key));
    if (outcome !== 'counted') this.#books.evaluationPut(half, outcome);
  }

  #knownCalls(key: Uint8Array): readonly KnownCall[] {
    const entry = this.join.ids.find(this.id.of(key));
    return entry === NONE ? [] : this.join.ids.callsOf(entry);
  }

  #refuse(topic: InputTopic, record: LogRecord, why: Parameters<Books['recordRefused']>[2]): void {
    this.invalid[topic].add(record.offset, record.loggedAtMs);
    this.#books.recordRefused(topic, record, why);
  }

  #forget(): void {
    const { times } = this.join;
    this.evaluations.giveUpTimedOut(times);
    const memoryMs = this.#options.dedupHorizonMs + this.#options.logTimeSlackMs;
    for (const topic of INPUT_TOPICS) this.invalid[topic].forgetBefore(horizonStartMs(topic, times.readMs) - memoryMs);
  }
}

/** Costs of a replay are thrown away. */
const NO_PRICES: PriceBook = { priceOf: () => null };

function perTopic<T>(make: (topic: InputTopic) => T): Record<InputTopic, T> {
  return Object.fromEntries(INPUT_TOPICS.map((topic) => [topic, make(topic)])) as Record<InputTopic, T>;
}
