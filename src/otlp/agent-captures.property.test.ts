import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpenCalls } from '../reports/open-calls.ts';
import type { Report } from '../reports/report.ts';
import { resolve } from '../reports/resolve.ts';
import { agentCaptures, toldOf } from './agent-captures.contract.ts';

for (const { name, truth, spans, logs } of agentCaptures()) {
  test(`${name}: its records and spans, in any order, in any pieces and repeated, are the calls that the model answered`, () => {
    const all = [...logs, ...spans];
    const order = fc.shuffledSubarray([...all, ...all], { minLength: 2 * all.length, maxLength: 2 * all.length });
    fc.assert(
      fc.property(order, fc.integer({ min: 1, max: 9 }), (reports, pieceMax) => {
        const calls = inPieces(reports, pieceMax);
        assert.deepEqual(toldOf(calls, truth), truth.calls);
        assert.ok(calls.every(({ request }) => request.tenant_id === truth.tenant));
      }),
      { numRuns: 60 },
    );
  });

  test(`${name}: its records alone are the calls`, () => {
    assert.deepEqual(toldOf(resolve(logs), truth), truth.calls);
  });
}

test('where the spans of an agent come and its records do not, the spans count', () => {
  const counts = agentCaptures().map(({ name, spans }) => [name, resolve(spans).length]);
  assert.deepEqual(counts, [
    ['claude-code-2.1.197', 1],
    ['codex-0.171.0', 0],
    ['gemini-cli-0.61.0', 1],
    ['gemini-cli-0.61.0-plain', 3],
    ['qwen-code-0.15.10', 0],
  ]);
});

function inPieces(reports: readonly Report[], pieceMax: number) {
  const open = new OpenCalls();
  for (const [i, report] of reports.entries()) {
    open.add(report, { place: i, loggedAtMs: 0 });
    if (i % pieceMax === 0) open.settle();
  }
  open.settle();
  return open.calls();
}
