import type { Contestant } from '../measure/contest.ts';
import type { DrainGround } from './drain-streamlens.ts';
import { javaCall, readJsonRow, topicPeerDrain } from './topic-peer.ts';

export interface StreamsSetup {
  readonly name: string;
  readonly guarantee: 'exactly_once_v2' | 'at_least_once';
  readonly store: 'rocksdb' | 'memory';
}

export function kafkaStreamsDrain(ground: DrainGround, classPath: string, setup: StreamsSetup): Contestant {
  const { name, guarantee, store } = setup;
  return topicPeerDrain(ground, {
    name,
    application: `streams-${guarantee}-${store}`.replaceAll('_', '-'),
    read: readJsonRow,
    call: ({ bootstrap, directory, application }) =>
      javaCall(classPath, [bootstrap, guarantee, store, directory, application]),
  });
}
