import type { EventLog } from '../event-log/event-log.ts';
import { INPUT_TOPICS, TOPICS } from '../events/topics.ts';
import { type Progress, positionKey } from '../metrics-store/commit.ts';
import type { MetricsStore } from '../metrics-store/metrics-store.ts';
import { decodeCheckpoint } from './core/checkpoint/checkpoint.ts';
import { Recall } from './core/checkpoint/recall.ts';
import { type CoreOptions, ShardCore } from './core/shard-core.ts';
import { type LaneRange, readInStep } from './read-in-step.ts';

export interface Recovered {
  readonly core: ShardCore;
  /** 0 where the partition was never committed. */
  readonly seq: number;
  /** How far the last commit said that the partition is complete; that stays true. */
  readonly completeThroughMs: number;
  readonly recordsRead: number;
}

/** A shard, and how many lanes it has by now. */
export interface RecoveryOptions extends CoreOptions {
  readonly laneCount: number;
}

/**
 * Brings a shard's core back to where its last commit left it. The store holds the position and a checkpoint, the
 * log holds the rest: first what lies within the dedup horizon before the checkpoint, then what was committed after it.
 */
export async function recover(
  ports: { log: EventLog; store: MetricsStore },
  options: RecoveryOptions,
): Promise<Recovered> {
  const { log, store } = ports;
  const core = new ShardCore(options);
  while (core.laneCount < options.laneCount) core.addLane();
  const progress = await store.loadProgress(options.partition);
  if (progress === null) {
    await skipToStart(log, core, 0);
    core.takeEffects();
    return { core, seq: 0, completeThroughMs: 0, recordsRead: 0 };
  }
  // Whoever committed last may have heard before us that the topics grew: what it counted there is counted.
  while (isKnown(progress, core, core.laneCount)) core.addLane();
  let recordsRead = 0;
  if (progress.checkpoint.length > 0) recordsRead += await recallCheckpoint(log, core, options, progress);
  recordsRead += await replayCommitted(log, core, progress);
  core.takeEffects();
  const { seq, completeThroughMs } = progress;
  return { core, seq, completeThroughMs, recordsRead };
}

async function recallCheckpoint(
  log: EventLog,
  core: ShardCore,
  options: CoreOptions,
  progress: Progress,
): Promise<number> {
  const horizonMs = options.dedupHorizonMs + options.logTimeSlackMs;
  const recall = new Recall(core, decodeCheckpoint(progress.checkpoint), horizonMs);
  let recordsRead = 0;
  for (const topic of INPUT_TOPICS) {
    const ranges: LaneRange[] = [];
    for (const { lane, fromMs, fromOffsetMax, to } of recall.spans.filter((span) => span.topic === topic)) {
      const partition = core.partitionOf(lane);
      const horizon = await log.offsetAt(topic, partition, Math.max(0, fromMs));
      ranges.push({ topic, partition, lane, from: Math.min(horizon, fromOffsetMax), to });
    }
    recordsRead += await readInStep(log, ranges, (records, lane) => recall.recall(topic, records, lane));
  }
  recall.finish();
  return recordsRead;
}

/** What these records changed was committed already, so only their place in the join matters. */
async function replayCommitted(log: EventLog, core: ShardCore, progress: Progress): Promise<number> {
  // A lane that came after the last commit begins at its start.
  const knownLanes = lanesOf(core).filter((lane) => isKnown(progress, core, lane)).length;
  await skipToStart(log, core, knownLanes);
  let recordsRead = 0;
  for (const topic of INPUT_TOPICS) {
    const ranges = lanesOf(core)
      .slice(0, knownLanes)
      .map((lane): LaneRange => {
        const partition = core.partitionOf(lane);
        const to = progress.positions[positionKey(topic, lane, partition)] ?? 0;
        return { topic, partition, lane, from: core.position(topic, lane), to };
      });
    recordsRead += await readInStep(log, ranges, (records, lane) => core.replay(topic, records, lane));
    for (const { lane, to } of ranges) core.skipTo(topic, to, lane);
  }
  return recordsRead;
}

function lanesOf(core: ShardCore): number[] {
  return Array.from({ length: core.laneCount }, (_, lane) => lane);
}

function isKnown({ positions }: Progress, core: ShardCore, lane: number): boolean {
  return positionKey(TOPICS.requests, lane, core.partitionOf(lane)) in positions;
}

/** Lets the lanes from `fromLane` on begin where the log does. */
export async function skipToStart(log: EventLog, core: ShardCore, fromLane: number): Promise<void> {
  // Mostly there is none, and the questions would be half of all that a recovery asks.
  if (fromLane >= core.laneCount) return;
  for (const topic of INPUT_TOPICS) {
    const bounds = await log.bounds(topic);
    for (let lane = fromLane; lane < core.laneCount; lane++) {
      const partition = core.partitionOf(lane);
      core.skipTo(topic, bounds.find((each) => each.partition === partition)?.start ?? 0, lane);
    }
  }
}
