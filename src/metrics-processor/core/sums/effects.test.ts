import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INPUT_TOPICS } from '../../../events/topics.ts';
import { reprice } from '../../../prices/reprice.ts';
import { aRequest, aResponse, CORE_OPTIONS, FLAT_PRICES, topics } from '../core-builders.contract.ts';
import { ShardCore } from '../shard-core.ts';

test('pricing again at the same prices bills nothing for a call that a proxy answered from its cache', () => {
  const log = topics([aRequest('a', 0)], [aResponse('a', 1, { cache_hit: true })]);
  const core = new ShardCore(CORE_OPTIONS);
  for (const topic of INPUT_TOPICS) core.fold(topic, log[topic], FLAT_PRICES);
  const { usages, tallies } = core.takeEffects().toCommit();
  assert.equal(tallies[0]?.tally.costPicoUsd.value, 0n);
  const rows = usages.map(({ series, ...row }) => ({ ...series, ...row }));
  assert.deepEqual(reprice(rows, FLAT_PRICES).corrections, []);
  assert.equal(usages[0]?.usage.calls, 1);
});
