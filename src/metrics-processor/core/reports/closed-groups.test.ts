import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpenReport } from '../../../reports/open-trace.ts';
import { START } from '../core-builders.contract.ts';
import { evaluated, reported, rowsOf, type Step } from '../join/evaluation-rows.contract.ts';
import { ClosedGroups } from './closed-groups.ts';
import { span, TRACE } from './report-builders.contract.ts';

const aTrace = (...timesMs: readonly number[]) => ({
  reports: timesMs.map((loggedAtMs) => new OpenReport(REPORT, { place: loggedAtMs / 10, loggedAtMs })),
  lastMs: Math.max(...timesMs),
});
const REPORT = {
  sender: '',
  trace_id: TRACE,
  span_id: span(1),
  kind: 'call',
  scope: 's',
  process: '',
  start_ms: 0,
  duration_ms: 0,
} as const;

test('groups that were told of on both sides of an instant are named whole, until they lie before all that is asked for', () => {
  const groups = new ClosedGroups();
  groups.close([aTrace(1000, 2000)]);
  groups.close([aTrace(1500), aTrace(9000)]);
  groups.close([aTrace(5000, 5400)]);
  groups.close([aTrace(5200, 5200)]);
  const sorted = (fromMs: number) => groups.placesAround(fromMs).sort((a, b) => a - b);
  assert.deepEqual(sorted(1000), []);
  assert.deepEqual(sorted(2000), [100, 150, 200, 900]);
  assert.deepEqual(sorted(5200), [150, 500, 540, 900]);
  groups.forgetBefore(6000);
  assert.deepEqual(sorted(6000), [150, 900]);
  groups.forgetBefore(20_000);
  assert.deepEqual(sorted(6000), []);
});

const OTHER = 'b'.repeat(32);
const LATER = 'c'.repeat(32);

/** Both traces are closed by then, and nothing before minute 3 is read back. */
const afterThat: readonly Step[] = [
  reported(18, { trace_id: LATER, start_ms: 0 }),
  evaluated(18, { tenant_id: 'a', route: 'r', model: 'm' }, 'other'),
  evaluated(18),
];

test('an evaluation of a closed call is about what that was counted under, also after a restart that reads its copy in another trace no more', () => {
  const copy = reported(0, { trace_id: OTHER, scope: 'another', names: { tenant: 'acme' } });
  const steps = [copy, reported(4), ...afterThat];
  for (const restartAt of [Number.NaN, 4]) {
    assert.equal(rowsOf(steps, restartAt).all['acme default m helpful'], 1, `restarted before step ${restartAt}`);
  }
});

test('an evaluation of a closed call is about what that was counted under, also after a restart that reads the span around it no more', () => {
  const parent = reported(0, { span_id: span(9), kind: 'context', names: { tenant: 'acme' } });
  const steps = [parent, reported(4, { parent_id: span(9) }), ...afterThat];
  for (const restartAt of [Number.NaN, 4]) {
    assert.equal(rowsOf(steps, restartAt).all['acme default m helpful'], 1, `restarted before step ${restartAt}`);
  }
});

const anyTrace = fc.constantFrom('a', 'b', 'c', 'd').map((digit) => digit.repeat(32));
const anySpan = fc.integer({ min: 1, max: 4 }).map(span);
const anyReported = (atMinutes: fc.Arbitrary<number>) => {
  const fields = fc.record(
    {
      trace_id: anyTrace,
      span_id: anySpan,
      kind: fc.constantFrom('call', 'call', 'context'),
      scope: fc.constantFrom('one', 'another'),
      start_ms: fc.nat(1).map((n) => START + n * 20_000),
      duration_ms: fc.constantFrom(100, 200),
      parent_id: anySpan,
      names: fc.record({ tenant: fc.constantFrom('acme', 'globex') }),
    },
    { requiredKeys: ['trace_id', 'span_id', 'kind', 'scope', 'start_ms', 'duration_ms'] },
  );
  return fc.tuple(atMinutes, fields).map(([atMinute, given]) => reported(atMinute, given));
};
const anyEvaluated = fc
  .tuple(fc.integer({ min: 18, max: 24 }), anyTrace, anySpan)
  .map(([atMinute, trace, id]) => evaluated(atMinute, {}, `${trace}-${id}`));

test('evaluations are about what they were about before a restart, whatever groups of traces it reads only in part', () => {
  const early = fc.array(anyReported(fc.integer({ min: 0, max: 10 })), { minLength: 2, maxLength: 10 });
  const late = fc.array(fc.oneof(anyReported(fc.integer({ min: 18, max: 24 })), anyEvaluated, anyEvaluated), {
    minLength: 1,
    maxLength: 10,
  });
  fc.assert(
    fc.property(early, late, fc.nat(6), (before, after, restartAfter) => {
      const inOrder = [...before, ...afterThat.slice(0, 2), ...after].toSorted(
        ([, a], [, b]) => a.loggedAtMs - b.loggedAtMs,
      );
      const restartAt = before.length + 2 + restartAfter;
      assert.deepEqual(rowsOf(inOrder, restartAt).all, rowsOf(inOrder).all);
    }),
    { numRuns: 1000 },
  );
});
