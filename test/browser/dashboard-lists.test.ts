import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { auditOf, post } from '../end-to-end/http-calls.ts';
import { type Server, serverFor } from '../end-to-end/running-server.ts';
import { openWindow, skipWithoutChromium } from './chromium.ts';
import { seededServer, sendCall, TENANT } from './seeded-server.ts';

const skip = skipWithoutChromium();

const LONG_ROUTE = 'POST /api/v2/workspaces/{workspaceId}/documents/{documentId}/summaries';
const LONG_MODELS = ['v1', 'v2'].map(
  (version) => `arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-${version}:0`,
);

async function serverWithLongNames(t: Parameters<typeof serverFor>[0]): Promise<Server> {
  const server = await serverFor(t);
  const timestamp = new Date(Date.now() - 60_000).toISOString();
  const events = LONG_MODELS.flatMap((model) => {
    const request_id = `${'long'.repeat(28)}${model.slice(-4)}`;
    return [
      { type: 'request', request_id, tenant_id: TENANT, route: LONG_ROUTE, model, timestamp, prompt_tokens: 900 },
      { type: 'response', request_id, timestamp, latency_ms: 900, error: 'x'.repeat(300) },
    ];
  });
  const answer = await post(`${server.ingestion}/v1/llm/events`, JSON.stringify(events));
  assert.equal(answer.status, 202, answer.text);
  await auditOf(server.metrics, { requests: events.length / 2, responses: events.length / 2 });
  return server;
}

const firstRow = (page: Page) => page.locator('table.calls tbody tr').first();
const idOfFirst = (page: Page) => firstRow(page).locator('button').getAttribute('aria-label');
const calls = (page: Page, count: number) =>
  page.locator('[data-figure="calls"] .value').filter({ hasText: new RegExp(`^${count}$`) });

test('the list of calls holds still under the pointer and under the focus, and says what is new', {
  skip,
}, async (t) => {
  const server = await seededServer(t);
  const { page } = await openWindow(t);
  await page.goto(`${server.metrics}/?tenant=${TENANT}&range=6h`);
  await firstRow(page).hover();
  const picked = await idOfFirst(page);
  for (let sent = 1; sent <= 3; sent++) {
    await sendCall(server, `while-hovering-${sent}`);
    await calls(page, 180 + sent).waitFor();
  }
  await page.getByRole('button', { name: /^3 new/ }).waitFor();
  assert.equal(await idOfFirst(page), picked);
  await page.mouse.move(5, 5);
  await firstRow(page).locator('button[aria-label$="while-hovering-3"]').waitFor();
  await firstRow(page).locator('button').focus();
  await sendCall(server, 'while-focused');
  await calls(page, 184).waitFor();
  const pill = page.getByRole('button', { name: /^1 new/ });
  await pill.waitFor();
  assert.equal(await page.evaluate(`document.activeElement.closest('table') !== null`), true);
  await pill.click();
  await firstRow(page).locator('button[aria-label$="while-focused"]').waitFor();
});

test('long names leave the numbers on the screen, differ at their ends, and are whole for the pointer', {
  skip,
}, async (t) => {
  const server = await serverWithLongNames(t);
  for (const width of [1024, 1280, 1440]) {
    const { page } = await openWindow(t, { viewport: { width, height: 900 } });
    await page.goto(`${server.metrics}/?tenant=${TENANT}&split=model`);
    await firstRow(page).waitFor();
    const rightEdge = await page.evaluate<number>(
      `document.querySelector('.breakdown tbody tr').lastElementChild.getBoundingClientRect().right`,
    );
    assert.ok(rightEdge <= width, `the cost ends at ${rightEdge} of ${width}`);
    const seen = await page.evaluate<{ title: string; tail: string; isTailSeen: boolean }[]>(
      `Array.from(document.querySelectorAll('.breakdown td .name'), (name) => {
        const tail = name.querySelector('.name-tail');
        const [inner, outer] = [tail.getBoundingClientRect(), name.closest('td').getBoundingClientRect()];
        return { title: name.title, tail: tail.textContent, isTailSeen: inner.right <= outer.right && inner.width > 0 };
      })`,
    );
    assert.deepEqual(seen.map(({ title }) => title).sort(), [...LONG_MODELS].sort());
    assert.equal(new Set(seen.map(({ tail }) => tail)).size, 2);
    assert.ok(seen.every(({ isTailSeen }) => isTailSeen));
    await firstRow(page).locator('button').click();
    const close = page.getByRole('dialog', { name: 'Call' }).getByRole('button', { name: 'Close' });
    await page.locator('.facts').waitFor();
    const box = await close.boundingBox();
    assert.ok(box !== null && box.x + box.width <= width, 'the drawer can be closed');
    await page.close();
  }
});

test('a list that is a sample says so, and one that is whole does not', { skip }, async (t) => {
  const server = await serverFor(t, { CALLS_PER_SECOND_MAX: '5' });
  const atMs = Date.now() - 120_000;
  const events = Array.from({ length: 400 }, (_, index) => {
    const names = { tenant_id: TENANT, route: 'chat', model: 'gpt-4.1-mini', user_id_hash: 'u-1' };
    const [request_id, timestamp] = [`many-${index}`, new Date(atMs).toISOString()];
    const failure = index % 40 === 0 ? { error: 'overloaded' } : {};
    return [
      { type: 'request', request_id, ...names, timestamp, prompt_tokens: 10 },
      { type: 'response', request_id, timestamp, latency_ms: 5, completion_tokens: 1, ...failure },
    ];
  }).flat();
  const answer = await post(`${server.ingestion}/v1/llm/events`, JSON.stringify(events));
  assert.equal(answer.status, 202, answer.text);
  await auditOf(server.metrics, { requests: 400, responses: 400 });
  const { page } = await openWindow(t);
  await page.goto(`${server.metrics}/?tenant=${TENANT}&calls=error`);
  await page.getByText(/A sample\. [\d,]+ of the 400 calls .* every error, (1 of [\d.]+|none) others/).waitFor();
  // Errors are all kept, and say whose they are.
  // The line may stand there before the rows do.
  await page.locator('table.calls tbody tr').nth(9).waitFor();
  assert.equal(await page.locator('table.calls tbody tr').count(), 10);
  await firstRow(page).locator('button').click();
  await page.locator('.facts').getByText('u-1').waitFor();
  const whole = await seededServer(t);
  const isCounted = (url: string) => url.startsWith(whole.metrics) && url.includes('count=true');
  const counted = page.waitForResponse((response) => isCounted(response.url()));
  await page.goto(`${whole.metrics}/?tenant=${TENANT}`);
  await counted;
  await firstRow(page).waitFor();
  assert.equal(await page.getByText('A sample.').count(), 0);
});

test('responses that met no request are shown to who may see all tenants', { skip }, async (t) => {
  const server = await serverFor(t, { JOIN_TIMEOUT: '1s', DEDUP_HORIZON: '1s' });
  await sendCall(server, 'matched');
  const timestamp = new Date().toISOString();
  const orphans = Array.from({ length: 3 }, (_, index) => ({
    type: 'response',
    request_id: `lost-${index}`,
    timestamp,
  }));
  await post(`${server.ingestion}/v1/llm/events`, JSON.stringify(orphans));
  const { page } = await openWindow(t);
  await page.goto(`${server.metrics}/?tenant=${TENANT}`);
  await page.getByText(/3 responses met no request/).waitFor();
  assert.equal(await page.locator('section:has(#audit-title) .badge').innerText(), 'Balanced');
  await page.goto(`${server.metrics}/?tenant=nobody`);
  await page.locator('section:has(#audit-title) .badge').filter({ hasText: 'Nothing arrived' }).waitFor();
});

test('the page says how much of what a sender used was seen as calls, and what came by metrics alone', {
  skip,
}, async (t) => {
  const server = await serverFor(t);
  await sendCall(server, 'first');
  const nowNs = (BigInt(Date.now()) * 1_000_000n).toString();
  const pairs = (named: Readonly<Record<string, string>>) =>
    Object.entries(named).map(([key, stringValue]) => ({ key, value: { stringValue } }));
  const resource = (service: string) => ({ attributes: pairs({ 'service.name': service, tenant_id: TENANT }) });
  const span = {
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    name: 'chat',
    startTimeUnixNano: nowNs,
    endTimeUnixNano: nowNs,
    attributes: [
      ...pairs({ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-4.1-mini' }),
      { key: 'gen_ai.usage.input_tokens', value: { intValue: '900' } },
      { key: 'gen_ai.usage.output_tokens', value: { intValue: '72' } },
    ],
  };
  const spans = [{ resource: resource('web'), scopeSpans: [{ scope: { name: 'lib' }, spans: [span] }] }];
  const metered = (service: string, sum: number) => {
    const attributes = pairs({ 'gen_ai.token.type': 'input' });
    const dataPoints = [{ attributes, startTimeUnixNano: nowNs, timeUnixNano: nowNs, count: '1', sum }];
    const metrics = [{ name: 'gen_ai.client.token.usage', histogram: { aggregationTemporality: 2, dataPoints } }];
    return { resource: resource(service), scopeMetrics: [{ scope: { name: 'lib' }, metrics }] };
  };
  const exports = {
    traces: { resourceSpans: spans },
    metrics: { resourceMetrics: [metered('web', 1000), metered('batch', 4200)] },
  };
  for (const [signal, body] of Object.entries(exports)) {
    const answer = await post(`${server.ingestion}/v1/${signal}`, JSON.stringify(body));
    assert.equal(answer.status, 200, answer.text);
  }
  const { page } = await openWindow(t);
  await page.goto(`${server.metrics}/?tenant=${TENANT}`);
  await page.getByText('97.2% of what web used by its own metrics was seen as calls.').waitFor();
  await page.getByText(/Metered usage: batch says by its metrics that it used 4,200 tokens/).waitFor();
});

test('of many rows the first twenty are shown until all are asked for, and a search finds the others', {
  skip,
}, async (t) => {
  const server = await serverFor(t);
  const timestamp = new Date(Date.now() - 60_000).toISOString();
  const events = Array.from({ length: 30 }, (_, i) => [
    { type: 'request', request_id: `many-${i}`, tenant_id: TENANT, route: `route-${i}`, model: 'gpt-4o', timestamp },
    { type: 'response', request_id: `many-${i}`, timestamp, latency_ms: 900 },
  ]).flat();
  const answer = await post(`${server.ingestion}/v1/llm/events`, JSON.stringify(events));
  assert.equal(answer.status, 202, answer.text);
  await auditOf(server.metrics, { requests: 30, responses: 30 });
  const { page } = await openWindow(t);
  await page.goto(`${server.metrics}/?tenant=${TENANT}&range=1h&sort=route`);
  const rows = page.locator('table.breakdown tbody tr');
  const more = page.getByRole('button', { name: 'Show all 30' });
  await more.waitFor();
  assert.equal(await rows.count(), 20);
  const last = rows.filter({ hasText: 'route-9' });
  assert.equal(await last.count(), 0);
  await page.getByRole('searchbox', { name: 'Find a route or model' }).fill('route-9');
  await last.waitFor();
  await page.getByRole('searchbox', { name: 'Find a route or model' }).fill('');
  await more.focus();
  await page.keyboard.press('Enter');
  await last.waitFor();
  assert.equal(await rows.count(), 30);
  await page.getByRole('button', { name: 'Show the first 20' }).click();
  await last.waitFor({ state: 'detached' });
});

test('a call that cost nothing says why', { skip }, async (t) => {
  const server = await serverWithLongNames(t);
  const { page } = await openWindow(t);
  await page.goto(`${server.metrics}/?tenant=${TENANT}`);
  await page.locator('table.calls tbody tr').first().click();
  await page.getByRole('dialog', { name: 'Call' }).getByText('Free: it ended before any output.').waitFor();
});

test('calls that wait are not looked for among the slowest: the page says which order has them', {
  skip,
}, async (t) => {
  const server = await seededServer(t);
  const { page } = await openWindow(t);
  await page.goto(`${server.metrics}/?tenant=${TENANT}&calls=waiting&order=slowest`);
  await page.getByText('Calls without an answer have no latency').waitFor();
});
