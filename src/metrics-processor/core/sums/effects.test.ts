import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INPUT_TOPICS } from '../../../events/topics.ts';
import { reprice } from '../../../prices/reprice.ts';
import { aRequest, aResponse, CORE_OPTIONS, FLAT_PRICES, minute, topics } from '../core-builders.contract.ts';
import { ShardCore } from '../shard-core.ts';

test('pricing again at the same prices bills nothing for a call that a proxy answered from its cache', () => {
  const log = topics([aRequest('a', 0)], [aResponse('a', 1, { cache_hit: true })]);
  const core = new ShardCore(CORE_OPTIONS);
  for (const topic of INPUT_TOPICS) core.fold(topic, log[topic], FLAT_PRICES);
  const { usages, tallies } = core.takeEffects().toCommit();
  assert.equal(tallies[0]?.tally.costPicoUsd.value, 0n);
  const rows = usages.map(({ series, windowStartMs, billed, usage }) => ({ ...series, windowStartMs, billed, usage }));
  assert.deepEqual(reprice(rows, FLAT_PRICES).corrections, []);
  assert.equal(usages[0]?.usage.calls, 1);
});

const endsAt = (atMinute: number) => ({ latency_ms: undefined, timestamp: minute(atMinute) });

const LATENCIES = [
  { says: 'nothing', response: { latency_ms: undefined }, latencyMs: 60_000 },
  { says: 'null', response: { latency_ms: null }, latencyMs: null },
  { says: '0', response: { latency_ms: 0 }, latencyMs: 0 },
  { says: 'a number', response: { latency_ms: 812.25 }, latencyMs: 812.25 },
  { says: 'a number, and ends before it began', response: { timestamp: minute(-3) }, latencyMs: 500 },
  { says: 'nothing, and ends before it began', response: endsAt(-3), latencyMs: null },
  { says: 'nothing, and ends when it began', response: endsAt(0), latencyMs: null },
  { says: 'nothing, and ends after weeks', response: endsAt(15 * 24 * 60), latencyMs: null },
];

/** The first is read from its bytes, the second by `JSON.parse`, the third is written anew while it waits. */
const SPELLINGS = { plain: {}, escaped: { finish_reason: '"' }, large: { more: 'é'.repeat(2000) } };

for (const { says, response, latencyMs } of LATENCIES) {
  test(`a response that says ${says} of its latency has ${latencyMs ?? 'none'}, and enters averages only with one`, () => {
    for (const [spelling, more] of Object.entries(SPELLINGS)) {
      for (const order of [INPUT_TOPICS, INPUT_TOPICS.toReversed()]) {
        const log = topics([aRequest('a', 0)], [aResponse('a', 1, { ...response, ...more })]);
        const core = new ShardCore(CORE_OPTIONS);
        for (const topic of order) core.fold(topic, log[topic], FLAT_PRICES);
        const { calls, tallies } = core.takeEffects().toCommit();
        const known = tallies.reduce((sum, { tally }) => sum + tally.latencyKnown, 0);
        const completed = tallies.reduce((sum, { tally }) => sum + tally.completed, 0);
        const written = calls.find(({ call }) => call.status === 'completed')?.call.latencyMs;
        assert.deepEqual([written, known, completed], [latencyMs, latencyMs === null ? 0 : 1, 1], spelling);
      }
    }
  });
}
