import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SenderCalls } from '../../tally/sender-calls.ts';
import { HOUR_MS } from '../../tally/window.ts';
import type { MetricsStore } from '../metrics-store.ts';
import type { TenantFilter } from '../tenant-filter.ts';
import {
  aDelta,
  aTally,
  aUsageDelta,
  auditCounts,
  changesQuery,
  commitNext,
  DAY,
  metricsQuery,
  minute,
  type OpenStore,
  SERIES,
} from './builders.ts';
import { rowTexts, sumOfMinutes } from './ranges.contract.ts';

const TENANTS = ['acme', 'beta', 'it\'s "quoted", [listed]', 'żółw'] as const;
const RANGE = { fromMs: DAY, toMs: DAY + 3 * HOUR_MS };
/** Whose rows each filter means. */
const FILTERS: readonly (readonly [TenantFilter, readonly string[]])[] = [
  [null, TENANTS],
  ['beta', ['beta']],
  [['beta'], ['beta']],
  [['beta', 'beta'], ['beta']],
  [
    ['beta', TENANTS[2]],
    ['beta', TENANTS[2]],
  ],
  [
    ['żółw', 'nobody', 'acme'],
    ['acme', 'żółw'],
  ],
  [['nobody'], []],
  [[], []],
];

/** Whatever can be asked of one tenant can be asked of several, and is the answers of each put together. */
export function tenantsContract(open: OpenStore): void {
  describe('one tenant, several or all', () => {
    test('rows and summaries are those of the tenants asked for, apart or added up, in pages as well', async () => {
      const store = await filled(open);
      for (const [tenantId, tenants] of FILTERS) {
        for (const groupBy of [[], ['tenant_id'], ['route'], ['tenant_id', 'route']] as const) {
          const query = metricsQuery({ ...RANGE, tenantId, groupBy, limit: 1000 });
          const whole = await sumOfMinutes(store, query, tenants);
          assert.deepEqual(rowTexts(await store.readMetrics(query)), whole, `${String(tenantId)} by ${groupBy.join()}`);
          assert.deepEqual(rowTexts(await store.readMetrics({ ...query, limit: 2 })), whole.slice(0, 2));
        }
        const summary = await store.readSummary({ ...metricsQuery({ ...RANGE, tenantId, groupBy: ['tenant_id'] }) });
        assert.deepEqual(
          summary.map((row) => row.tenantId),
          tenants,
        );
      }
      await store.close();
    });

    test('the span and the values of dimensions are those of the tenants asked for', async () => {
      const store = await filled(open);
      for (const [tenantId, tenants] of FILTERS) {
        assert.equal((await store.readSpan(tenantId)) === null, tenants.length === 0);
        const activities = await store.readDimensions(tenantId);
        assert.deepEqual([...new Set(activities.map((activity) => activity.tenantId))], tenants);
        const query = { tenantId, dimension: 'tenant' as const, limit: 10, after: null };
        const values = (await store.readDimensionValues(query)).map(({ value }) => value);
        assert.deepEqual(values.sort(), [...tenants].sort());
      }
      await store.close();
    });

    test('changes name their tenant, come in order, and a limit parts none of one instant', async () => {
      const store = await filled(open);
      for (const [tenantId, tenants] of FILTERS) {
        const all = await store.readChanges(changesQuery({ tenantId }));
        assert.deepEqual([...new Set(all.map((row) => row.tenantId))].sort(), [...tenants].sort());
        const times = all.map(({ changedAtMs }) => changedAtMs);
        assert.deepEqual(
          times,
          times.toSorted((a, b) => a - b),
        );
        const some = await store.readChanges(changesQuery({ tenantId, limit: 1 }));
        assert.deepEqual(
          some,
          all.filter(({ changedAtMs }) => changedAtMs === times[0]),
        );
      }
      await store.close();
    });

    test('the audit, coverage and what was billed are those of the tenants asked for', async () => {
      const store = await filled(open);
      for (const [tenantId, tenants] of FILTERS) {
        const audit = await store.readAudit({ ...RANGE, tenantId });
        assert.deepEqual(
          audit.map((row) => row.tenantId),
          tenants,
        );
        assert.equal((await store.readAuditTotals({ ...RANGE, tenantId })).counts.acceptedRequests, tenants.length);
        const coverage = { ...RANGE, tenantId, service: null, session: null };
        const senders = await store.readCoverage({ ...coverage, limit: 100, after: null });
        assert.deepEqual(
          senders.map((row) => row.tenantId),
          tenants,
        );
        assert.equal((await store.readCoverageTotals(coverage)).length, tenants.length);
        const billed = (await store.readUsage({ ...RANGE, tenantId })).map((row) => row.tenantId);
        assert.deepEqual(billed.sort(), [...tenants].sort());
      }
      await store.close();
    });
  });
}

/** For each tenant the same kind of things, at instants that lie between each other's. */
async function filled(open: OpenStore): Promise<MetricsStore> {
  const store = await open();
  const routes = ['chat', 'search'];
  for (const [round, route] of [...routes, ...routes].entries()) {
    for (const [at, tenantId] of TENANTS.entries()) {
      const tally = aTally({ requests: 1 + at, completed: 1, latenciesMs: [10 * at + round] });
      const windowStartMs = minute(7 * at + 40 * round);
      const series = { ...SERIES, tenantId, route };
      const usages = round === 0 ? [aUsageDelta({ series, windowStartMs })] : [];
      const audits = round === 0 ? [{ tenantId, hourStartMs: DAY, counts: auditCounts({ acceptedRequests: 1 }) }] : [];
      const sums = Object.assign(new SenderCalls(), { calls: 1 });
      const sender = { tenantId, hourStartMs: DAY, service: 'agent', session: 's' };
      const senderCalls = round === 0 ? [{ ...sender, sums }] : [];
      const committedAtMs = 100 + 10 * round + (at % 2);
      const tallies = [aDelta({ series, windowStartMs, tally })];
      await commitNext(store, { committedAtMs, tallies, usages, audits, senderCalls });
    }
  }
  return store;
}
