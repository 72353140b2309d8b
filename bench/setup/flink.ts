import type { Contestant } from '../measure/contest.ts';
import type { DrainGround } from './drain-streamlens.ts';
import { javaCall, readJsonRow, topicPeerDrain } from './topic-peer.ts';

export interface FlinkSetup {
  readonly name: string;
  readonly state: 'rocksdb' | 'hashmap';
  /** Flink's own interval join, or one that lets go of a call as soon as it has both halves. */
  readonly join: 'interval' | 'once';
  /** Rows become visible with a checkpoint. */
  readonly checkpointMs: number;
}

export function flinkDrain(ground: DrainGround, classPath: string, setup: FlinkSetup): Contestant {
  const { name, state, join, checkpointMs } = setup;
  return topicPeerDrain(ground, {
    name,
    application: `flink-${state}-${join}-${checkpointMs}`,
    read: readJsonRow,
    call: ({ bootstrap, directory, application }) =>
      javaCall(classPath, [bootstrap, state, String(checkpointMs), directory, application, join]),
  });
}
