import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { post } from '../end-to-end/http-calls.ts';
import { newKey } from '../end-to-end/new-key.ts';
import { dataDirFor, outputOf, serverFor, startServer } from '../end-to-end/running-server.ts';
import { openWindow, skipWithoutChromium } from './chromium.ts';
import { seededServer, sendCall, TENANT } from './seeded-server.ts';

const skip = skipWithoutChromium();

test('an empty dashboard says what to do next, with the right ports, and fills by itself', { skip }, async (t) => {
  const server = await serverFor(t);
  const { page } = await openWindow(t);
  await page.goto(server.metrics);
  await page.getByRole('heading', { name: 'No calls yet' }).waitFor();
  const commands = (await page.locator('pre').allInnerTexts()).join('\n');
  assert.ok(commands.includes(`--base-url ${server.ingestion}`), commands);
  assert.ok(commands.includes(`curl -X POST ${server.ingestion}/v1/llm/request`), commands);
  assert.ok(commands.includes(`OTEL_EXPORTER_OTLP_ENDPOINT=${server.ingestion}`), commands);
  await sendCall(server, 'first');
  await page.locator('[data-figure="calls"] .value').filter({ hasText: /^1$/ }).waitFor();
});

test('agents whose model calls nobody traces get a hint, until a call of theirs comes', { skip }, async (t) => {
  const server = await serverFor(t);
  const { page } = await openWindow(t);
  await page.goto(server.metrics);
  await page.getByRole('heading', { name: 'No calls yet' }).waitFor();
  const send = (spanId: string, kind: string) => {
    const nowNano = `${Date.now()}000000`;
    const span = {
      traceId: 'a'.repeat(32),
      spanId,
      name: kind,
      startTimeUnixNano: nowNano,
      endTimeUnixNano: nowNano,
      attributes: [{ key: 'openinference.span.kind', value: { stringValue: kind } }],
    };
    const scopeSpans = [{ scope: { name: 'openinference.instrumentation.crewai' }, spans: [span] }];
    return post(`${server.ingestion}/v1/traces`, JSON.stringify({ resourceSpans: [{ scopeSpans }] }));
  };
  await send('1'.repeat(16), 'AGENT');
  const hint = page.getByText(/1 span of agents, chains or tools came in traces without a single model call/);
  await hint.waitFor();
  await send('2'.repeat(16), 'LLM');
  await page.locator('[data-figure="calls"] .value').filter({ hasText: /^1$/ }).waitFor();
  assert.equal(await hint.count(), 0);
});

test('a page whose API goes away says so, keeps its numbers, and comes back by itself', { skip }, async (t) => {
  const server = await seededServer(t);
  const { page } = await openWindow(t);
  await page.goto(`${server.metrics}/?tenant=${TENANT}`);
  const calls = page.locator('[data-figure="calls"] .value');
  await calls.filter({ hasText: '180' }).waitFor();
  await page.context().setOffline(true);
  await page.getByLabel('6h').check();
  await page.getByRole('alert').filter({ hasText: 'not reachable' }).waitFor();
  await page.getByRole('button', { name: /by itself in \d+ s/ }).waitFor();
  assert.equal(await calls.innerText(), '180');
  await page.context().setOffline(false);
  await page.getByRole('alert').waitFor({ state: 'detached' });
  await page.locator('.live[data-state="live"]').waitFor();
});

test('one signs in by a key, which no script can read again, and signs out', { skip }, async (t) => {
  const dataDir = dataDirFor(t);
  const { text: key } = await newKey(dataDir, '--all-tenants');
  const server = await serverFor(t, { API_KEYS: 'required' }, { dataDir });
  const { page } = await openWindow(t);
  await page.goto(server.metrics);
  await page.getByLabel('API key').fill('not-the-key');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('alert').filter({ hasText: 'does not take this key' }).waitFor();
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'No calls yet' }).waitFor();
  assert.equal(page.url().includes(key), false);
  assert.deepEqual(await page.evaluate('[localStorage.length, sessionStorage.length, document.cookie]'), [0, 0, '']);
  const [cookie, ...others] = await page.context().cookies();
  assert.deepEqual([others.length, cookie?.httpOnly, cookie?.sameSite, cookie?.expires], [0, true, 'Strict', -1]);
  await page.reload();
  await page.getByRole('heading', { name: 'No calls yet' }).waitFor();
  // The commands work as they stand, once the key is in their first line.
  const blockUnder = (heading: string): Promise<string> =>
    page.locator('.start li').filter({ hasText: heading }).locator('pre').innerText();
  const curl = await blockUnder('Send one call by hand');
  const otel = await blockUnder('Point an OpenTelemetry SDK here');
  assert.match(
    otel,
    /OTEL_EXPORTER_OTLP_HEADERS="x-api-key=\$STREAMLENS_KEY"\nexport OTEL_RESOURCE_ATTRIBUTES='tenant\.id=/,
  );
  execFileSync('bash', ['-c', curl.replace('sl_…', key)], { stdio: 'pipe' });
  const calls = page.locator('[data-figure="calls"] .value');
  await calls.filter({ hasText: /^1$/ }).waitFor();
  // Opened again it has another id, so a call sent once more is another call.
  await page.getByRole('button', { name: 'Send calls here' }).click();
  const again = await blockUnder('Send one call by hand');
  execFileSync('bash', ['-c', again.replace('sl_…', key)], { stdio: 'pipe' });
  await calls.filter({ hasText: /^2$/ }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('API key').waitFor();
  assert.equal(await page.evaluate(`document.activeElement.type`), 'password');
  assert.deepEqual(await page.context().cookies(), []);
  assert.equal(await page.getByText('Offline').count(), 0);
});

test('on a phone the word for trouble stands beside the name, and not upon it; the documents fit as well', {
  skip,
}, async (t) => {
  const server = await seededServer(t);
  const { page } = await openWindow(t, { viewport: { width: 390, height: 844 } });
  await page.goto(`${server.metrics}/docs`);
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390);
  await page.goto(`${server.metrics}/?tenant=${TENANT}`);
  await page.locator('.live[data-state="live"]').waitFor();
  await page.context().setOffline(true);
  await page.locator('.live[data-state="off"]').waitFor();
  const [brand, live] = [await page.locator('.brand').boundingBox(), await page.locator('.live').boundingBox()];
  assert.ok(brand !== null && live !== null && brand.x + brand.width <= live.x);
});

test('who follows a link to another tenant is told that it is refused, and not that the server is away', {
  skip,
}, async (t) => {
  const dataDir = dataDirFor(t);
  const { text: key } = await newKey(dataDir, '--tenant', 'acme');
  const server = await serverFor(t, { API_KEYS: 'required' }, { dataDir });
  const { page } = await openWindow(t);
  await page.goto(`${server.metrics}/?tenant=globex`);
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('alert').filter({ hasText: 'refuses this view' }).waitFor();
  assert.equal(await page.locator('.live [role="status"]').innerText(), 'Refused');
  // A tenant of its own without any call: the page says how there will be one.
  await page.goto(`${server.metrics}/?tenant=acme`);
  await page.locator('.nothing').getByRole('button', { name: 'Send calls here' }).click();
  await page.getByRole('heading', { name: 'Send one call by hand' }).waitFor();
});

test('who stays signed in is so after the browser was closed, and no longer when the key was revoked', {
  skip,
}, async (t) => {
  const dataDir = dataDirFor(t);
  const { id, text: key } = await newKey(dataDir, '--all-tenants');
  const server = await startServer(dataDir, { API_KEYS: 'required' });
  t.after(() => server.process.kill('SIGKILL'));
  const { page } = await openWindow(t);
  await page.goto(server.metrics);
  await page.getByLabel('API key').fill(key);
  await page.getByLabel(/Keep me signed in/).check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'No calls yet' }).waitFor();
  const [cookie] = await page.context().cookies();
  assert.ok((cookie?.expires ?? 0) > Date.now() / 1000 + 6 * 86_400);
  const next = await page.context().newPage();
  await next.goto(server.metrics);
  await next.getByRole('heading', { name: 'No calls yet' }).waitFor();
  await outputOf(['keys', 'revoke', id, '--data-dir', dataDir]);
  await next.getByRole('alert').filter({ hasText: 'may have been revoked' }).waitFor();
  await next.getByLabel('API key').waitFor();
});

test('a range without calls says when the last were, and leads there', { skip }, async (t) => {
  const server = await seededServer(t);
  const { page } = await openWindow(t);
  await page.goto(`${server.metrics}/?tenant=${TENANT}&from=2020-01-01T00:00:00Z&to=2020-01-01T01:00:00Z`);
  await page.getByRole('button', { name: 'Show the last hour with calls' }).click();
  await page.locator('[data-figure="calls"] .value').filter({ hasText: /^\d+$/ }).waitFor();
});
