import type { EventLog } from '../event-log/event-log.ts';
import { INPUT_TOPICS, type InputTopic } from '../events/topics.ts';
import type { Progress } from '../metrics-store/commit.ts';
import type { MetricsStore } from '../metrics-store/metrics-store.ts';
import { decodeCheckpoint } from './core/checkpoint.ts';
import { type CoreOptions, PartitionCore } from './core/partition-core.ts';
import { Recall } from './core/recall.ts';

export interface Recovered {
  readonly core: PartitionCore;
  /** 0 where the partition was never committed. */
  readonly seq: number;
  /** How far the last commit said that the partition is complete; that stays true. */
  readonly completeThroughMs: number;
  readonly recordsRead: number;
}

/**
 * Brings a partition's core back to where its last commit left it. The store holds the position and a checkpoint, the
 * log holds the rest: first what lies within the dedup horizon before the checkpoint, then what was committed after it.
 */
export async function recover(ports: { log: EventLog; store: MetricsStore }, options: CoreOptions): Promise<Recovered> {
  const { log, store } = ports;
  const { partition } = options;
  const core = new PartitionCore(options);
  const progress = await store.loadProgress(partition);
  if (progress === null) {
    for (const topic of INPUT_TOPICS) {
      const bounds = await log.bounds(topic);
      core.skipTo(topic, bounds.find((each) => each.partition === partition)?.start ?? 0);
    }
    core.takeEffects();
    return { core, seq: 0, completeThroughMs: 0, recordsRead: 0 };
  }
  let recordsRead = 0;
  if (progress.checkpoint.length > 0) recordsRead += await recallCheckpoint(log, core, options, progress);
  recordsRead += await replayCommitted(log, core, partition, progress);
  core.takeEffects();
  const { seq, completeThroughMs } = progress;
  return { core, seq, completeThroughMs, recordsRead };
}

async function recallCheckpoint(
  log: EventLog,
  core: PartitionCore,
  options: CoreOptions,
  progress: Progress,
): Promise<number> {
  const horizonMs = options.dedupHorizonMs + options.logTimeSlackMs;
  const recall = new Recall(core, decodeCheckpoint(progress.checkpoint), horizonMs);
  let recordsRead = 0;
  for (const { topic, fromMs, fromOffsetMax, to } of recall.spans) {
    const horizon = await log.offsetAt(topic, options.partition, Math.max(0, fromMs));
    const range = { topic, partition: options.partition, from: Math.min(horizon, fromOffsetMax), to };
    recordsRead += await readAll(log, range, (records) => recall.recall(topic, records));
  }
  recall.finish();
  return recordsRead;
}

/** What these records changed was committed already, so only their place in the join matters. */
async function replayCommitted(
  log: EventLog,
  core: PartitionCore,
  partition: number,
  progress: Progress,
): Promise<number> {
  let recordsRead = 0;
  for (const topic of INPUT_TOPICS) {
    const range = { topic, partition, from: core.positions[topic], to: progress.positions[topic] };
    recordsRead += await readAll(log, range, (records) => core.replay(topic, records));
    core.skipTo(topic, progress.positions[topic]);
  }
  return recordsRead;
}

async function readAll(
  log: EventLog,
  range: { topic: InputTopic; partition: number; from: number; to: number },
  take: (records: Awaited<ReturnType<EventLog['readRange']>>) => void,
): Promise<number> {
  let recordsRead = 0;
  for (let from = range.from; from < range.to; ) {
    const records = await log.readRange({ ...range, from });
    const last = records.at(-1);
    if (last === undefined) break;
    take(records);
    recordsRead += records.length;
    from = last.offset + 1;
  }
  return recordsRead;
}
