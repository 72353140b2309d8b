import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { eventually, get, getJson, post } from './http-calls.ts';
import { type Server, startServer } from './running-server.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'streamlens-contract-'));
let server: Server;
before(async () => {
  server = await startServer(dataDir);
});
after(async () => {
  server.process.kill('SIGKILL');
  await server.exited;
  rmSync(dataDir, { recursive: true, force: true });
});

const AT = '2025-11-19T10:00:30.000Z';
const request = (id: string, tenant: string, more: object = {}) => ({
  request_id: id,
  tenant_id: tenant,
  route: 'chat_support_v2',
  model: 'gpt-4.1-mini',
  timestamp: AT,
  prompt_tokens: 300,
  ...more,
});
const response = (id: string, more: object = {}) => ({
  request_id: id,
  timestamp: '2025-11-19T10:00:31.000Z',
  latency_ms: 800,
  completion_tokens: 420,
  finish_reason: 'stop',
  ...more,
});
const postEvent = (type: string, event: object) => post(`${server.ingestion}/v1/llm/${type}`, JSON.stringify(event));

interface Rows {
  metrics: Record<string, unknown>[];
  count: number;
}

/** The rows of a tenant as soon as they hold so many finished calls. */
function rowsWith(completed: number, tenant: string): Promise<Rows> {
  return eventually(`${completed} calls of ${tenant}`, async () => {
    const rows = await getJson<Rows>(`${server.metrics}/v1/metrics?tenant_id=${tenant}`);
    return rows.metrics.reduce((sum, row) => sum + Number(row['completed']), 0) >= completed ? rows : undefined;
  });
}

const ORIGINAL_FIELDS = [
  'tenant_id',
  'route',
  'model',
  'window_start',
  'window_end',
  'requests',
  'errors',
  'avg_latency_ms',
  'p95_latency_ms',
  'avg_prompt_tokens',
  'avg_completion_tokens',
  'estimated_cost_usd',
];
const MORE_FIELDS = [
  'completed',
  'in_flight',
  'unanswered',
  'p50_latency_ms',
  'p99_latency_ms',
  'max_latency_ms',
  'p95_ttft_ms',
  'prompt_tokens',
  'completion_tokens',
  'cached_prompt_tokens',
  'reasoning_tokens',
  'unpriced_requests',
];

test('an event is answered with 202 and {"status":"accepted"}', async () => {
  for (const [type, event] of [
    ['request', request('accept-1', 'accept')],
    ['response', response('accept-1')],
    ['evaluation', { request_id: 'accept-1', name: 'helpful', timestamp: AT, score: 0.5 }],
  ] as const) {
    const answer = await postEvent(type, event);
    assert.deepEqual([answer.status, answer.text], [202, '{"status":"accepted"}'], type);
    assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
  }
});

test('a row has the fields of the original first, in its order and formats', async () => {
  await postEvent('request', request('row-1', 'row'));
  await postEvent('response', response('row-1'));
  const { metrics, count } = await rowsWith(1, 'row');
  const [row = {}] = metrics;
  assert.equal(count, 1);
  const names = Object.keys(row);
  assert.deepEqual(names.slice(0, ORIGINAL_FIELDS.length), ORIGINAL_FIELDS);
  assert.deepEqual(
    MORE_FIELDS.filter((name) => !names.includes(name)),
    [],
  );
  const { p95_latency_ms: p95, estimated_cost_usd: cost, ...exact } = row;
  assert.ok(Math.abs(Number(p95) - 800) <= 800 * 0.011, `p95 ${String(p95)}`);
  assert.ok(Math.abs(Number(cost) - (300 * 0.4 + 420 * 1.6) / 1e6) < 1e-12, `cost ${String(cost)}`);
  assert.deepEqual(
    Object.fromEntries(ORIGINAL_FIELDS.filter((name) => name in exact).map((name) => [name, row[name]])),
    {
      tenant_id: 'row',
      route: 'chat_support_v2',
      model: 'gpt-4.1-mini',
      window_start: '2025-11-19T10:00:00Z',
      window_end: '2025-11-19T10:01:00Z',
      requests: 1,
      errors: 0,
      avg_latency_ms: 800,
      avg_prompt_tokens: 300,
      avg_completion_tokens: 420,
    },
  );
});

test('token counts that are absent count as 0, unknown ones enter no average, an absent latency is the difference', async () => {
  await postEvent('request', { ...request('def-1', 'defaults'), prompt_tokens: undefined });
  await postEvent('response', { request_id: 'def-1', timestamp: '2025-11-19T10:00:32.500Z' });
  await postEvent('request', { ...request('def-2', 'defaults'), prompt_tokens: null, metadata: null });
  await postEvent('response', response('def-2', { latency_ms: 1500, completion_tokens: null, error: 'timeout' }));
  const { metrics } = await rowsWith(2, 'defaults');
  const { avg_latency_ms, avg_prompt_tokens, avg_completion_tokens, errors, unpriced_requests } = metrics[0] ?? {};
  assert.deepEqual(
    { avg_latency_ms, avg_prompt_tokens, avg_completion_tokens, errors, unpriced_requests },
    { avg_latency_ms: 2000, avg_prompt_tokens: 0, avg_completion_tokens: 0, errors: 1, unpriced_requests: 0 },
    'the call that failed before any output costs nothing, whatever its prompt was',
  );
});

test('a request alone is a row in flight, with nulls where there is nothing to average', async () => {
  await postEvent('request', request('open-1', 'open'));
  const [row] = await eventually('the open request', async () => {
    const { metrics } = await getJson<Rows>(`${server.metrics}/v1/metrics?tenant_id=open`);
    return metrics.length > 0 ? metrics : undefined;
  });
  const { requests, completed, in_flight, avg_latency_ms, p95_latency_ms, max_latency_ms } = row ?? {};
  assert.deepEqual(
    { requests, completed, in_flight, avg_latency_ms, p95_latency_ms, max_latency_ms },
    { requests: 1, completed: 0, in_flight: 1, avg_latency_ms: null, p95_latency_ms: null, max_latency_ms: null },
  );
});

test('a window is chosen by the request, in UTC, whatever the offset', async () => {
  await postEvent('request', request('tz-1', 'zones', { timestamp: '2025-11-19T15:30:59.999+05:30' }));
  await postEvent('response', response('tz-1'));
  await postEvent('request', request('tz-2', 'zones', { timestamp: '2025-11-19T10:01:00Z' }));
  await postEvent('response', response('tz-2'));
  const { metrics } = await rowsWith(2, 'zones');
  const starts = metrics.map(({ window_start: start }) => start);
  assert.deepEqual(starts, ['2025-11-19T10:01:00Z', '2025-11-19T10:00:00Z'], 'newest first');
});

test('the same event sent again changes nothing, and a response may come first', async () => {
  for (let times = 0; times < 3; times++) await postEvent('response', response('again-1'));
  for (let times = 0; times < 3; times++) await postEvent('request', request('again-1', 'again'));
  const { metrics } = await rowsWith(1, 'again');
  assert.deepEqual([metrics.length, metrics[0]?.['requests'], metrics[0]?.['completed']], [1, 1, 1]);
});

test('an event is readable within a second', async () => {
  const tookMs: number[] = [];
  for (let i = 0; i < 5; i++) {
    const startedMs = performance.now();
    await postEvent('request', request(`fresh-${i}`, `fresh-${i}`));
    await postEvent('response', response(`fresh-${i}`));
    await rowsWith(1, `fresh-${i}`);
    tookMs.push(performance.now() - startedMs);
  }
  // The best, because other programs run on this machine too.
  assert.ok(Math.min(...tookMs) < 1000, `${tookMs.join(', ')} ms`);
});

const batchOf = (tenant: string) => [
  { type: 'request', ...request(`${tenant}-1`, tenant) },
  { type: 'invoice' },
  { type: 'response', ...response(`${tenant}-1`) },
  { type: 'request', ...request(`${tenant}-2`, tenant), model: undefined },
];

test('a batch comes as array or NDJSON, plain, gzip or zstd, and is answered per item', async () => {
  const wire = {
    array: (events: object[]) => JSON.stringify(events),
    ndjson: (events: object[]) => `${events.map((event) => JSON.stringify(event)).join('\r\n')}\n\n`,
  };
  const types = { array: 'application/json; charset=utf-8', ndjson: 'application/x-ndjson' };
  const encodings = { identity: (text: string) => Buffer.from(text), gzip: gzipSync, zstd: zstdCompressSync };
  for (const form of ['array', 'ndjson'] as const) {
    for (const encoding of ['identity', 'gzip', 'zstd'] as const) {
      const tenant = `batch-${form}-${encoding}`;
      const body = new Uint8Array(encodings[encoding](wire[form](batchOf(tenant))));
      const headers = { 'content-type': types[form], 'content-encoding': encoding };
      const answer = await post(`${server.ingestion}/v1/llm/events`, body, headers);
      assert.equal(answer.status, 202, `${tenant}: ${answer.text}`);
      assert.deepEqual(JSON.parse(answer.text), {
        accepted: 2,
        rejected: 2,
        errors: [
          { index: 1, detail: '/type must be request, response or evaluation' },
          { index: 3, detail: '/model is required' },
        ],
      });
      await rowsWith(1, tenant);
    }
  }
});

test('a batch in which no event is valid is answered with 400', async () => {
  const answer = await post(`${server.ingestion}/v1/llm/events`, '[{"type":"request"},{}]');
  assert.equal(answer.status, 400);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/);
  assert.equal((JSON.parse(answer.text) as { errors: { path: string }[] }).errors.at(-1)?.path, '/1/type');
  for (const empty of ['', '[]', '{}']) {
    assert.equal((await post(`${server.ingestion}/v1/llm/events`, empty)).status, 400, JSON.stringify(empty));
  }
});

test('rows are filtered by route and model, limited, and turned page by page', async () => {
  const events = Array.from({ length: 7 }, (_, minute) => ({
    type: 'request',
    ...request(`page-${minute}`, 'pages', {
      route: `r${minute % 2}`,
      model: `m${minute % 3}`,
      timestamp: `2025-11-19T10:0${minute}:00Z`,
    }),
  }));
  await post(`${server.ingestion}/v1/llm/events`, JSON.stringify(events));
  const url = `${server.metrics}/v1/metrics?tenant_id=pages`;
  await eventually('seven rows', async () => ((await getJson<Rows>(url)).count === 7 ? true : undefined));
  assert.equal((await getJson<Rows>(`${url}&route=r0`)).count, 4);
  assert.equal((await getJson<Rows>(`${url}&route=r0&model=m0`)).count, 2);
  assert.equal((await getJson<Rows>(`${url}&from=2025-11-19T10:02:00Z&to=2025-11-19T10:04:00Z`)).count, 2);
  assert.equal((await getJson<Rows>(`${url}&step=1h&group_by=none`)).metrics[0]?.['requests'], 7);
  for (const order of ['desc', 'asc']) {
    const starts: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const from = cursor === '' ? '' : `&cursor=${cursor}`;
      const page: Rows & { next_cursor?: string } = await getJson(`${url}&limit=3&order=${order}${from}`);
      starts.push(...page.metrics.map(({ window_start: start }) => String(start)));
      cursor = page.next_cursor;
    }
    const sorted = starts.toSorted((a, b) => a.localeCompare(b));
    assert.equal(new Set(starts).size, 7, order);
    assert.deepEqual(starts, order === 'asc' ? sorted : sorted.toReversed());
  }
  const first = await getJson<Rows & { next_cursor: string }>(`${url}&limit=3&step=1m&order=desc`);
  assert.equal((await getJson<Rows>(`${url}&limit=2&cursor=${first.next_cursor}`)).count, 2);
  for (const [other, name] of [
    ['step=1h', 'step'],
    ['route=r0', 'route'],
    ['group_by=none', 'group_by'],
    ['order=asc', 'order'],
  ]) {
    const refused = await fetch(`${url}&limit=3&${other}&cursor=${first.next_cursor}`);
    assert.equal(refused.status, 400, other);
    assert.match(await refused.text(), new RegExp(`cursor must be [^"]* which had another ${name}"`));
  }
});

test('rows by error kind add up to the calls, and the calls of a kind are found', async () => {
  const ends = [
    {},
    { error: '429 Too Many Requests' },
    { error_kind: 'timeout', error: 'x' },
    { finish_reason: 'cancelled' },
  ];
  for (const [index, end] of ends.entries()) {
    await postEvent('request', request(`kind-${index}`, 'kinds'));
    await postEvent('response', response(`kind-${index}`, end));
  }
  await rowsWith(ends.length, 'kinds');
  const url = `${server.metrics}/v1/metrics`;
  const query = 'tenant_id=kinds&from=2025-11-19T10:00:00Z&to=2025-11-19T11:00:00Z&quantiles=0.5';
  const { metrics } = await getJson<Rows>(`${url}?${query}&group_by=model,error_kind&step=1h`);
  assert.deepEqual(
    metrics.map((row) => [row['model'], row['error_kind'], row['requests'], row['errors'], row['cancelled']]),
    [
      ['gpt-4.1-mini', null, 1, 0, 0],
      ['gpt-4.1-mini', 'cancelled', 1, 0, 1],
      ['gpt-4.1-mini', 'rate_limit', 1, 1, 0],
      ['gpt-4.1-mini', 'timeout', 1, 1, 0],
    ],
  );
  for (const row of metrics) {
    const unknown = [row['p95_latency_ms'], row['prompt_tokens'], row['estimated_cost_usd'], row['cost_sources']];
    assert.deepEqual([...unknown, row['quantiles']], [null, null, null, null, { '0.5': null }]);
  }
  const { summary } = await getJson<{ summary: Rows['metrics'] }>(`${url}/summary?${query}&group_by=error_kind`);
  assert.equal(summary.length, ends.length);
  const page = await getJson<Rows & { next_cursor: string }>(`${url}?${query}&group_by=error_kind&limit=3`);
  const rest = await getJson<Rows>(`${url}?${query}&group_by=error_kind&limit=3&cursor=${page.next_cursor}`);
  assert.deepEqual([page.count, rest.metrics.map((row) => row['error_kind'])], [3, ['timeout']]);
  const calls = `${server.metrics}/v1/calls?tenant_id=kinds&error_kind`;
  const found = await getJson<{ calls: Record<string, unknown>[] }>(`${calls}=rate_limit`);
  assert.deepEqual(
    found.calls.map((call) => call['request_id']),
    ['kind-1'],
  );
  assert.equal((await get(`${calls}=ratelimit`)).status, 400);
});

test('single calls are found by their fields, and one by its id with the lines of its cost', async () => {
  await postEvent('request', request('call-1', 'calls', { session_id: 's-1', metadata: { region: 'eu' } }));
  await postEvent('response', response('call-1'));
  await postEvent('request', request('call-2', 'calls', { timestamp: '2025-11-19T10:00:31Z' }));
  await postEvent('response', response('call-2', { error: 'overloaded', latency_ms: 3000 }));
  await rowsWith(2, 'calls');
  const ids = async (query: string) => {
    const { calls } = await getJson<{ calls: { request_id: string }[] }>(
      `${server.metrics}/v1/calls?tenant_id=calls${query}`,
    );
    return calls.map(({ request_id: id }) => id);
  };
  assert.deepEqual(await ids(''), ['call-2', 'call-1'], 'newest first');
  for (const query of ['&status=error', '&error=true', '&min_latency_ms=1000', '&order=slowest&limit=1']) {
    assert.deepEqual(await ids(query), ['call-2'], query);
  }
  for (const query of ['&session_id=s-1', '&metadata={"region":"eu"}', '&status=completed']) {
    assert.deepEqual(await ids(query), ['call-1'], query);
  }
  const { call } = await getJson<{ call: Record<string, unknown> }>(
    `${server.metrics}/v1/calls/call-1?tenant_id=calls`,
  );
  assert.equal(call['status'], 'completed');
  assert.equal((call['cost_lines'] as unknown[]).length, 2);
  assert.equal((await get(`${server.metrics}/v1/calls/call-1?tenant_id=another`)).status, 404);
});

test('searches of the web are a line of the call, in its cost, in its row and in what is charged by FOCUS', async () => {
  const tokens = { prompt_tokens: 1000, model: 'claude-sonnet-4-5-20250929', provider: 'anthropic' };
  await postEvent('request', request('searched', 'searches', tokens));
  await postEvent('response', response('searched', { completion_tokens: 100, web_search_requests: 3 }));
  await rowsWith(1, 'searches');
  const range = 'from=2025-11-19T10:00:00Z&to=2025-11-19T11:00:00Z';
  const { metrics } = await getJson<Rows>(`${server.metrics}/v1/metrics?tenant_id=searches&${range}`);
  // 1,000 tokens at 3 USD, 100 at 15 USD a million, and 3 searches at 10 USD for 1,000.
  assert.equal(metrics[0]?.['estimated_cost_usd'], 0.0345);
  const { call } = await getJson<{ call: Record<string, unknown> }>(
    `${server.metrics}/v1/calls/searched?tenant_id=searches`,
  );
  assert.equal(call['estimated_cost_usd'], 0.0345);
  const lines = call['cost_lines'] as Record<string, unknown>[];
  assert.deepEqual(
    lines.map(({ part, tokens: count, searches, cost_usd: cost }) => [part, count, searches, cost]),
    [
      ['input', 1000, undefined, 0.003],
      ['output', 100, undefined, 0.0015],
      ['web_search', null, 3, 0.03],
    ],
  );
  const focus = await get(`${server.metrics}/v1/export?dataset=focus&tenant_id=searches&${range}`);
  assert.equal(focus.status, 200, focus.text);
  assert.match(focus.text, /Web Searches/);
});

test('a call is found by an id of 128 characters, whatever they are', async () => {
  for (const character of ['x', '/', '%', 'ü', '語']) {
    const id = character.repeat(128);
    await postEvent('request', request(id, 'long-ids'));
    const found = await eventually(`the call ${character}…`, async () => {
      const answer = await get(`${server.metrics}/v1/calls/${encodeURIComponent(id)}?tenant_id=long-ids`);
      return answer.status === 404 ? undefined : answer;
    });
    assert.equal(found.status, 200, found.text);
  }
});

test('evaluations are averaged per name and window', async () => {
  await postEvent('request', request('eval-1', 'evals'));
  await postEvent('evaluation', { request_id: 'eval-1', name: 'helpful', timestamp: AT, score: 0.25, passed: true });
  const [row] = await eventually('the evaluation', async () => {
    const url = `${server.metrics}/v1/evaluations?tenant_id=evals`;
    const { evaluations } = await getJson<{ evaluations: Record<string, unknown>[] }>(url);
    return evaluations.length > 0 ? evaluations : undefined;
  });
  const { name, count, avg_score, pass_rate } = row ?? {};
  assert.deepEqual({ name, count, avg_score, pass_rate }, { name: 'helpful', count: 1, avg_score: 0.25, pass_rate: 1 });
});

test('both APIs tell their health, their readiness, their numbers and their documents', async () => {
  for (const url of [server.ingestion, server.metrics]) {
    const health = await get(`${url}/health`);
    assert.deepEqual([health.status, health.text], [200, '{"status":"healthy"}']);
    const ready = await get(`${url}/ready`);
    assert.equal(ready.status, 200);
    assert.match(ready.text, /^(.+: ok\n)+$/);
    assert.match((await get(`${url}/metrics`)).text, /^process_resident_memory_bytes \d+$/m);
    assert.equal((await getJson<{ openapi: string }>(`${url}/openapi.json`)).openapi, '3.1.0');
    assert.match((await get(`${url}/docs`)).text, /^<!doctype html>/i);
  }
});

test('what is not there is 404, another method 405, both as problems', async () => {
  for (const url of [server.ingestion, server.metrics]) {
    const missing = await get(`${url}/v1/nothing`);
    assert.equal(missing.status, 404);
    assert.match(missing.headers.get('content-type') ?? '', /^application\/problem\+json/);
  }
  const wrong = await get(`${server.ingestion}/v1/llm/request`);
  assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'POST']);
  // Of all methods, this one has to have a Content-Type; what is not there is told first.
  for (const [url, allowed] of [
    [`${server.ingestion}/v1/llm/request`, 'POST'],
    [`${server.metrics}/v1/metrics`, 'GET'],
    [`${server.metrics}/health`, 'GET'],
  ] as const) {
    const queried = await fetch(url, { method: 'QUERY' });
    await queried.text();
    assert.deepEqual([queried.status, queried.headers.get('allow')], [405, allowed], url);
  }
});

test('an endpoint without parameters refuses one, by its name', async () => {
  const ofBoth = ['/health', '/ready', '/metrics', '/openapi.json', '/docs'];
  const urls = [server.ingestion, server.metrics].flatMap((url) => ofBoth.map((path) => url + path));
  for (const url of [...urls, `${server.ingestion}/v1/otlp/ignored`]) {
    const { status, text } = await get(`${url}?tenant_id=acme`);
    assert.equal(status, 400, url);
    assert.match(text, /tenant_id is no parameter of this endpoint; it takes none/);
  }
});
