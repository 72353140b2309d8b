import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { TopAnswer } from '../../src/metrics-api/contract/top-answer.ts';
import { eventually, post } from './http-calls.ts';
import { type Server, startServer } from './running-server.ts';

const RANGE = 'tenant_id=acme&from=2026-01-10T00:00:00Z&to=2026-01-12T00:00:00Z';

interface Row {
  readonly user?: string;
  readonly 'metadata.app'?: string;
  readonly model?: string;
  readonly window_start: string;
  readonly requests: number;
  readonly errors: number;
  readonly completion_tokens: number;
  readonly estimated_cost_usd: number;
  readonly p50_latency_ms: number | null;
}
interface Summary {
  readonly summary: readonly Row[];
  readonly distinct_values?: number | null;
}

/**
 * Calls of five users on one day and of three on the next, some of nobody; some responses come first, one call fails.
 */
const CALLS = Array.from({ length: 40 }, (_, i) => ({
  id: `call-${i}`,
  user: i % 6 === 5 ? null : `user-${i % (i < 20 ? 6 : 3)}`,
  at: `2026-01-1${i < 20 ? 0 : 1}T0${i % 10}:17:00Z`,
  app: i % 3 === 0 ? 'web' : i,
  tokens: 11 * i + 3,
}));

suite('Sums by user, session and metadata', () => {
  let server: Server;
  const dataDir = mkdtempSync(join(tmpdir(), 'streamlens-test-'));
  const settings = { METRIC_DIMENSIONS: 'user,metadata.app', METRIC_DIMENSION_VALUES_MAX: '4' };

  before(async () => {
    server = await startServer(dataDir, settings);
    const requests = CALLS.map(({ id, user, at, app }) => ({
      type: 'request',
      request_id: id,
      tenant_id: 'acme',
      route: 'chat',
      model: 'gpt-4.1-mini',
      provider: 'openai',
      timestamp: at,
      prompt_tokens: 7,
      user_id_hash: user,
      metadata: { app },
    }));
    const responses = CALLS.map(({ id, at, tokens }, i) => ({
      type: 'response',
      request_id: id,
      timestamp: at,
      latency_ms: 100 * (i + 1),
      completion_tokens: tokens,
      error: i === 7 ? 'the server is overloaded' : null,
    }));
    for (const events of [responses.slice(0, 5), requests, requests.slice(0, 3), responses.slice(5)]) {
      assert.equal((await post(`${server.ingestion}/v1/llm/events`, JSON.stringify(events))).status, 202);
    }
    await eventually('all is counted', async () => {
      const [total] = (await get<Summary>(`/v1/metrics/summary?${RANGE}`)).summary;
      return total !== undefined && total.requests === 40 && total.completion_tokens > 8000 ? true : undefined;
    });
  });
  after(async () => {
    server.process.kill('SIGKILL');
    await server.exited;
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });

  const get = async <T>(path: string): Promise<T & { status: number }> => {
    const response = await fetch(`${server.metrics}${path}`);
    return { ...((await response.json()) as T), status: response.status };
  };
  const picoUsd = (rows: readonly Row[]): number =>
    rows.reduce((sum, row) => sum + Math.round(row.estimated_cost_usd * 1e12), 0);

  test('rows by user add up to the total to the last 10^-12 USD, and say how many users there were', async () => {
    const { summary: total } = await get<Summary>(`/v1/metrics/summary?${RANGE}`);
    const { summary, distinct_values } = await get<Summary>(`/v1/metrics/summary?${RANGE}&group_by=user`);
    const requests = Object.fromEntries(summary.map((row) => [row.user, row.requests]));
    assert.deepEqual(Object.keys(requests).toSorted().slice(0, 2), ['__none__', '__overflow__']);
    assert.equal(requests['__none__'], CALLS.filter(({ user }) => user === null).length);
    assert.equal(distinct_values, null, 'five users are more than the limit of a day');
    assert.equal(picoUsd(summary), picoUsd(total));
    for (const field of ['requests', 'errors', 'completion_tokens'] as const) {
      assert.equal(
        summary.reduce((sum, row) => sum + row[field], 0),
        total[0]?.[field],
      );
    }
    const second = RANGE.replace('from=2026-01-10', 'from=2026-01-11');
    const ofSecond = await get<Summary>(`/v1/metrics/summary?${second}&group_by=user&limit=1`);
    assert.equal(ofSecond.distinct_values, 3);
  });

  for (const measure of ['cost', 'latency', 'errors'] as const) {
    test(`what users, nobody and the overflow did to ${measure} between two days adds up to the change of all`, async () => {
      const days = 'tenant_id=acme&from=2026-01-11T00:00:00Z&to=2026-01-12T00:00:00Z&compare_from=2026-01-10T00:00:00Z';
      const whole = await get<TopAnswer>(`/v1/top?${days}&group_by=route&measure=${measure}`);
      const { top, group_count, not_grouped_before, not_grouped_after, ...byUser } = await get<TopAnswer>(
        `/v1/top?${days}&group_by=user&measure=${measure}`,
      );
      const near = (a: number | null, b: number | null) =>
        assert.ok(a !== null && b !== null && Math.abs(a - b) < 1e-9, `${a} is not ${b}`);
      const changes = top.map(({ contribution }) => contribution ?? Number.NaN);
      near(
        changes.reduce((sum, change) => sum + change, 0),
        whole.change,
      );
      near(byUser.before, whole.before);
      near(byUser.after, whole.after);
      near(
        top.reduce((sum, { share }) => sum + (share ?? 0), 0),
        1,
      );
      const names = top.map(({ user }) => user ?? '');
      assert.deepEqual(names.toSorted().slice(0, 2), ['__none__', '__overflow__']);
      assert.equal(new Set(names).size, group_count);
      const sizes = changes.map(Math.abs);
      assert.deepEqual(
        sizes,
        sizes.toSorted((a, b) => b - a),
      );
      assert.deepEqual([not_grouped_before, not_grouped_after], [0, 0]);
      const first = await get<TopAnswer>(`/v1/top?${days}&group_by=user&measure=${measure}&limit=1`);
      near((first.top[0]?.contribution ?? 0) + (first.rest ?? 0), whole.change);
    });
  }

  test('of one user it is told by which route and model, and a user beside them names each', async () => {
    const days = 'tenant_id=acme&from=2026-01-11T00:00:00Z&to=2026-01-12T00:00:00Z&compare_from=2026-01-10T00:00:00Z';
    const own = CALLS.filter(({ user }) => user === 'user-0');
    const { top, not_grouped_before } = await get<TopAnswer>(`/v1/top?${days}&user=user-0`);
    assert.deepEqual(
      top.map((group) => [group.route, group.model, group.calls_before, group.calls_after]),
      [
        [
          'chat',
          'gpt-4.1-mini',
          ...[0, 1].map((day) => own.filter(({ at }) => at.startsWith(`2026-01-1${day}`)).length),
        ],
      ],
    );
    assert.equal(not_grouped_before, undefined, 'of one value nobody knows how many are missing');
    const both = await get<TopAnswer>(`/v1/top?${days}&group_by=model,user`);
    const user0 = both.top.find(({ user }) => user === 'user-0');
    assert.deepEqual([user0?.model, user0?.calls_after], ['gpt-4.1-mini', top[0]?.calls_after]);
  });

  test('a user alone has rows by hour, which other filters and groups go with', async () => {
    const { metrics } = await get<{ metrics: readonly Row[] }>(
      `/v1/metrics?${RANGE}&user=user-0&group_by=model&order=asc`,
    );
    const own = CALLS.filter(({ user }) => user === 'user-0');
    assert.deepEqual(
      metrics.map((row) => [row.window_start, row.model, row.requests]),
      [...new Set(own.map(({ at }) => at))]
        .toSorted()
        .map((at) => [`${at.slice(0, 13)}:00:00Z`, 'gpt-4.1-mini', own.filter((call) => call.at === at).length]),
    );
    assert.ok(metrics.every((row) => row.p50_latency_ms !== null));
    const elsewhere = await get<{ metrics: readonly Row[] }>(`/v1/metrics?${RANGE}&user=user-0&route=search`);
    assert.deepEqual(elsewhere.metrics, []);
    const byApp = await get<{ metrics: readonly Row[] }>(
      `/v1/metrics?${RANGE}&step=1d&metadata.app=web&group_by=metadata.app`,
    );
    const days = [...new Set(CALLS.map(({ at }) => at.slice(0, 10)))].toSorted().toReversed();
    assert.deepEqual(
      byApp.metrics.map((row) => [row['metadata.app'], row.requests]),
      days.map((day) => ['web', CALLS.filter(({ at, app }) => at.startsWith(day) && app === 'web').length]),
    );
  });

  test('pages of values go on where the one before ended', async () => {
    const found: (string | undefined)[] = [];
    let cursor = '';
    do {
      const page = await get<{ metrics: readonly Row[]; next_cursor?: string }>(
        `/v1/metrics?${RANGE}&step=1d&group_by=user&limit=2${cursor}`,
      );
      found.push(...page.metrics.map(({ user }) => user));
      cursor = page.next_cursor === undefined ? '' : `&cursor=${page.next_cursor}`;
    } while (cursor !== '');
    const whole = await get<{ metrics: readonly Row[] }>(`/v1/metrics?${RANGE}&step=1d&group_by=user&limit=100`);
    assert.deepEqual(
      found,
      whole.metrics.map(({ user }) => user),
    );
  });

  for (const { query, complaint } of [
    {
      query: 'group_by=team',
      complaint: 'group_by has team, which is not in METRIC_DIMENSIONS, which names user, metadata.app',
    },
    { query: 'session=s1', complaint: 'session is not in METRIC_DIMENSIONS' },
    { query: 'group_by=user,metadata.app', complaint: 'group_by must be about one of METRIC_DIMENSIONS at a time' },
    {
      query: 'group_by=user&metadata.app=web',
      complaint: 'metadata.app must be about one of METRIC_DIMENSIONS at a time',
    },
    { query: 'group_by=user&step=5m', complaint: 'step must be 1h or more' },
    { query: 'group_by=user&step=1d&timezone=Asia/Kolkata', complaint: 'timezone has half hours' },
    { query: 'group_by=users', complaint: 'group_by must be any of' },
    { query: 'metadata.other=1', complaint: 'metadata.other is no parameter of this endpoint' },
  ]) {
    test(`${query} is refused`, async () => {
      const answer = await get<{ detail: string }>(`/v1/metrics?${RANGE}&${query}`);
      assert.equal(answer.status, 400);
      assert.ok(answer.detail.includes(complaint), answer.detail);
      if (query.includes('step=')) return;
      const top = await get<{ detail: string }>(`/v1/top?${RANGE}&${query}`);
      assert.equal(top.status, 400);
      assert.ok(top.detail.includes(complaint), top.detail);
    });
  }
});
