import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { INPUT_TOPICS, TOPICS } from '../../../events/topics.ts';
import {
  anEvaluation,
  aRequest,
  aResponse,
  CORE_OPTIONS,
  FLAT_PRICES,
  MINUTE,
  restart,
  START,
  type Topics,
  topics,
} from '../core-builders.contract.ts';
import { ShardCore } from '../shard-core.ts';

const { requests, evaluations } = TOPICS;

/** What became of the evaluations, summed up over all commits. */
class Judged {
  readonly #counts = new Map<string, number>();

  take(core: ShardCore): this {
    const commit = core.takeEffects().toCommit();
    for (const { route, tally } of commit.evaluations) this.#add(`counted for ${route}`, tally.count);
    for (const letter of commit.deadLetters) this.#add(`dead ${letter.offset}`, 1);
    for (const { counts } of commit.audits) this.#add('waiting', counts.waitingEvaluations);
    return this;
  }

  get result(): object {
    return Object.fromEntries([...this.#counts].filter(([, count]) => count !== 0));
  }

  #add(name: string, count: number): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
  }
}

function end(core: ShardCore): void {
  for (const topic of INPUT_TOPICS) core.seal(topic, START + 1000 * MINUTE);
}

test('an evaluation finds its call however far the requests were read ahead of it', () => {
  const log = topics(
    [aRequest('a', 0, { route: 'early' }), aRequest('other', 60), aRequest('a', 100, { route: 'late' })],
    [],
    [anEvaluation('a', 5)],
  );
  const core = new ShardCore(CORE_OPTIONS);
  core.fold(requests, log[requests], FLAT_PRICES);
  core.fold(evaluations, log[evaluations], FLAT_PRICES);
  end(core);
  assert.deepEqual(new Judged().take(core).result, { 'counted for early': 1 });
});

test('a repeated request does not hide its call from an evaluation that was sent before the repetition', () => {
  const repeats = [0, 10, 20, 30].map((at) => aRequest('a', at));
  const log = topics(repeats, [], [anEvaluation('a', 1)]);
  const core = new ShardCore(CORE_OPTIONS);
  core.fold(requests, log[requests], FLAT_PRICES);
  core.fold(evaluations, log[evaluations], FLAT_PRICES);
  assert.deepEqual(new Judged().take(core).result, { 'counted for chat': 1 });
});

test('the first evaluation after a restart finds the call that it is about', () => {
  const log = topics([aRequest('a', 0)], [aResponse('a', 1)], [anEvaluation('a', 5)]);
  const crashed = new ShardCore(CORE_OPTIONS);
  crashed.fold(requests, log[requests], FLAT_PRICES);
  crashed.fold(TOPICS.responses, log[TOPICS.responses], FLAT_PRICES);
  const core = restart(crashed, crashed.checkpoint(), log);
  core.fold(evaluations, log[evaluations], FLAT_PRICES);
  assert.deepEqual(new Judged().take(core).result, { 'counted for chat': 1 });
});

test('an evaluation that was given up in silence is not given up again after a crash', () => {
  const log = topics([], [], [anEvaluation('nobody', 0)]);
  const core = new ShardCore(CORE_OPTIONS);
  core.seal(requests, START + 16 * MINUTE);
  core.checkpoint();
  core.seal(requests, START + 17 * MINUTE);
  core.fold(evaluations, log[evaluations], FLAT_PRICES);
  assert.equal(core.needsCheckpoint, false);
  const late = new ShardCore(CORE_OPTIONS);
  late.seal(requests, START + 16 * MINUTE);
  late.fold(evaluations, log[evaluations], FLAT_PRICES);
  assert.equal(late.needsCheckpoint, true);
});

const arbitraryLog: fc.Arbitrary<Topics> = fc.tuple(arbitraryTimes(20), arbitraryTimes(12)).map(([asked, judged]) =>
  topics(
    // An id names the same route for ever: which of two calls within one horizon is judged is not promised.
    asked.map(([id, at]) => aRequest(id, at, { route: `of ${id}` })),
    [],
    judged.map(([id, at], index) => anEvaluation(id, at, { name: `n${index % 3}` })),
  ),
);

function arbitraryTimes(maxLength: number): fc.Arbitrary<[string, number][]> {
  const sighting = fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: 0, max: 90 }));
  return fc.array(sighting, { maxLength }).map((all) => all.sort(([, a], [, b]) => a - b));
}

test('the interleaving of requests and evaluations, commits and crashes at any of them change nothing', () => {
  const steps = fc.array(
    fc.record({
      topic: fc.constantFrom(requests, evaluations),
      count: fc.integer({ min: 1, max: 4 }),
      next: fc.constantFrom('go on', 'commit', 'commit with checkpoint', 'commit and crash'),
    }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(arbitraryLog, steps, (log, schedule) => {
      let core = new ShardCore(CORE_OPTIONS);
      let checkpoint = core.checkpoint();
      const judged = new Judged();
      for (const { topic, count, next } of schedule) {
        core.fold(topic, log[topic].slice(core.positions[topic], core.positions[topic] + count), FLAT_PRICES);
        if (next === 'go on') continue;
        judged.take(core);
        if (next === 'commit with checkpoint' || core.needsCheckpoint) checkpoint = core.checkpoint();
        if (next === 'commit and crash') core = restart(core, checkpoint, log);
      }
      for (const topic of INPUT_TOPICS) core.fold(topic, log[topic].slice(core.positions[topic]), FLAT_PRICES);
      end(core);
      const straight = new ShardCore(CORE_OPTIONS);
      for (const topic of INPUT_TOPICS) straight.fold(topic, log[topic], FLAT_PRICES);
      end(straight);
      assert.deepEqual(judged.take(core).result, new Judged().take(straight).result);
    }),
    { numRuns: 1000 },
  );
});
