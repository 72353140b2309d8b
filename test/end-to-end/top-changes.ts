import assert from 'node:assert/strict';
import type { TopAnswer } from '../../src/metrics-api/contract/top-answer.ts';
import { auditOf, get, getJson, post } from './http-calls.ts';
import type { Server } from './running-server.ts';

const HOURS = { before: '2026-01-10T11', after: '2026-01-10T12', failing: '2026-01-10T14' } as const;

/** Sends two hours of two tenants to an empty server, and asks who changed what between them. */
export async function assertTopChanges(server: Server): Promise<void> {
  const acme = { tenant: 'acme', route: 'chat' };
  const globex = { tenant: 'globex', route: 'search' };
  // acme's chat doubles its calls; globex' search gets slower and writes more.
  await send(server, 'before', { ...acme, calls: 10, latency_ms: 100, completion_tokens: 100 });
  await send(server, 'before', { ...globex, calls: 10, latency_ms: 100, completion_tokens: 100 });
  await send(server, 'after', { ...acme, calls: 20, latency_ms: 100, completion_tokens: 100 });
  await send(server, 'after', { ...globex, calls: 10, latency_ms: 400, completion_tokens: 400 });
  await send(server, 'failing', { ...globex, calls: 5, latency_ms: 1, error: 'timeout' });
  await auditOf(server.metrics, { requests: 55, responses: 55 });
  const top = (query: string): Promise<TopAnswer> =>
    getJson(`${server.metrics}/v1/top?from=${HOURS.after}:00:00Z&to=${HOURS.after}:59:00Z&${query}`);

  const cost = await top(`compare_from=${HOURS.before}:00:00Z&group_by=tenant_id`);
  const [first, second] = cost.top;
  assert.deepEqual([first?.tenant_id, second?.tenant_id, cost.group_count], ['globex', 'acme', 2]);
  assert.ok((first?.share ?? 0) > 0.5 && Math.abs((first?.share ?? 0) + (second?.share ?? 0) - 1) < 1e-9);
  assert.deepEqual([first?.by_number_of_calls, second?.by_each_call], [0, 0]);
  const [earlier, later] = await Promise.all(
    [HOURS.before, HOURS.after].map(async (hour) => {
      const range = `from=${hour}:00:00Z&to=${hour}:59:00Z`;
      const { summary } = await getJson<{ summary: { estimated_cost_usd: number }[] }>(
        `${server.metrics}/v1/metrics/summary?${range}`,
      );
      return summary[0]?.estimated_cost_usd;
    }),
  );
  assert.deepEqual([cost.before, cost.after], [earlier, later]);

  const latency = await top(`compare_from=${HOURS.before}:00:00Z&measure=latency&limit=1`);
  assert.deepEqual([latency.before, latency.after], [100, 200]);
  assert.deepEqual([latency.top.length, latency.top[0]?.tenant_id, latency.top[0]?.route], [1, 'globex', 'search']);
  const sum = (latency.top[0]?.contribution ?? 0) + (latency.rest ?? 0);
  assert.ok(Math.abs(sum - (latency.change ?? 0)) < 1e-9, `${sum}`);

  const errors = await getJson<TopAnswer>(
    `${server.metrics}/v1/top?from=${HOURS.failing}:00:00Z&to=${HOURS.failing}:59:00Z&compare_from=${HOURS.after}:00:00Z&measure=errors`,
  );
  const [failing] = errors.top;
  assert.deepEqual([errors.before, errors.after, errors.change], [0, 1, 1]);
  assert.deepEqual([failing?.tenant_id, failing?.before, failing?.after], ['globex', 0, 1]);

  const before = await top('tenant_id=acme');
  assert.equal(before.compare_from, '2026-01-10T11:01:00Z', 'as much time just before');
  for (const [query, path] of [
    ['tenant_id=acme', '/from'],
    ['from=now-1h&compare_to=now-2h', '/compare_to'],
    ['from=now-1h&group_by=error_kind', '/group_by'],
    ['from=now-1h&measure=tokens', '/measure'],
    ['from=now-1h&compare_from=now-2h&compare_to=now-3h', '/compare_from'],
  ]) {
    const answer = await get(`${server.metrics}/v1/top?${query}`);
    assert.equal(answer.status, 400, query);
    assert.ok(answer.text.includes(`"${path}"`), answer.text);
  }
}

interface Sent {
  readonly tenant: string;
  readonly route: string;
  readonly calls: number;
  readonly latency_ms: number;
  readonly completion_tokens?: number;
  readonly error?: string;
}

async function send(
  server: Server,
  when: keyof typeof HOURS,
  { tenant, route, calls, ...answered }: Sent,
): Promise<void> {
  const timestamp = `${HOURS[when]}:10:00Z`;
  const events = Array.from({ length: calls }, (_, index) => {
    const request_id = `${when}-${tenant}-${index}`;
    const names = { tenant_id: tenant, route, model: 'gpt-4.1-mini' };
    return [
      { type: 'request', request_id, ...names, timestamp, prompt_tokens: 100 },
      { type: 'response', request_id, tenant_id: tenant, timestamp, ...answered },
    ];
  }).flat();
  const answer = await post(`${server.ingestion}/v1/llm/events`, JSON.stringify(events));
  assert.equal(answer.status, 202, answer.text);
}
