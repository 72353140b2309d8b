import type { LogRecord } from '../../event-log/event-log.ts';
import { INPUT_TOPICS, type InputTopic, TOPICS } from '../../events/topics.ts';
import type { Checkpoint } from './checkpoint.ts';
import { parseRecord } from './parse-record.ts';
import type { PartitionCore } from './partition-core.ts';

/** What a reader has to hand to a recall: every record of a topic in `[from, to)`. */
export interface RecallSpan {
  readonly topic: InputTopic;
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
 * 1. `recall` all records of each span: their keys alone tell which ids were seen, only waiting ones are parsed
 * 2. `finish`
 * 3. fold what was committed after the checkpoint and throw the effects away
 */
export class Recall {
  readonly spans: readonly RecallSpan[];
  readonly #core: PartitionCore;
  readonly #checkpoint: Checkpoint;
  readonly #waiting: Readonly<Record<InputTopic, ReadonlySet<number>>>;
  readonly #invalid: Readonly<Record<InputTopic, ReadonlySet<number>>>;

  constructor(core: PartitionCore, checkpoint: Checkpoint, horizonMs: number) {
    this.#core = core;
    this.#checkpoint = checkpoint;
    this.#waiting = sets(checkpoint.waiting);
    this.#invalid = sets(checkpoint.invalid);
    this.spans = INPUT_TOPICS.map((topic) => ({
      topic,
      fromMs: checkpoint.timesMs[topic] - horizonMs,
      fromOffsetMax: checkpoint.waiting[topic][0] ?? checkpoint.positions[topic],
      to: checkpoint.positions[topic],
    }));
  }

  recall(topic: InputTopic, records: readonly LogRecord[]): void {
    for (const record of records) {
      if (record.key === null || this.#invalid[topic].has(record.offset)) {
        this.#core.invalid[topic].add(record.offset, record.loggedAtMs);
      } else if (topic === TOPICS.requests) {
        this.#recallRequest(record, record.key);
      } else if (topic === TOPICS.responses) {
        this.#recallResponse(record, record.key);
      } else {
        this.#recallEvaluation(record);
      }
    }
  }

  finish(): void {
    this.#core.resumeAt(this.#checkpoint);
  }

  #recallRequest(record: LogRecord, key: Uint8Array): void {
    const { join, id } = this.#core;
    const entry = join.see(TOPICS.requests, id.of(key), record.loggedAtMs);
    const isWaiting = this.#waiting[TOPICS.requests].has(record.offset);
    // Only evaluations ask what a finished call was about; without any, its value need not be parsed.
    if (!isWaiting && this.#checkpoint.positions[TOPICS.evaluations] === 0) return;
    const parsed = parseRecord('request', record);
    if (!parsed.ok) return;
    // Whether its call was kept is not written down; an answer too many in the calls does no harm.
    const half = this.#core.requestHalf(record, parsed.event, parsed.event.request_id);
    join.ids.series[entry] = half.series;
    if (isWaiting) join.waitForResponse(entry, half);
  }

  #recallResponse(record: LogRecord, key: Uint8Array): void {
    const { join, id } = this.#core;
    const entry = join.see(TOPICS.responses, id.of(key), record.loggedAtMs);
    if (!this.#waiting[TOPICS.responses].has(record.offset)) return;
    const parsed = parseRecord('response', record);
    if (!parsed.ok) return;
    join.waitForRequest(entry, { ...parsed, offset: record.offset, loggedAtMs: record.loggedAtMs });
  }

  #recallEvaluation(record: LogRecord): void {
    const parsed = parseRecord('evaluation', record);
    if (!parsed.ok) return;
    const half = { ...parsed, offset: record.offset, loggedAtMs: record.loggedAtMs };
    this.#core.evaluations.recall(half, this.#waiting[TOPICS.evaluations].has(record.offset));
  }
}

function sets(offsets: Readonly<Record<InputTopic, readonly number[]>>): Record<InputTopic, ReadonlySet<number>> {
  return Object.fromEntries(INPUT_TOPICS.map((topic) => [topic, new Set(offsets[topic])])) as unknown as Record<
    InputTopic,
    ReadonlySet<number>
  >;
}
