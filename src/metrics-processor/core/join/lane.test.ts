import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LogRecord } from '../../../event-log/event-log.ts';
import { INPUT_TOPICS, type InputTopic, TOPICS } from '../../../events/topics.ts';
import { decodeCheckpoint } from '../checkpoint/checkpoint.ts';
import { Recall } from '../checkpoint/recall.ts';
import {
  aRequest,
  aResponse,
  CORE_OPTIONS,
  FLAT_PRICES,
  MINUTE,
  noEvent,
  START,
  type Unnumbered,
} from '../core-builders.contract.ts';
import { ShardCore } from '../shard-core.ts';
import { laneOf, offsetOf, placeOf } from './lane.ts';

const LANES = 2;
const OPTIONS = { ...CORE_OPTIONS, partition: 3, shardCount: 6 };

/** The records of a topic in order of log time, each with the lane it went to. */
type Laned = readonly { readonly record: Unnumbered; readonly lane: number }[];

function recordsOf(make: typeof aRequest): fc.Arbitrary<Laned> {
  const drawn = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 90 }), fc.nat(9), fc.nat(LANES - 1));
  return fc
    .array(drawn, { maxLength: 25 })
    .map((records) =>
      records
        .sort(([, a], [, b]) => a - b)
        .map(([id, minute, luck, lane]) => ({ record: luck === 0 ? noEvent(id, minute) : make(id, minute), lane })),
    );
}

/** The sums of all that a core says; the same for every way to come to them. */
class Sums {
  readonly totals = new Map<string, number>();

  add(core: ShardCore): void {
    const { tallies, deadLetters } = core.takeEffects().toCommit();
    for (const { windowStartMs, tally } of tallies) {
      for (const name of ['requests', 'completed', 'unanswered', 'promptTokens', 'completionTokens'] as const) {
        const key = `${windowStartMs} ${name}`;
        this.totals.set(key, (this.totals.get(key) ?? 0) + tally[name]);
      }
    }
    this.totals.set('dead', (this.totals.get('dead') ?? 0) + deadLetters.length);
  }

  get result(): object {
    return [...this.totals].filter(([, count]) => count !== 0).sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

type Input = Readonly<Record<'requests' | 'responses', Laned>>;

const lanedOf = (input: Input, topic: InputTopic): Laned =>
  topic === TOPICS.requests ? input.requests : topic === TOPICS.responses ? input.responses : [];

function foldOnOneLane(input: Input): object {
  const core = new ShardCore(OPTIONS);
  const sums = new Sums();
  for (const topic of INPUT_TOPICS) {
    const records = lanedOf(input, topic).map(({ record }, offset) => ({ ...record, offset }));
    core.fold(topic, records, FLAT_PRICES);
  }
  for (const topic of INPUT_TOPICS) core.seal(topic, START + 1000 * MINUTE);
  sums.add(core);
  return sums.result;
}

function grownCore(): ShardCore {
  const core = new ShardCore(OPTIONS);
  core.addLane();
  return core;
}

/** Each record with its place, in order of log time. */
function placed(laned: Laned): { record: LogRecord; lane: number }[] {
  const next = [0, 0];
  return laned.map(({ record, lane }) => ({ lane, record: { ...record, offset: (next[lane] as number)++ } }));
}

/** As a restart does it, the lanes in step. */
function restart(crashed: ShardCore, checkpoint: Uint8Array, input: Input): ShardCore {
  const core = grownCore();
  const recall = new Recall(core, decodeCheckpoint(checkpoint), OPTIONS.dedupHorizonMs);
  for (const topic of INPUT_TOPICS) {
    const spans = recall.spans.filter((span) => span.topic === topic);
    for (const { record, lane } of placed(lanedOf(input, topic))) {
      const { fromMs, fromOffsetMax, to } = spans[lane] as (typeof spans)[number];
      const isWithin = record.loggedAtMs >= fromMs || record.offset >= fromOffsetMax;
      if (isWithin && record.offset < to) recall.recall(topic, [record], lane);
    }
  }
  recall.finish();
  for (const topic of INPUT_TOPICS) {
    for (const { record, lane } of placed(lanedOf(input, topic))) {
      const isCommitted = record.offset < crashed.position(topic, lane);
      if (isCommitted) core.replay(topic, [record], lane);
    }
  }
  return core;
}

test('lane and offset share a number that gives both back', () => {
  assert.deepEqual([laneOf(placeOf(63, 2 ** 46)), offsetOf(placeOf(63, 2 ** 46))], [63, 2 ** 46]);
});

test('a shard owns every partition that its number leaves as the rest', () => {
  const core = grownCore();
  assert.deepEqual([core.partitionOf(0), core.partitionOf(1), core.laneOf(9)], [3, 9, 1]);
});

test('a response in the new partition joins the request in the old one', () => {
  const core = grownCore();
  core.fold(TOPICS.requests, [{ ...aRequest('a', 0), offset: 0 }], FLAT_PRICES, 0);
  core.fold(TOPICS.responses, [{ ...aResponse('a', 1), offset: 0 }], FLAT_PRICES, 1);
  assert.equal(core.takeEffects().toCommit().tallies[0]?.tally.completed, 1);
});

test('a lane that nothing is known of holds back what would time out', () => {
  const core = new ShardCore(OPTIONS);
  core.fold(TOPICS.requests, [{ ...aRequest('a', 0), offset: 0 }], FLAT_PRICES);
  core.addLane();
  core.seal(TOPICS.responses, START + 60 * MINUTE, 0);
  assert.equal(core.waitingCount, 1);
  core.seal(TOPICS.responses, START + 60 * MINUTE, 1);
  assert.equal(core.waitingCount, 0);
});

test('a dead letter names the partition and the offset that it came from', () => {
  const core = grownCore();
  core.fold(TOPICS.requests, [{ ...noEvent('a', 0), offset: 7 }], FLAT_PRICES, 1);
  const [letter] = core.takeEffects().toCommit().deadLetters;
  assert.deepEqual([letter?.partition, letter?.offset], [9, 7]);
});

test('wherever the partitions put the records, through crashes, the sums are those of one partition', () => {
  const steps = fc.array(
    fc.record({
      topic: fc.constantFrom('requests' as const, 'responses' as const),
      next: fc.constantFrom('go on', 'commit', 'commit with checkpoint', 'commit and crash'),
    }),
    { maxLength: 80 },
  );
  fc.assert(
    fc.property(
      fc.record({ requests: recordsOf(aRequest), responses: recordsOf(aResponse) }),
      steps,
      (input, schedule) => {
        let core = grownCore();
        let checkpoint = core.checkpoint();
        const sums = new Sums();
        const read = { requests: 0, responses: 0 };
        const foldNext = (topic: 'requests' | 'responses') => {
          const next = input[topic][read[topic]];
          if (next === undefined) return;
          const offset = input[topic].slice(0, read[topic]++).filter(({ lane }) => lane === next.lane).length;
          core.fold(TOPICS[topic], [{ ...next.record, offset }], FLAT_PRICES, next.lane);
        };
        for (const { topic, next } of schedule) {
          foldNext(topic);
          if (next === 'go on') continue;
          sums.add(core);
          if (next === 'commit with checkpoint' || core.needsCheckpoint) checkpoint = core.checkpoint();
          if (next === 'commit and crash') core = restart(core, checkpoint, input);
        }
        for (const topic of ['requests', 'responses'] as const) {
          while (read[topic] < input[topic].length) foldNext(topic);
        }
        for (const topic of INPUT_TOPICS) {
          for (let lane = 0; lane < LANES; lane++) core.seal(topic, START + 1000 * MINUTE, lane);
        }
        sums.add(core);
        assert.deepEqual(sums.result, foldOnOneLane(input));
      },
    ),
    { numRuns: 1500 },
  );
});
