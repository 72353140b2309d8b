import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOUR_MS } from '../../tally/window.ts';
import type { AuditCursor, AuditRow, DimensionActivity } from '../metrics-reader.ts';
import { aDelta, auditCounts, commitNext, DAY, minute, type OpenStore, SERIES } from './builders.ts';

/** Answers that may be long come in pages: the audit and the values of dimensions. */
export function pagesContract(open: OpenStore): void {
  test('pages of the audit give together what one page gives, and the totals are of all of them', async () => {
    const store = await open();
    const audits = [2, 0, 1].flatMap((hour) =>
      ['', 'acme', 'other'].map((tenantId) => ({
        tenantId,
        hourStartMs: DAY + hour * HOUR_MS,
        counts: auditCounts({ acceptedRequests: 3, countedRequests: tenantId === 'other' ? 2 : 3 }),
      })),
    );
    await commitNext(store, { audits });
    for (const tenantId of [null, '', 'other']) {
      const query = { tenantId, fromMs: 0, toMs: DAY + 2 * HOUR_MS };
      const all = await store.readAudit(query);
      assert.equal(all.length, tenantId === null ? 6 : 2);
      for (const limit of [1, 2, 4]) {
        const pages: AuditRow[] = [];
        let after: AuditCursor | null = null;
        for (;;) {
          const page: readonly AuditRow[] = await store.readAudit({ ...query, page: { limit, after } });
          const last = page.at(-1);
          if (last === undefined) break;
          assert.ok(page.length <= limit);
          pages.push(...page);
          after = { hourStartMs: last.hourStartMs, tenantId: last.tenantId };
        }
        assert.deepEqual(pages, all);
      }
      const totals = await store.readAuditTotals(query);
      assert.equal(totals.counts.acceptedRequests, 3 * all.length);
      assert.deepEqual([totals.firstHourMs, totals.lastHourMs], [DAY, DAY + HOUR_MS]);
      assert.equal(totals.unbalancedRows, tenantId === '' ? 0 : 2);
    }
    const nothing = await store.readAuditTotals({ tenantId: 'nobody', fromMs: 0, toMs: DAY });
    const { firstHourMs, lastHourMs, unbalancedRows, counts } = nothing;
    assert.deepEqual([firstHourMs, lastHourMs, unbalancedRows, counts.acceptedRequests], [null, null, 0, 0]);
    await store.close();
  });

  test('the values of a dimension come the latest first, without the empty one, page by page', async () => {
    const store = await open();
    const seen = [
      ['acme', 'a', 5],
      ['acme', 'b', 9],
      ['acme', 'c', 9],
      ['other', 'a', 7],
      ['other', 'd', 1],
    ] as const;
    const tallies = seen.map(([tenantId, route, index]) =>
      aDelta({ series: { ...SERIES, tenantId, route, provider: '' }, windowStartMs: minute(index) }),
    );
    // A series is never active after its commit.
    await commitNext(store, { tallies, committedAtMs: minute(100) });
    const values = async (tenantId: string | null, dimension: 'tenant' | 'route' | 'provider', limit: number) => {
      const found: string[] = [];
      let after: DimensionActivity | null = null;
      for (;;) {
        const page: readonly DimensionActivity[] = await store.readDimensionValues({
          tenantId,
          dimension,
          limit,
          after,
        });
        found.push(...page.map(({ value, lastWindowStartMs }) => `${value} ${(lastWindowStartMs - DAY) / 60_000}`));
        after = page.at(-1) ?? null;
        if (page.length < limit || after === null) return found;
      }
    };
    for (const limit of [1, 2, 10]) {
      assert.deepEqual(await values(null, 'route', limit), ['b 9', 'c 9', 'a 7', 'd 1']);
      assert.deepEqual(await values('acme', 'route', limit), ['b 9', 'c 9', 'a 5']);
      assert.deepEqual(await values(null, 'tenant', limit), ['acme 9', 'other 7']);
      assert.deepEqual(await values(null, 'provider', limit), []);
    }
    await store.close();
  });
}
