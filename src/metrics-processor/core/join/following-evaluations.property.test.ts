import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { INPUT_TOPICS, TOPICS } from '../../../events/topics.ts';
import {
  CORE_OPTIONS,
  FLAT_PRICES,
  MINUTE,
  restart,
  START,
  type Topics,
  type Unnumbered,
} from '../core-builders.contract.ts';
import { span } from '../reports/report-builders.contract.ts';
import { ShardCore } from '../shard-core.ts';
import { evaluated, logOf, Rows, reported, type Step } from './evaluation-rows.contract.ts';

const { evaluations, reports } = TOPICS;

const anyReport = fc
  .record({
    trace_id: fc.constantFrom('a', 'b').map((digit) => digit.repeat(32)),
    span_id: fc.nat(3).map((n) => span(n + 1)),
    parent_id: fc.nat(4).map((n) => span(n + 1)),
    kind: fc.constantFrom('call', 'call', 'sum', 'context'),
    scope: fc.constantFrom('com.anthropic.sdk.x', 'openlit'),
    start_ms: fc.nat(3).map((n) => START + n * 20_000),
    duration_ms: fc.nat(3).map((n) => n * 100),
    names: fc.record({ tenant: fc.constantFrom('t1', 't2'), route: fc.constant('/r') }, { requiredKeys: [] }),
    facts: fc.record({ completion_tokens: fc.constantFrom(3, 4), model: fc.constantFrom('m', 'n') }),
    response_id: fc.constantFrom('resp_0123456789abcdef', 'resp_fedcba9876543210'),
  })
  .map((report): Step => reported(0, report));
const anyEvaluation = fc
  .record({
    id: fc.tuple(fc.constantFrom('a', 'b'), fc.nat(3)).map(([trace, n]) => `${trace.repeat(32)}-${span(n + 1)}`),
    tenant: fc.constantFrom({}, {}, { tenant_id: 't1' }, { tenant_id: 'default' }),
  })
  .map(({ id, tenant }) => ({ id, tenant }));

test('whatever order reports and evaluations come in, however they are read, and wherever a processor restarts, the rows are the same', () => {
  const given = fc.tuple(
    fc.array(anyReport, { minLength: 1, maxLength: 10 }),
    fc.array(anyEvaluation, { minLength: 1, maxLength: 5 }),
  );
  const keys = fc.infiniteStream(fc.nat());
  const next = fc.infiniteStream(fc.nat(7));
  fc.assert(
    fc.property(given, keys, next, ([someReports, someEvaluations], order, choice) => {
      // Names tell the evaluations apart, for one that is repeated counts for whoever came first.
      const judged = someEvaluations.map(({ id, tenant }, n) => evaluated(0, { name: `n${n}`, ...tenant }, id));
      const inOrder = [...someReports, ...judged];
      const shuffled = inOrder
        .map((step) => ({ step, key: order.next().value as number }))
        .sort((a, b) => a.key - b.key)
        .map(({ step }) => step);
      // Within the horizon of the trace, one after the other.
      const timed = (steps: readonly Step[]): readonly Step[] =>
        steps.map(([topic, record], at) => [topic, { ...record, loggedAtMs: START + at * 15_000 }]);
      const expected = settledRows(logOf(timed(inOrder)), () => 7);
      const rows = settledRows(logOf(timed(shuffled)), () => choice.next().value as number);
      assert.deepEqual(rows, expected);
    }),
    { numRuns: 600 },
  );
});

test('a processor that restarts judges as one that never stopped, whatever was closed and forgotten by then', () => {
  const given = fc.array(fc.tuple(fc.oneof(anyReport, anyEvaluation), fc.nat(60), fc.nat(5)), {
    minLength: 2,
    maxLength: 24,
  });
  fc.assert(
    fc.property(given, (some) => {
      const firstOf = new Map<string, Unnumbered>();
      const steps = some
        .toSorted(([, a], [, b]) => a - b)
        .map(([each, atMinute, restarts], n) => {
          const [topic, record] = 'id' in each ? evaluated(0, { name: `n${n}`, ...each.tenant }, each.id) : each;
          const step: Step = [topic, { ...onceOnly(record, firstOf), loggedAtMs: START + atMinute * MINUTE }];
          return { step, isRestarted: restarts === 0, isSaved: restarts === 1, isSilent: restarts === 2 };
        });
      const isPromised = !steps.some(({ step }, n) =>
        isOfRepetition(
          step,
          steps.slice(0, n).map((earlier) => earlier.step),
        ),
      );
      const log = logOf(steps.map(({ step }) => step));
      const [restarted, straight] = [true, false].map((mayRestart) => {
        let core = new ShardCore(CORE_OPTIONS);
        let checkpoint = core.checkpoint();
        const rows = new Rows();
        for (const { step, isRestarted, isSaved, isSilent } of steps) {
          if (mayRestart && isRestarted) core = restart(core, checkpoint, log);
          const [topic, { loggedAtMs }] = step;
          const offset = core.position(topic);
          core.fold(topic, log[topic].slice(offset, offset + 1), FLAT_PRICES);
          if (isSilent) for (const each of INPUT_TOPICS) core.seal(each, loggedAtMs);
          rows.take(core);
          if (isSaved || core.needsCheckpoint) checkpoint = core.checkpoint();
        }
        for (const topic of INPUT_TOPICS) core.seal(topic, START + 120 * MINUTE);
        return rows.take(core).all;
      });
      if (isPromised) assert.deepEqual(restarted, straight);
      const left = Object.keys(restarted ?? {}).filter((name) => name.endsWith('waitingEvaluations'));
      assert.deepEqual(left, [], 'whatever is not promised, nothing waits for ever');
    }),
    { numRuns: 600 },
  );
});

/** An evaluation in reach of a repetition of its span alone: of the span itself a restart may know nothing more. */
function isOfRepetition([, { value, loggedAtMs }]: Step, earlier: readonly Step[]): boolean {
  const fieldsOf = (bytes: Uint8Array | null) =>
    JSON.parse(Buffer.from(bytes ?? []).toString()) as Record<string, string>;
  const { request_id: id } = fieldsOf(value);
  const seenMs = earlier.flatMap(([, report]) => {
    const { trace_id, span_id } = fieldsOf(report.value);
    return trace_id !== undefined && `${trace_id}-${span_id}` === id ? [report.loggedAtMs] : [];
  });
  const isInReach = (ms: number): boolean => loggedAtMs - ms <= CORE_OPTIONS.dedupHorizonMs;
  return id !== undefined && seenMs.some(isInReach) && !seenMs.every(isInReach);
}

/**
 * What a restart may judge otherwise beyond the horizon is left out: no span above another, for it may be forgotten
 * before the other; no response in two traces, for a copy in another trace may be forgotten; and of a span that comes
 * again only the time is another, for which version is remembered longest is not promised.
 */
function onceOnly(record: Unnumbered, firstOf: Map<string, Unnumbered>): Unnumbered {
  const report = JSON.parse(Buffer.from(record.value ?? []).toString()) as Record<string, unknown>;
  if (report['kind'] === undefined) return record;
  const id = `${String(report['trace_id'])} ${String(report['span_id'])}`;
  delete report['parent_id'];
  report['response_id'] = `${String(report['response_id'])}${String(report['trace_id']).slice(0, 4)}`;
  const first = firstOf.get(id) ?? { ...record, value: Buffer.from(JSON.stringify(report)) };
  firstOf.set(id, first);
  return first;
}

/**
 * Reads both topics to their ends, however the choices lead, and lets everything time out. Dead letters are told by
 * what they speak of, as their offsets depend on the order.
 */
function settledRows(log: Topics, choose: () => number): object {
  let core = new ShardCore(CORE_OPTIONS);
  let checkpoint = core.checkpoint();
  const rows = new Rows();
  const isAtEnd = (topic: Step[0]) => core.position(topic) >= log[topic].length;
  while (!isAtEnd(evaluations) || !isAtEnd(reports)) {
    const choice = choose();
    if (choice === 0) {
      core = restart(core, checkpoint, log);
      continue;
    }
    const topic = choice % 2 === 0 ? evaluations : reports;
    const at = core.position(topic);
    core.fold(topic, log[topic].slice(at, at + 1 + (choice % 3)), FLAT_PRICES);
    if (isAtEnd(topic)) {
      const other = topic === reports ? evaluations : reports;
      core.fold(other, log[other].slice(core.position(other)), FLAT_PRICES);
    }
    rows.take(core);
    if (choice > 5 || core.needsCheckpoint) checkpoint = core.checkpoint();
  }
  for (const topic of INPUT_TOPICS) core.seal(topic, START + 60 * MINUTE);
  rows.take(core);
  return Object.fromEntries(Object.entries(rows.all).filter(([name]) => !name.startsWith('llm.')));
}
