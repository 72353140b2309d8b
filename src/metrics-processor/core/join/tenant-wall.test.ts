import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { INPUT_TOPICS, type InputTopic, TOPICS } from '../../../events/topics.ts';
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
  type Unnumbered,
} from '../core-builders.contract.ts';
import { ShardCore } from '../shard-core.ts';

const by = (tenant: string, record: Unnumbered): Unnumbered => ({ ...record, senderTenant: Buffer.from(tenant) });
const requestOf = (tenant: string, id: string, minute: number) => aRequest(id, minute, { tenant_id: tenant });

/** Everything that the core said, summed up so that the cuts between commits do not show. */
class Said {
  readonly #totals = new Map<string, number>();
  readonly #letters = new Set<string>();

  add(core: ShardCore): void {
    const { tallies, evaluations, audits, deadLetters } = core.takeEffects().toCommit();
    for (const { series, tally } of tallies) {
      for (const name of ['requests', 'completed', 'unanswered', 'completionTokens'] as const) {
        this.#add(`${series.tenantId} ${name}`, tally[name]);
      }
    }
    for (const { tenantId, tally } of evaluations) this.#add(`${tenantId} evaluations`, tally.count);
    for (const { tenantId, counts } of audits) {
      for (const [name, count] of Object.entries(counts)) this.#add(`audit ${tenantId} ${name}`, count);
    }
    for (const { topic, offset, reason, tenantId } of deadLetters) {
      this.#letters.add(`${topic} ${offset} ${reason} of ${tenantId ?? 'nobody'}`);
    }
  }

  total(name: string): number {
    return this.#totals.get(name) ?? 0;
  }

  get letters(): string[] {
    return [...this.#letters].sort();
  }

  get all(): object {
    const totals = [...this.#totals].filter(([, count]) => count !== 0);
    return { totals: totals.sort(([one], [other]) => (one < other ? -1 : 1)), letters: this.letters };
  }

  #add(name: string, count: number): void {
    this.#totals.set(name, this.total(name) + count);
  }
}

function finish(core: ShardCore): void {
  for (const topic of INPUT_TOPICS) core.seal(topic, START + 1000 * MINUTE);
}

function foldAll(log: Topics, order: readonly InputTopic[] = INPUT_TOPICS, options = CORE_OPTIONS): Said {
  const core = new ShardCore(options);
  for (const topic of order) core.fold(topic, log[topic], FLAT_PRICES);
  finish(core);
  const said = new Said();
  said.add(core);
  return said;
}

/** Asserted for the topics in either order: what is read first must not matter. */
function eachWay(log: Topics, check: (said: Said) => void): void {
  check(foldAll(log));
  check(foldAll(log, INPUT_TOPICS.toReversed()));
}

test('requests of two tenants with one id are two calls, each with its own answer', () => {
  const log = topics(
    [requestOf('a', '1', 0), requestOf('b', '1', 1)],
    [by('b', aResponse('1', 2, { completion_tokens: 7 })), by('a', aResponse('1', 3, { completion_tokens: 5 }))],
  );
  eachWay(log, (said) => {
    assert.deepEqual([said.total('a completed'), said.total('a completionTokens')], [1, 5]);
    assert.deepEqual([said.total('b completed'), said.total('b completionTokens')], [1, 7]);
    assert.deepEqual(said.letters, []);
  });
});

test('a response of another tenant than the call of its id is a foreign letter, and the call keeps waiting for its own', () => {
  const log = topics([requestOf('a', '1', 0)], [by('b', aResponse('1', 1)), by('a', aResponse('1', 2))]);
  eachWay(log, (said) => {
    assert.equal(said.total('a completed'), 1);
    assert.deepEqual(said.letters, ['llm.responses 0 foreign_tenant of b']);
    assert.deepEqual([said.total('audit b foreignResponses'), said.total('audit b deadResponses')], [1, 1]);
  });
});

test('a response that names its tenant itself answers that call and no other', () => {
  const log = topics(
    [requestOf('a', '1', 0), requestOf('b', '1', 1)],
    [aResponse('1', 2, { tenant_id: 'b' }), aResponse('1', 3, { tenant_id: 'c' })],
  );
  eachWay(log, (said) => {
    assert.deepEqual([said.total('a completed'), said.total('b completed')], [0, 1]);
    assert.deepEqual(said.letters, ['llm.responses 1 foreign_tenant of c']);
  });
});

test('a response that names nobody answers the oldest open call of its id, whoever has it', () => {
  const log = topics([requestOf('b', '1', 0), requestOf('a', '1', 0)], [aResponse('1', 1)]);
  eachWay(log, (said) => assert.deepEqual([said.total('b completed'), said.total('a completed')], [1, 0]));
  const answered = topics(
    [requestOf('b', '1', 0), requestOf('a', '1', 0)],
    [by('b', aResponse('1', 1)), aResponse('1', 2)],
  );
  eachWay(answered, (said) => assert.deepEqual([said.total('b completed'), said.total('a completed')], [1, 1]));
});

test('a late response of a tenant with a call of that id is its own orphan, whatever others have', () => {
  const log = topics(
    [requestOf('a', '1', 5), requestOf('b', '1', 0)],
    [by('b', aResponse('1', 15)), by('b', aResponse('1', 31))],
  );
  const options = { ...CORE_OPTIONS, joinTimeoutMs: 4 * MINUTE };
  assert.deepEqual(foldAll(log, INPUT_TOPICS, options).letters[0], 'llm.responses 0 no_request of b');
});

test('a response that is read long after the requests still finds out that its call is foreign', () => {
  const log = topics([requestOf('a', '1', 0), requestOf('a', '2', 60)], [by('b', aResponse('1', 10))]);
  const core = new ShardCore(CORE_OPTIONS);
  core.fold(TOPICS.requests, log[TOPICS.requests], FLAT_PRICES);
  core.seal(TOPICS.evaluations, START + 60 * MINUTE);
  core.fold(TOPICS.responses, log[TOPICS.responses], FLAT_PRICES);
  finish(core);
  const said = new Said();
  said.add(core);
  assert.deepEqual(said.letters, ['llm.responses 0 foreign_tenant of b']);
});

test('what waits is kept without the fields that nobody knows, and its bytes are bounded', () => {
  const junk = { junk: 'x'.repeat(60_000) };
  const responses = Array.from({ length: 100 }, (_, i) => aResponse(`r${i}`, 0, { ...junk, error: 'broken' }));
  const evaluations = Array.from({ length: 100 }, (_, i) => anEvaluation(`e${i}`, 0, { ...junk, comment: 'c' }));
  const log = topics([aRequest('r99', 1)], responses, evaluations);
  const core = new ShardCore({ ...CORE_OPTIONS, pendingBytesMax: 20_000 });
  core.fold(TOPICS.responses, log[TOPICS.responses], FLAT_PRICES);
  core.fold(TOPICS.evaluations, log[TOPICS.evaluations], FLAT_PRICES);
  assert.ok(core.join.responses.bytes <= 20_000 && core.join.responses.size > 20, `${core.join.responses.size} wait`);
  assert.ok(core.evaluations.waiting.bytes <= 20_000 && core.evaluations.waiting.size > 10);
  const { deadLetters } = core.effects;
  assert.equal(deadLetters.length, 200 - core.join.responses.size - core.evaluations.waiting.size);
  assert.ok(deadLetters.every(({ reason, value }) => reason === 'too_many_pending' && (value?.length ?? 0) < 300));
  core.fold(TOPICS.requests, log[TOPICS.requests], FLAT_PRICES);
  assert.equal(core.takeEffects().toCommit().tallies[0]?.tally.errors, 1);
  const restarted = restart(core, core.checkpoint(), log, { ...CORE_OPTIONS, pendingBytesMax: 20_000 });
  assert.equal(restarted.join.responses.bytes, core.join.responses.bytes);
});

test('an evaluation never lands on the call of another tenant, and repeats only those of its own', () => {
  const log = topics(
    [requestOf('a', '1', 0)],
    [],
    [by('b', anEvaluation('1', 1)), by('a', anEvaluation('1', 2)), by('a', anEvaluation('1', 3)), anEvaluation('1', 4)],
  );
  eachWay(log, (said) => {
    assert.equal(said.total('a evaluations'), 2);
    assert.equal(said.total('audit a duplicateEvaluations'), 1);
    assert.deepEqual(said.letters, ['llm.evaluations 0 foreign_tenant of b']);
    assert.equal(said.total('audit b foreignEvaluations'), 1);
  });
});

test('what names another tenant than the key that it was sent with counts nowhere', () => {
  const log = topics(
    [by('b', requestOf('a', '1', 0))],
    [by('b', aResponse('1', 1, { tenant_id: 'a' }))],
    [by('b', anEvaluation('1', 1, { tenant_id: 'a', route: 'chat', model: 'm' }))],
  );
  eachWay(log, (said) => {
    const named = INPUT_TOPICS.filter((topic) => topic !== TOPICS.reports);
    assert.deepEqual(said.letters, named.map((topic) => `${topic} 0 foreign_tenant of b`).sort());
    assert.deepEqual([said.total('a requests'), said.total('a evaluations')], [0, 0]);
  });
});

test('a tenant that repeats its id is one call, and the same id of another one takes no part in that', () => {
  const log = topics([
    requestOf('a', '1', 0),
    requestOf('b', '1', 1),
    requestOf('a', '1', 14),
    requestOf('b', '1', 28),
  ]);
  const said = foldAll(log);
  assert.deepEqual([said.total('a requests'), said.total('b requests')], [1, 2]);
});

const arbitraryRecords = (make: (id: string, minute: number, more: object) => Unnumbered, slackMinutes: number) =>
  fc
    .array(
      fc.record({
        id: fc.constantFrom('1', '2'),
        minute: fc.integer({ min: 0, max: 60 }),
        back: fc.integer({ min: 0, max: slackMinutes }),
        tenant: fc.constantFrom('a', 'b', 'c'),
        identity: fc.constantFrom('keyed', 'named', 'unnamed', 'lie'),
      }),
      { maxLength: 16 },
    )
    .map((records) =>
      records
        .sort((one, other) => one.minute - other.minute)
        .map(({ id, minute, back, tenant, identity }) => {
          // Which of several tenants' calls is meant by an evaluation that names nobody is not promised where requests
          // are repeated.
          const isNamed =
            identity === 'named' || make === aRequest || (identity === 'unnamed' && make === anEvaluation);
          const name = isNamed ? { tenant_id: tenant } : {};
          const record = make(id, Math.max(0, minute - back), name);
          if (identity === 'lie') return by('mallory', record);
          return identity === 'keyed' ? by(tenant, record) : record;
        }),
    );

const arbitraryLog = (slackMinutes: number) =>
  fc
    .tuple(
      arbitraryRecords(aRequest, slackMinutes),
      arbitraryRecords(aResponse, slackMinutes),
      arbitraryRecords(anEvaluation, slackMinutes),
    )
    .map(([requests, responses, evaluations]) => topics(requests, responses, evaluations));

for (const slackMinutes of [0, 3]) {
  const stamps = slackMinutes === 0 ? 'rise' : `fall by up to ${slackMinutes} minutes`;
  test(`interleavings, cuts and crashes change nothing for tenants that share ids, where stamps ${stamps}`, () => {
    const options = { ...CORE_OPTIONS, joinTimeoutMs: 7 * MINUTE, logTimeSlackMs: slackMinutes * MINUTE };
    const steps = fc.array(
      fc.record({
        topic: fc.constantFrom(...INPUT_TOPICS),
        count: fc.integer({ min: 1, max: 4 }),
        next: fc.constantFrom('go on', 'commit', 'commit with checkpoint', 'commit and crash'),
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(arbitraryLog(slackMinutes), steps, (log, schedule) => {
        let core = new ShardCore(options);
        let checkpoint = core.checkpoint();
        const said = new Said();
        for (const { topic, count, next } of schedule) {
          core.fold(topic, log[topic].slice(core.positions[topic], core.positions[topic] + count), FLAT_PRICES);
          if (next === 'go on') continue;
          said.add(core);
          if (next === 'commit with checkpoint' || core.needsCheckpoint) checkpoint = core.checkpoint();
          if (next === 'commit and crash') core = restart(core, checkpoint, log, options);
        }
        for (const topic of INPUT_TOPICS) core.fold(topic, log[topic].slice(core.positions[topic]), FLAT_PRICES);
        finish(core);
        said.add(core);
        assert.deepEqual(said.all, foldAll(log, INPUT_TOPICS, options).all);
      }),
      { numRuns: 300 },
    );
  });
}
