import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixedSteps, oneStep } from '../../tally/steps.ts';
import { MINUTE_MS } from '../../tally/window.ts';
import type { MetricsQuery } from '../metrics-reader.ts';
import { ReadBudget } from '../read-budget.ts';
import { aDelta, aTally, commitNext, metricsQuery, minute, type OpenStore, SERIES } from './builders.ts';

const TENANTS = ['acme', 'other'];
const SERIES_PER_TENANT = 4;
const MINUTES = 5;
const ROWS = TENANTS.length * SERIES_PER_TENANT * MINUTES;

/** How much a question may read. */
export function budgetContract(open: OpenStore): void {
  test('a question may read as many rows as its budget has, of all its tenants together, and not one more', async () => {
    const store = await open();
    const tallies = TENANTS.flatMap((tenantId) =>
      Array.from({ length: SERIES_PER_TENANT * MINUTES }, (_, i) => {
        const series = { ...SERIES, tenantId, model: `m${i % SERIES_PER_TENANT}` };
        const windowStartMs = minute(Math.floor(i / SERIES_PER_TENANT));
        return aDelta({ series, windowStartMs, tally: aTally({ requests: 1 }) });
      }),
    );
    await commitNext(store, { tallies });
    const ask = (rowsMax: number, query: Partial<MetricsQuery>) =>
      store.readMetrics(metricsQuery({ limit: 1000, ...query, budget: new ReadBudget(rowsMax) }));
    const minutes = { steps: fixedSteps(MINUTE_MS), groupBy: [] };
    for (const [tenantId, rowCount] of [
      [null, ROWS],
      ['acme', ROWS / 2],
    ] as const) {
      const [row] = await ask(rowCount, { ...minutes, tenantId, steps: oneStep(), toMs: minute(MINUTES) });
      assert.equal(row?.tally.requests, rowCount);
      assert.equal((await ask(rowCount, { ...minutes, tenantId })).length, MINUTES);
      await assert.rejects(ask(rowCount - 1, { ...minutes, tenantId }), {
        name: 'TooMuchToRead',
        message: `The question reads more than ${rowCount - 1} rows.`,
      });
    }
    const newest = await ask(2 * SERIES_PER_TENANT, { ...minutes, tenantId: 'acme', limit: 1 });
    assert.equal(newest[0]?.tally.requests, SERIES_PER_TENANT, 'what is not read costs nothing');
    assert.equal((await ask(ROWS, { ...minutes, tenantId: null })).length, MINUTES, 'the store works as before');
    await store.close();
  });
}
