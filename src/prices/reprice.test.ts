import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REPRICED_COUNTS, REPRICED_MONEY } from '../metrics-store/billed-columns.ts';
import { repricedSums } from '../metrics-store/contract/builders.ts';
import type { UsageRow } from '../metrics-store/metrics-reader.ts';
import { Usage } from '../tally/usage.ts';
import type { Price, PriceBook, PriceQuery } from './price-book.ts';
import { aPrice } from './price-builders.contract.ts';
import { reprice } from './reprice.ts';

const WINDOW_MS = Date.UTC(2025, 10, 19, 10);

interface RowParts {
  readonly tenantId?: string;
  readonly model?: string;
  readonly bandFromTokens?: number;
  readonly serviceTier?: string;
  readonly reportedBy?: '' | 'gateway';
  readonly costPicoUsd?: bigint;
  readonly usage?: Partial<Omit<Usage, 'costPicoUsd' | 'listCostPicoUsd'>>;
}

function aRow({
  tenantId = 'acme',
  model = 'm',
  bandFromTokens = 0,
  serviceTier = '',
  reportedBy = '',
  costPicoUsd = 0n,
  usage = {},
}: RowParts): UsageRow {
  const sums = Object.assign(new Usage(), { calls: 2, inputTokens: 100, outputTokens: 10, listCalls: 2 }, usage);
  sums.costPicoUsd.addBig(costPicoUsd);
  if (reportedBy === '') sums.listCostPicoUsd.addBig(costPicoUsd);
  return {
    tenantId,
    route: 'chat',
    model: 'asked-for',
    provider: 'openai',
    windowStartMs: WINDOW_MS,
    billed: { provider: 'openai', model, bandFromTokens, serviceTier, reportedBy },
    usage: sums,
  };
}

/** Input at `perToken` and output at ten times that; twice as much for prompts above 1,000 tokens. */
function aBook(perToken: number | null, asked: PriceQuery[] = []): PriceBook {
  return {
    priceOf(query): Price | null {
      asked.push(query);
      if (perToken === null) return null;
      const input = query.promptTokens > 1000 ? 2 * perToken : perToken;
      return aPrice({ input, output: 10 * input }, { bandFromTokens: query.promptTokens > 1000 ? 1001 : 0 });
    },
  };
}

test('a correction is the new cost minus the old one, for the very row', () => {
  const row = aRow({ costPicoUsd: 500n });
  const { corrections } = reprice([row], aBook(7));
  assert.deepEqual(corrections, [
    {
      series: { tenantId: 'acme', route: 'chat', model: 'asked-for', provider: 'openai' },
      windowStartMs: WINDOW_MS,
      billed: row.billed,
      change: repricedSums({ costPicoUsd: 100n * 7n + 10n * 70n - 500n }),
      expected: repricedSums({ costPicoUsd: 500n, listCalls: 2 }),
    },
  ]);
});

test('a row whose cost is right already needs no correction', () => {
  const { corrections, summary } = reprice([aRow({ costPicoUsd: 1400n })], aBook(7));
  assert.deepEqual(corrections, []);
  assert.equal(summary[0]?.differencePicoUsd, 0n);
});

test('the book is asked for what was billed, at the start of the window and in the stored band', () => {
  const asked: PriceQuery[] = [];
  reprice([aRow({ model: 'answered', bandFromTokens: 1001, serviceTier: 'flex' })], aBook(1, asked));
  assert.deepEqual(asked, [
    { provider: 'openai', model: 'answered', atMs: WINDOW_MS, promptTokens: 1001, serviceTier: 'flex' },
  ]);
});

test('a single call is priced in the band of its prompt, though it had none before', () => {
  const asked: PriceQuery[] = [];
  const usage = { calls: 2, unknownCalls: 1, inputTokens: 900, cacheReadTokens: 150, unpricedCalls: 2 };
  reprice([aRow({ usage })], aBook(1, asked));
  assert.equal(asked[0]?.promptTokens, 1050);
});

test('calls that get a price are no longer unpriced, but those of unknown size are', () => {
  const { corrections, summary } = reprice(
    [aRow({ usage: { calls: 5, unknownCalls: 2, unpricedCalls: 5 } })],
    aBook(7),
  );
  assert.equal(corrections[0]?.change.unpricedCalls, -3);
  assert.deepEqual([summary[0]?.unpricedCallsBefore, summary[0]?.unpricedCallsAfter], [5, 2]);
});

test('calls whose price is gone cost nothing and are unpriced', () => {
  const { corrections } = reprice(
    [aRow({ costPicoUsd: 1400n, usage: { calls: 5, unknownCalls: 2, unpricedCalls: 2 } })],
    aBook(null),
  );
  assert.deepEqual([corrections[0]?.change.costPicoUsd, corrections[0]?.change.unpricedCalls], [-1400n, 3]);
});

test('a second repricing with the same book changes nothing', () => {
  const row = aRow({ costPicoUsd: 3n, usage: { unpricedCalls: 1 } });
  const [correction] = reprice([row], aBook(7)).corrections;
  assert.ok(correction);
  for (const field of REPRICED_MONEY) row.usage[field].addBig(correction.change[field]);
  for (const field of REPRICED_COUNTS) row.usage[field] += correction.change[field];
  assert.deepEqual(reprice([row], aBook(7)).corrections, []);
});

test('the summary adds up the rows of a tenant and billed model, in order', () => {
  const rows = [
    aRow({ tenantId: 'zeta', costPicoUsd: 1n }),
    aRow({ model: 'n' }),
    aRow({ costPicoUsd: 1000n }),
    aRow({ costPicoUsd: 2000n, usage: { calls: 3, unpricedCalls: 1 } }),
  ];
  const { summary } = reprice(rows, aBook(7));
  assert.deepEqual(
    summary.map(({ tenantId, model }) => `${tenantId} ${model}`),
    ['acme m', 'acme n', 'zeta m'],
  );
  assert.deepEqual(summary[0], {
    tenantId: 'acme',
    provider: 'openai',
    model: 'm',
    calls: 5,
    oldPicoUsd: 3000n,
    newPicoUsd: 2800n,
    differencePicoUsd: -200n,
    unpricedCallsBefore: 1,
    unpricedCallsAfter: 0,
  });
});

test('a cost beyond what a number holds exactly is corrected to the last digit', () => {
  const usage = { inputTokens: 9_000_000_000_000_001, outputTokens: 0 };
  const { corrections } = reprice([aRow({ usage })], aBook(3_000_001));
  assert.equal(corrections[0]?.change.costPicoUsd, 9_000_000_000_000_001n * 3_000_001n);
});

test('what a gateway charged stays what it charged; the cost by the list is beside it', () => {
  const { corrections } = reprice(
    [aRow({ costPicoUsd: 5n, reportedBy: 'gateway', usage: { listCalls: 0 } })],
    aBook(7),
  );
  assert.deepEqual(corrections[0]?.change, repricedSums({ costPicoUsd: 0n, listCostPicoUsd: 1400n }));
});

test('calls that cost nothing whatever the price are neither priced nor unpriced', () => {
  const usage = { calls: 5, freeCalls: 2, listCalls: 3 };
  assert.equal(reprice([aRow({ costPicoUsd: 1400n, usage })], aBook(7)).corrections.length, 0);
  const [gone] = reprice([aRow({ costPicoUsd: 1400n, usage })], aBook(null)).corrections;
  assert.deepEqual([gone?.change.unpricedCalls, gone?.change.listCalls], [3, -3]);
});

test('calls that a file prices now are no longer counted as priced by the list', () => {
  const book: PriceBook = { priceOf: () => aPrice({ input: 7, output: 70 }, { kind: 'file' }) };
  const [correction] = reprice([aRow({ costPicoUsd: 1400n })], book).corrections;
  assert.deepEqual(correction?.change, repricedSums({ listCalls: -2, fileCalls: 2 }));
});
