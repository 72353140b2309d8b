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
  minute,
  restart,
  START,
  type Topics,
  topics,
} from '../core-builders.contract.ts';
import { ShardCore } from '../shard-core.ts';
import { EvaluationJoin, type EvaluationJoinOptions } from './evaluation-join.ts';
import type { KnownCall } from './known-call.ts';
import { LogTimes } from './log-times.ts';
import type { PendingEvaluation } from './waiting-evaluations.ts';

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

const JOIN_OPTIONS: EvaluationJoinOptions = {
  joinTimeoutMs: 100,
  dedupHorizonMs: 300,
  logTimeSlackMs: 0,
  pendingMax: 1_000,
  pendingBytesMax: 1_000_000,
  fingerprintSeed: 7,
};

/** The join alone; what it says is told by the offsets of the evaluations. */
class Bench {
  readonly join: EvaluationJoin;
  readonly said: string[] = [];
  readonly times = new LogTimes();
  #place = 0;

  constructor(options: Partial<EvaluationJoinOptions> = {}) {
    this.join = new EvaluationJoin(
      { ...JOIN_OPTIONS, ...options },
      {
        evaluationCounted: ({ route }, { place }, hasWaited) =>
          this.said.push(`${place} for ${route}${hasWaited ? ', which it waited for' : ''}`),
        evaluationTakenBack: ({ route }, { place }) => this.said.push(`${place} taken back from ${route}`),
        evaluationLost: ({ place }, reason) => this.said.push(`${place} lost: ${reason}`),
      },
    );
  }

  fold(id: string, loggedAtMs: number, { calls = [], tenantId = null, ...more }: FoldParts = {}): string {
    const event = { request_id: id, name: 'helpful', timestamp: minute(0), passed: true, ...more };
    const value = Buffer.from(JSON.stringify(event));
    const pending = { event, place: this.#place++, loggedAtMs, key: Buffer.from(id), value, tenantId };
    return this.join.fold(pending satisfies PendingEvaluation, { calls, spans: [], isSilent: false });
  }

  readThrough(topic: (typeof INPUT_TOPICS)[number], toMs: number): void {
    this.times.passSilence(topic, toMs, 0);
    this.join.giveUpTimedOut(this.times);
  }
}

interface FoldParts {
  readonly calls?: readonly KnownCall[];
  readonly tenantId?: string | null;
  readonly name?: string;
  readonly evaluator?: string;
  readonly tenant_id?: string;
  readonly route?: string;
  readonly model?: string;
}

interface SeenParts {
  readonly tenantId?: string;
  readonly firstSeenMs?: number;
  readonly lastSeenMs?: number;
}

function aCallOf(route: string, { tenantId = 'acme', firstSeenMs = 0, lastSeenMs }: SeenParts = {}): KnownCall {
  const series = { tenantId, route, model: 'm', provider: '' };
  return { series, firstSeenMs, lastSeenMs: lastSeenMs ?? firstSeenMs };
}

test('an evaluation that names tenant, route and model needs no call, one that leaves out any of them does', () => {
  const named = { tenant_id: 'acme', route: 'own', model: 'm' };
  for (const missing of [null, 'tenant_id', 'route', 'model'] as const) {
    const bench = new Bench();
    const parts = Object.fromEntries(Object.entries(named).filter(([name]) => name !== missing));
    assert.equal(bench.fold('a', 0, parts), missing === null ? 'counted' : 'waiting');
    assert.deepEqual(bench.said, missing === null ? ['0 for own'] : []);
  }
});

test('an evaluation is itself again only with the same call, name, evaluator and tenant, within the horizon', () => {
  const bench = new Bench();
  const others: readonly FoldParts[] = [{}, { name: 'n' }, { evaluator: 'e' }, { tenantId: 't' }];
  assert.deepEqual(
    others.map((parts) => bench.fold('a', 0, parts)),
    Array(4).fill('waiting'),
  );
  assert.equal(bench.fold('b', 0), 'waiting');
  assert.deepEqual(
    others.map((parts) => bench.fold('a', 300, parts)),
    Array(4).fill('duplicate'),
  );
  assert.equal(bench.fold('b', 301), 'waiting');
  assert.equal(bench.fold('b', 100), 'duplicate');
  assert.equal(bench.fold('b', 601), 'duplicate');
});

test('an evaluation is about the first call of its tenant that is within reach', () => {
  const calls = [
    aCallOf('too long ago', { lastSeenMs: 699 }),
    aCallOf('of others', { tenantId: 'other', firstSeenMs: 900 }),
    aCallOf('first', { firstSeenMs: 600, lastSeenMs: 700 }),
    aCallOf('second', { firstSeenMs: 900 }),
  ];
  const bench = new Bench();
  bench.fold('a', 1_000, { calls, tenantId: 'acme' });
  bench.fold('b', 1_000, { calls });
  assert.deepEqual(bench.said, ['0 for first', '1 for of others']);
});

test('what waits is counted for the call that comes, if it comes in time and is its own', () => {
  const bench = new Bench();
  bench.fold('a', 0, { tenantId: 'acme' });
  bench.fold('a', 50, { tenantId: 'other', name: 'n' });
  bench.fold('b', 0);
  bench.join.requestSeen('a', [aCallOf('late', { firstSeenMs: 101 })]);
  assert.deepEqual(bench.said, []);
  bench.join.requestSeen('a', [aCallOf('in time', { firstSeenMs: 100 })]);
  assert.deepEqual(bench.said, ['0 for in time, which it waited for']);
  assert.equal(bench.join.waiting.size, 2);
});

test('an evaluation is given up when requests have passed it by the timeout, as foreign where it saw others only', () => {
  const bench = new Bench();
  bench.fold('a', 0);
  bench.fold('b', 0, { tenantId: 'acme', calls: [aCallOf('theirs', { tenantId: 'other' })] });
  bench.fold('c', 0, { tenantId: 'acme' });
  bench.join.requestSeen('c', [aCallOf('theirs', { tenantId: 'other', firstSeenMs: 50 })]);
  bench.readThrough(TOPICS.evaluations, 10_000);
  bench.readThrough(requests, 100);
  assert.deepEqual(bench.said, []);
  bench.readThrough(requests, 101);
  assert.deepEqual(bench.said, ['0 lost: no_call', '1 lost: foreign_tenant', '2 lost: foreign_tenant']);
  assert.equal(bench.join.gaveUpBeyondReplay, true);
});

test('what is about a span waits for the reports as well, and holds back what came after it', () => {
  const bench = new Bench();
  bench.fold(`${'a'.repeat(32)}-${'b'.repeat(16)}`, 0);
  bench.fold('plain', 1);
  bench.readThrough(requests, 10_000);
  assert.deepEqual(bench.said, []);
  bench.readThrough(TOPICS.reports, 101);
  assert.deepEqual(bench.said, ['0 lost: no_call', '1 lost: no_call']);
});

test('beyond either bound the oldest evaluation is given up', () => {
  const byCount = new Bench({ pendingMax: 1 });
  byCount.fold('a', 0);
  byCount.fold('b', 1);
  assert.deepEqual(byCount.said, ['0 lost: too_many_pending']);
  const byBytes = new Bench({ pendingBytesMax: 1 });
  byBytes.join.isBounded = false;
  byBytes.fold('a', 0);
  assert.deepEqual(byBytes.said, []);
  byBytes.join.isBounded = true;
  byBytes.fold('b', 1);
  assert.deepEqual(byBytes.said, ['0 lost: too_many_pending', '1 lost: too_many_pending']);
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
