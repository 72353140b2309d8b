import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INPUT_TOPICS, TOPICS } from '../../../events/topics.ts';
import {
  anEvaluation,
  CORE_OPTIONS,
  FLAT_PRICES,
  MINUTE,
  noEvent,
  restart,
  START,
  topics,
} from '../core-builders.contract.ts';
import { aReport, span, TRACE } from '../reports/report-builders.contract.ts';
import { ShardCore } from '../shard-core.ts';
import { evaluated, ID, Rows, reported, rowsOf, type Step } from './evaluation-rows.contract.ts';
import { FollowingEvaluations } from './following-evaluations.ts';

const { evaluations, reports } = TOPICS;

const parent = (atMinute: number, names: object): Step =>
  reported(atMinute, { span_id: span(9), kind: 'context', names });

test('an evaluation moves with its call to the tenant, route and model that a later report names, wherever a processor restarts', () => {
  const steps = [
    reported(0, { parent_id: span(9) }),
    evaluated(1),
    parent(2, { tenant: 'acme', route: '/ask' }),
    reported(3, { parent_id: span(9), duration_ms: 200, facts: { model: 'n' } }),
  ];
  for (const restartAt of [Number.NaN, 1, 2, 3]) {
    assert.deepEqual(
      rowsOf(steps, restartAt).all,
      {
        'acme /ask n helpful': 1,
        'acme /ask n helpful good': 1,
        'acme /ask n helpful passed': 1,
        'acme /ask n helpful score': 500_000,
        "books of 'acme': acceptedEvaluations": 1,
        "books of 'acme': countedEvaluations": 1,
      },
      `restarted before step ${restartAt}`,
    );
  }
});

test('an evaluation is about a span by when that was reported first, however often and whenever it is reported again', () => {
  const options = { ...CORE_OPTIONS, dedupHorizonMs: MINUTE, joinTimeoutMs: MINUTE, traceHorizonMs: 60 * MINUTE };
  const again = reported(4, { duration_ms: 200 });
  const sumsOf = (steps: readonly Step[]) => {
    const rows = rowsOf(steps, Number.NaN, options, (core) => {
      for (const topic of [TOPICS.requests, reports]) core.seal(topic, START + 10 * MINUTE);
    });
    return rows.sums;
  };
  assert.deepEqual(sumsOf([reported(0), evaluated(2), again]), { [`${evaluations} 0 no_call`]: 1 });
  assert.deepEqual(sumsOf([reported(0), again, evaluated(2)]), { [`${evaluations} 0 no_call`]: 1 });
  assert.equal(sumsOf([reported(0), again, evaluated(1)])['default default m helpful'], 1);
});

test('an evaluation of a span that turns out to be no call waits, counted nowhere, and is lost when its trace is closed', () => {
  const call = reported(0);
  const noCall = reported(2, { kind: 'context', duration_ms: 900 });
  const books = (fate: string): object => ({
    "books of '': acceptedEvaluations": 1,
    [`books of '': ${fate}Evaluations`]: 1,
  });
  assert.deepEqual(rowsOf([call, evaluated(1), noCall]).all, books('waiting'));
  const closed = { ...books('dead'), 'llm.evaluations 0 no_call': 1 };
  const later = reported(20, { trace_id: 'b'.repeat(32) });
  for (const restartAt of [Number.NaN, 1, 2, 3]) {
    assert.deepEqual(rowsOf([call, evaluated(1), noCall, later], restartAt).all, closed, `${restartAt}`);
  }
  assert.deepEqual(rowsOf([call, noCall, evaluated(2), later]).all, closed);
});

test('an evaluation that names its tenant leaves a call that moves to another one', () => {
  const steps = [
    reported(0, { parent_id: span(9) }),
    evaluated(1, { tenant_id: 'default' }),
    parent(2, { tenant: 'acme' }),
    reported(20, { trace_id: 'b'.repeat(32) }),
  ];
  const other = [steps[0], steps[2], evaluated(2, { tenant_id: 'default' }), steps[3]] as readonly Step[];
  for (const each of [steps, other]) {
    assert.deepEqual(rowsOf(each).all, {
      "books of 'default': acceptedEvaluations": 1,
      "books of 'default': deadEvaluations": 1,
      "books of 'default': foreignEvaluations": 1,
      'llm.evaluations 0 foreign_tenant': 1,
    });
  }
});

test('what is judged of a trace that stays open for hours still moves, though it lies further back than a restart reads', () => {
  const alive = Array.from({ length: 20 }, (_, i) =>
    reported(4 + 4 * i, { span_id: span(100 + i), parent_id: span(1), kind: 'context' }),
  );
  const steps = [reported(0, { parent_id: span(9) }), evaluated(1), ...alive, parent(82, { tenant: 'acme' })];
  for (const restartAt of [Number.NaN, 5, 21, 22]) {
    assert.equal(rowsOf(steps, restartAt).all['acme default m helpful'], 1, `restarted before step ${restartAt}`);
  }
});

test('an evaluation stays where it is counted once its trace is closed', () => {
  const steps = [
    reported(0, { parent_id: span(9) }),
    evaluated(1),
    reported(20, { trace_id: 'b'.repeat(32) }),
    parent(21, { tenant: 'acme' }),
  ];
  for (const restartAt of [Number.NaN, 1, 2, 3]) {
    assert.equal(rowsOf(steps, restartAt).all['default default m helpful'], 1);
  }
});

test('what was lost with a trace that was closed in silence is not lost again after a crash', () => {
  const log = topics([], [], [anEvaluation(ID, 1)], [aReport(0, { kind: 'context' })]);
  const core = new ShardCore(CORE_OPTIONS);
  for (const topic of INPUT_TOPICS) core.fold(topic, log[topic], FLAT_PRICES);
  const rows = new Rows().take(core);
  assert.equal(core.evaluations.gaveUpBeyondReplay, false);
  for (const topic of INPUT_TOPICS) core.seal(topic, START + 20 * MINUTE);
  rows.take(core);
  assert.equal(core.needsCheckpoint, true);
  const restarted = restart(core, core.checkpoint(), log);
  for (const topic of INPUT_TOPICS) restarted.seal(topic, START + 40 * MINUTE);
  assert.equal(rows.take(restarted).all['llm.evaluations 0 no_call'], 1);
});

test('an evaluation still waits after a restart that reads only a repetition of its span back, which would be in reach', () => {
  const steps = [
    reported(0),
    reported(1),
    evaluated(16),
    reported(17, { trace_id: 'b'.repeat(32) }),
    reported(18, { trace_id: 'b'.repeat(32), span_id: span(2) }),
  ];
  const finish = (core: ShardCore) => {
    for (const topic of INPUT_TOPICS) core.seal(topic, START + 60 * MINUTE);
  };
  for (const restartAt of [Number.NaN, 3, 4]) {
    assert.deepEqual(
      rowsOf(steps, restartAt, CORE_OPTIONS, finish).all,
      {
        "books of '': acceptedEvaluations": 1,
        "books of '': deadEvaluations": 1,
        'llm.evaluations 0 no_call': 1,
      },
      `restarted before step ${restartAt}`,
    );
  }
});

test('an evaluation still waits after a restart that finds the trace of its span closed by silence', () => {
  const log = topics([], [], [anEvaluation(ID, 32)], [aReport(15), aReport(17, { duration_ms: 200 })]);
  const core = new ShardCore(CORE_OPTIONS);
  for (const topic of [reports, evaluations]) core.fold(topic, log[topic], FLAT_PRICES);
  const rows = new Rows().take(core);
  for (const topic of INPUT_TOPICS) core.seal(topic, START + 32 * MINUTE);
  rows.take(core);
  assert.equal(core.waitingCount, 1);
  const restarted = restart(core, core.checkpoint(), log);
  assert.equal(restarted.waitingCount, 1);
  for (const topic of INPUT_TOPICS) restarted.seal(topic, START + 60 * MINUTE);
  assert.equal(rows.take(restarted).all['llm.evaluations 0 no_call'], 1);
});

test('an evaluation is about a span by when that was reported first, also after a restart that reads only its repetition back', () => {
  const finish = (core: ShardCore) => {
    for (const topic of INPUT_TOPICS) core.seal(topic, START + 90 * MINUTE);
  };
  for (const again of [reported(4), reported(4, { duration_ms: 200 })]) {
    // Its trace is closed at minute 10; from minute 18 on, nothing before minute 3 is read back.
    const steps = [
      reported(0),
      again,
      reported(18, { trace_id: 'b'.repeat(32) }),
      evaluated(18, { tenant_id: 'a', route: 'r', model: 'm' }, 'other'),
      evaluated(18),
    ];
    for (const restartAt of [Number.NaN, 4]) {
      const { sums } = rowsOf(steps, restartAt, CORE_OPTIONS, finish);
      assert.equal(sums[`${evaluations} 1 no_call`], 1, `restarted before step ${restartAt}`);
      assert.equal(sums['default default m helpful'], undefined);
    }
  }
});

test('a span stays as old as it was over one restart after the other', () => {
  const spans = [0, 4, 8].map((atMinute) => aReport(atMinute));
  const log = topics([], [], [noEvent('e', 18), noEvent('f', 22), anEvaluation(ID, 22)], spans);
  let core = new ShardCore(CORE_OPTIONS);
  const rows = new Rows();
  core.fold(reports, log[reports], FLAT_PRICES);
  // What is read back begins at minute 3, and then at minute 7.
  for (const index of [0, 1]) {
    const [record] = log[evaluations].slice(index);
    core.fold(evaluations, record === undefined ? [] : [record], FLAT_PRICES);
    core.seal(reports, START + 22 * MINUTE);
    rows.take(core);
    core = restart(core, core.checkpoint(), log);
  }
  core.fold(evaluations, log[evaluations].slice(2), FLAT_PRICES);
  for (const topic of INPUT_TOPICS) core.seal(topic, START + 90 * MINUTE);
  assert.equal(rows.take(core).all[`${evaluations} 2 no_call`], 1);
});

test('beyond the bound the oldest that follow their calls are let go, and stay where they are counted after a restart too', () => {
  const names = ['a', 'b', 'c'];
  const steps = [
    reported(0, { parent_id: span(9) }),
    ...names.map((name) => evaluated(1, { name })),
    parent(2, { tenant: 'acme' }),
  ];
  for (const restartAt of [Number.NaN, 4]) {
    const { sums } = rowsOf(steps, restartAt, { ...CORE_OPTIONS, pendingMax: 2 });
    assert.deepEqual(
      [sums['default default m a'], sums['acme default m b'], sums['acme default m c'], sums['acme default m a']],
      [1, 1, 1, undefined],
    );
  }
});

test('what follows its call takes memory until it is taken, and is counted as waiting while it is counted nowhere', () => {
  const following = new FollowingEvaluations();
  const value = Buffer.from(JSON.stringify({ request_id: ID, name: 'n', timestamp: '2025-11-19T10:00:00Z' }));
  const pending = {
    event: JSON.parse(value.toString()),
    loggedAtMs: START,
    key: Buffer.from(ID),
    value,
    tenantId: null,
  };
  const series = { tenantId: 't', route: 'r', model: 'm' };
  for (const place of [1, 2, 3]) following.add({ ...pending, place }, TRACE, place === 1 ? null : series);
  const [first, second, third] = following.ofTrace(TRACE);
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  assert.deepEqual(
    [following.size, following.waitingCount, following.oldest, following.places()],
    [3, 1, first, [1, 2, 3]],
  );
  assert.ok(following.bytes > 3 * value.length);
  following.move(second, null);
  following.move(first, series);
  following.move(first, null);
  assert.equal(following.waitingCount, 2);
  for (const each of [second, third, first]) following.take(each);
  assert.deepEqual([following.size, following.waitingCount, following.bytes, following.ofTrace(TRACE)], [0, 0, 0, []]);
});
