import type { LogRecord } from '../../../event-log/event-log.ts';
import { INPUT_TOPICS, type InputTopic, TOPICS } from '../../../events/topics.ts';
import { laneOf, offsetOf, placeOf } from '../join/lane.ts';
import { horizonStartMs } from '../join/log-times.ts';
import { Sightings } from '../join/sightings.ts';
import { parseRecord, textOrNull } from '../records/parse-record.ts';
import type { ShardCore } from '../shard-core.ts';
import type { Checkpoint } from './checkpoint.ts';
import { PlaceCursors } from './place-cursors.ts';

/** What a reader has to hand to a recall: every record of a topic's lane in `[from, to)`. */
export interface RecallSpan {
  readonly topic: InputTopic;
  readonly lane: number;
  /** The dedup horizon begins here in log time; the caller finds the offset. */
  readonly fromMs: number;
  /** The oldest waiting record, which may lie before that. */
  readonly fromOffsetMax: number;
  readonly to: number;
}

/**
 * Takes a checkpoint back into an empty core, from the log: the state is a function of the log, so nothing else was
 * ever written down.
 *
 * 1. `recall` all records of each span, the lanes of a topic together in order of log time. Requests are parsed for
 *    their tenant and series; the keys of responses, and beside them their senders' tenants, tell which ids were seen,
 *    and only waiting ones are parsed
 * 2. `finish`
 * 3. fold what was committed after the checkpoint and throw the effects away
 */
export class Recall {
  readonly spans: readonly RecallSpan[];
  readonly #core: ShardCore;
  readonly #checkpoint: Checkpoint;
  readonly #waiting: Readonly<Record<InputTopic, PlaceCursors>>;
  readonly #invalid: Readonly<Record<InputTopic, PlaceCursors>>;
  readonly #kept: PlaceCursors;
  readonly #ownSighted: Readonly<Record<InputTopic, PlaceCursors>>;
  readonly #otherSighted: Readonly<Record<InputTopic, PlaceCursors>>;

  constructor(core: ShardCore, checkpoint: Checkpoint, horizonMs: number) {
    this.#core = core;
    this.#checkpoint = checkpoint;
    this.#waiting = cursors(checkpoint.waiting);
    this.#invalid = cursors(checkpoint.invalid);
    this.#kept = new PlaceCursors(checkpoint.kept);
    this.#ownSighted = cursors(checkpoint.sighted.ownTenant);
    this.#otherSighted = cursors(checkpoint.sighted.otherTenant);
    const timesMs = readTimes(checkpoint);
    const reportsFromMs = horizonStartMs(TOPICS.reports, timesMs) - core.reports.memoryMs;
    core.beginRecall(checkpoint, reportsFromMs);
    this.spans = INPUT_TOPICS.flatMap((topic) =>
      checkpoint.positions[topic].map((to, lane) => ({
        topic,
        lane,
        fromMs: topic === TOPICS.reports ? reportsFromMs : horizonStartMs(topic, timesMs) - horizonMs,
        fromOffsetMax: Math.min(to, ...waitingOffsets(checkpoint, topic, lane)),
        to,
      })),
    );
  }

  recall(topic: InputTopic, records: readonly LogRecord[], lane = 0): void {
    const fromMs = this.spans.find((span) => span.topic === topic)?.fromMs ?? 0;
    for (const record of records) {
      const place = placeOf(lane, record.offset);
      // Read only because the oldest waiting record lies there. Its like are forgotten, also which of them were
      // invalid.
      if (record.loggedAtMs < fromMs && !this.#waiting[topic].has(place)) continue;
      if (record.key === null || this.#invalid[topic].has(place)) {
        this.#core.invalid[topic].add(place, record.loggedAtMs);
      } else if (topic === TOPICS.reports) {
        this.#core.foldReport(record, place, null, this.#ownSighted[topic].has(place));
      } else if (topic === TOPICS.requests) {
        this.#recallRequest(record, place, record.key);
      } else if (topic === TOPICS.responses) {
        this.#recallResponse(record, place, record.key);
      } else {
        this.#recallEvaluation(record, place);
      }
    }
  }

  finish(): void {
    this.#core.finishRecall();
    this.#core.takeEffects();
    this.#core.resumeAt(this.#checkpoint);
  }

  #recallRequest(record: LogRecord, place: number, key: Uint8Array): void {
    const { join, id, request } = this.#core;
    const { loggedAtMs } = record;
    const isWaiting = this.#waiting[TOPICS.requests].has(place);
    // It was valid when it was folded; a newer program may think otherwise, and knows nothing of it then.
    if (request.read(record) !== null) return;
    const entry = join.ids.touchOf(id.of(key), request.series.tenantId);
    const begins = join.seeRequest(entry, loggedAtMs);
    if (begins) join.beginCall(entry, { series: request.series, loggedAtMs });
    if (isWaiting) join.waitForResponse(entry, this.#core.request.pending(place, loggedAtMs, this.#kept.has(place)));
  }

  #recallResponse(record: LogRecord, place: number, key: Uint8Array): void {
    const { join, id } = this.#core;
    const { loggedAtMs } = record;
    const isWaiting = this.#waiting[TOPICS.responses].has(place);
    const parsed = isWaiting || mayNameTenant(record) ? parseRecord('response', record) : null;
    if (parsed?.ok === false) return;
    const tenantId = parsed === null ? textOrNull(record.senderTenant) : parsed.tenantId;
    join.seeResponse(id.of(key), { tenantId, loggedAtMs });
    if (!isWaiting || parsed === null) return;
    const sightings = new Sightings();
    sightings.ownTenant = this.#ownSighted[TOPICS.responses].has(place);
    sightings.otherTenant = this.#otherSighted[TOPICS.responses].has(place);
    join.waitForRequest(id, { place, loggedAtMs, key, value: parsed.value, tenantId }, sightings);
  }

  #recallEvaluation(record: LogRecord, place: number): void {
    const parsed = parseRecord('evaluation', record);
    if (!parsed.ok) return;
    const pending = { ...parsed, place, loggedAtMs: record.loggedAtMs };
    const isWaiting = this.#waiting[TOPICS.evaluations].has(place);
    this.#core.evaluations.recall(pending, { isWaiting, isForeign: this.#otherSighted[TOPICS.evaluations].has(place) });
  }
}

/** Whether the value has to be parsed to know whose the response is. Nearly none names its tenant. */
function mayNameTenant({ senderTenant, value }: LogRecord): boolean {
  // What was sent with a key names no other tenant than the key's, or was refused.
  if (senderTenant !== null || value === null) return false;
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return bytes.includes(TENANT_FIELD) || bytes.includes(BACKSLASH);
}

const TENANT_FIELD = Buffer.from('tenant_id');
/** Any letter of a name may be written as an escape. */
const BACKSLASH = 0x5c;

/** How far each topic was read: as far as the least of its lanes. */
function readTimes({ timesMs }: Checkpoint): Record<InputTopic, number> {
  const entries = INPUT_TOPICS.map((topic) => [topic, Math.min(...timesMs[topic])]);
  return Object.fromEntries(entries) as Record<InputTopic, number>;
}

/** The oldest waiting offset of a lane, or none. */
function waitingOffsets({ waiting }: Checkpoint, topic: InputTopic, lane: number): number[] {
  const oldest = waiting[topic].find((place) => laneOf(place) === lane);
  return oldest === undefined ? [] : [offsetOf(oldest)];
}

function cursors(places: Readonly<Record<InputTopic, readonly number[]>>): Record<InputTopic, PlaceCursors> {
  return Object.fromEntries(INPUT_TOPICS.map((topic) => [topic, new PlaceCursors(places[topic])])) as Record<
    InputTopic,
    PlaceCursors
  >;
}
