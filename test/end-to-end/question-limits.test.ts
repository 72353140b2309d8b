import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { eventually, post } from './http-calls.ts';
import { type Server, startServer } from './running-server.ts';

const START_MS = Date.parse('2026-01-10T00:00:00Z');
const MINUTES = 200;
const ROUTES = 60;
/** Minute rows of each tenant: more than a short question may read, and less than one question may. */
const ROWS = MINUTES * ROUTES;
const ROWS_MAX = ROWS + ROWS / 2;
const TENANTS = ['acme', 'globex'];
const RANGE = 'from=2026-01-10T00:00:00Z&to=2026-01-10T04:00:00Z';
const SHORT_COUNT = 20;

interface Page {
  readonly metrics: readonly object[];
  readonly count: number;
  readonly next_cursor: string;
}

interface Answer {
  readonly detail?: string;
  readonly metrics?: readonly { readonly requests: number }[];
}

suite('No question harms another', () => {
  let server: Server;
  const dataDir = mkdtempSync(join(tmpdir(), 'streamlens-test-'));

  before(async () => {
    server = await startServer(dataDir, { QUERY_ROWS_MAX: String(ROWS_MAX), QUERY_TIMEOUT: '5m' });
    for (const tenant of TENANTS) for (let minute = 0; minute < MINUTES; minute += 20) await send(tenant, minute);
    await eventually('all is counted', async () => {
      const sums = await Promise.all(
        TENANTS.map((tenant) => get(`/v1/metrics?step=1d&group_by=none&tenant_id=${tenant}`)),
      );
      return sums.every(({ metrics }) => metrics?.[0]?.requests === ROWS) ? true : undefined;
    });
  });
  after(async () => {
    server.process.kill('SIGKILL');
    await server.exited;
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });

  const send = async (tenant: string, firstMinute: number) => {
    const events = Array.from({ length: 20 * ROUTES }, (_, i) => {
      const minute = firstMinute + Math.floor(i / ROUTES);
      return {
        type: 'request',
        request_id: `${tenant}-${minute}-${i % ROUTES}`,
        tenant_id: tenant,
        route: `route-${i % ROUTES}`,
        model: 'm',
        timestamp: new Date(START_MS + minute * 60_000).toISOString(),
      };
    });
    assert.equal((await post(`${server.ingestion}/v1/llm/events`, JSON.stringify(events))).status, 202);
  };
  const get = async <T = Answer>(path: string): Promise<T & { readonly status: number }> => {
    const response = await fetch(`${server.metrics}${path}`);
    return { ...((await response.json()) as T), status: response.status };
  };

  test('while three long questions run, short ones do not stand in line behind them', async () => {
    const ended = new AbortController();
    let longCount = 0;
    const askLong = async (name: number) => {
      while (!ended.signal.aborted) {
        // No two are equal, so that no answer is given twice.
        const question = `group_by=route,model&limit=${10_000 - name - 3 * (longCount % 1000)}&${RANGE}`;
        const { status } = await get(`/v1/metrics?tenant_id=acme&${question}`);
        assert.equal(status, 200);
        longCount++;
      }
    };
    const long = [0, 1, 2].map(askLong);
    // Threads for them are started at the first ones.
    await eventually('each has been answered once', async () => (longCount >= 3 ? true : undefined));
    let aheadCount = 0;
    for (let i = 0; i < SHORT_COUNT; i++) {
      const longBefore = longCount;
      const { status, metrics } = await get(`/v1/metrics?tenant_id=globex&limit=${60 - i}`);
      if (longCount === longBefore) aheadCount++;
      assert.equal(status, 200);
      assert.equal(metrics?.length, 60 - i);
    }
    ended.abort();
    await Promise.all(long);
    // Were they in one line, each would have waited for at least two long ones, however busy the machine is.
    assert.ok(aheadCount > 0, 'no short one was answered before the long ones');
  });

  test('a question of few windows and many series is answered as a long one', async () => {
    const { status, metrics = [] } = await get(`/v1/metrics?tenant_id=acme&group_by=none&limit=${MINUTES}&${RANGE}`);
    assert.equal(status, 200);
    assert.equal(metrics.length, MINUTES);
    assert.ok(metrics.every(({ requests }) => requests === ROUTES));
  });

  test('a large answer is sent while it is found, and is what its pages are', async () => {
    const path = `/v1/metrics?tenant_id=acme&group_by=route&order=asc&${RANGE}`;
    for (const encoding of ['gzip', 'identity']) {
      const response = await fetch(`${server.metrics}${path}&limit=10000`, {
        headers: { 'accept-encoding': encoding },
      });
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('content-encoding'), encoding === 'gzip' ? 'gzip' : null);
      assert.equal(response.headers.get('content-length'), null);
      const { metrics, count, next_cursor: next } = (await response.json()) as Page;
      assert.equal(count, 10_000);
      const pages: object[] = [];
      for (let cursor = ''; pages.length < 10_000; ) {
        const page = await get<Page>(`${path}&limit=1000${cursor}`);
        pages.push(...page.metrics);
        cursor = `&cursor=${page.next_cursor}`;
        if (pages.length === 10_000) assert.equal(page.next_cursor, next);
      }
      assert.deepEqual(metrics, pages);
    }
  });

  test('a question that reads more rows than QUERY_ROWS_MAX is a 422 that says what to narrow', async () => {
    const { status, detail } = await get(`/v1/metrics?group_by=none&limit=${MINUTES}&${RANGE}`);
    assert.equal(status, 422);
    const rows = ROWS_MAX.toLocaleString('en-US');
    assert.match(String(detail), new RegExp(`reads more than ${rows} rows\\. Narrow it: a shorter range`));
    const { metrics = [] } = await get(`/v1/metrics?group_by=none&step=1d&${RANGE}`);
    assert.equal(metrics[0]?.requests, TENANTS.length * ROWS, 'by the day it is 120 rows');
  });
});
