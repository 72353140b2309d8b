import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataDirFor, runCommand, serverFor, startServer } from '../end-to-end/running-server.ts';
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
  await page.locator('[data-figure="calls"] .value').filter({ hasText: /^1$/ }).waitFor({ timeout: 10_000 });
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
  await page.getByRole('alert').waitFor({ state: 'detached', timeout: 30_000 });
  await page.locator('.live[data-state="live"]').waitFor({ timeout: 60_000 });
});

test('a key is asked for only where the API wants one, and is gone with the tab', { skip }, async (t) => {
  const dataDir = dataDirFor(t);
  const create = runCommand(['keys', 'create', '--all-tenants', '--data-dir', dataDir]);
  assert.equal((await create.exited).code, 0, create.output());
  const [key] = /sl_[\w-]+/.exec(create.output()) ?? [];
  assert.ok(key !== undefined, create.output());
  const server = await startServer(dataDir, { API_KEYS: 'required' });
  t.after(async () => {
    server.process.kill('SIGKILL');
    await server.exited;
  });
  const { page } = await openWindow(t);
  await page.goto(server.metrics);
  await page.getByLabel('API key').fill('not-the-key');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('alert').filter({ hasText: 'does not take this key' }).waitFor();
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'No calls yet' }).waitFor();
  assert.equal(page.url().includes(key), false);
  assert.equal(await page.evaluate('localStorage.length'), 0);
  await page.reload();
  await page.getByRole('heading', { name: 'No calls yet' }).waitFor();
});

test('a range without calls says when the last were, and leads there', { skip }, async (t) => {
  const server = await seededServer(t);
  const { page } = await openWindow(t);
  await page.goto(`${server.metrics}/?tenant=${TENANT}&from=2020-01-01T00:00:00Z&to=2020-01-01T01:00:00Z`);
  await page.getByRole('button', { name: 'Show the last hour with calls' }).click();
  await page.locator('[data-figure="calls"] .value').filter({ hasText: /^\d+$/ }).waitFor();
});
