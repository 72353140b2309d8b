import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TOPICS } from '../../../events/topics.ts';
import type { PriceBook } from '../../../prices/price-book.ts';
import { aPrice } from '../../../prices/price-builders.contract.ts';
import { CORE_OPTIONS, MINUTE, restart, START, topics } from '../core-builders.contract.ts';
import { ShardCore } from '../shard-core.ts';
import { aReport, span } from './report-builders.contract.ts';

const aBook = (output: number): PriceBook => {
  const price = aPrice({ input: 1, output });
  return { priceOf: () => price };
};

test('a trace that is open for longer than a restart reads back has its calls taken back at the prices of then', () => {
  const alive = [4, 8, 12, 16, 20, 24].map((atMinute) =>
    aReport(atMinute, { span_id: span(20 + atMinute), parent_id: span(1), kind: 'context' }),
  );
  const other = aReport(2, { trace_id: 'b'.repeat(32), start_ms: START + MINUTE });
  const parent = aReport(25, { span_id: span(9), kind: 'context', names: { tenant: 'acme' } });
  const log = topics([], [], [], [aReport(0, { parent_id: span(9) }), other, ...alive, parent]);
  const books = [aBook(3), aBook(500)] as const;
  let core = new ShardCore(CORE_OPTIONS);
  const costs = { default: 0, acme: 0 };
  for (const record of log[TOPICS.reports]) {
    if (record.offset === alive.length + 2) core = restart(core, core.checkpoint(), log);
    core.fold(TOPICS.reports, [record], books[record.offset === 0 ? 0 : 1]);
    core.seal(TOPICS.evaluations, record.loggedAtMs);
    for (const { series, tally } of core.takeEffects().toCommit().tallies) {
      costs[series.tenantId as keyof typeof costs] += Number(tally.costPicoUsd.value);
    }
  }
  assert.deepEqual(costs, { default: 10 + 5 * 500, acme: 10 + 5 * 500 });
});
