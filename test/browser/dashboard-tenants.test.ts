import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { post } from '../end-to-end/http-calls.ts';
import { newKey } from '../end-to-end/new-key.ts';
import { dataDirFor, type Server, serverFor } from '../end-to-end/running-server.ts';
import { seriousViolations } from './accessibility.ts';
import { openWindow, skipWithoutChromium } from './chromium.ts';
import { RESULTS } from './results-folder.ts';
import { seededServer, sendCall, TENANT } from './seeded-server.ts';

const skip = skipWithoutChromium();

test('the page stays with its tenant while others send, and the address names it from the start', {
  skip,
}, async (t) => {
  const server = await seededServer(t);
  const { page } = await openWindow(t);
  const own = new Set<string | null>();
  page.on('request', (request) => {
    const { pathname, searchParams } = new URL(request.url());
    if (pathname.startsWith('/v1/metrics')) own.add(searchParams.get('tenant_id'));
  });
  await page.goto(`${server.metrics}/`);
  await page.waitForURL(`**/?tenant=${TENANT}`);
  const calls = page.locator('[data-figure="calls"] .value');
  await calls.filter({ hasText: '180' }).waitFor();
  for (const [index, tenant] of ['initech', 'globex-bank'].entries()) {
    // Activity is known by the minute.
    await sendCall(server, `of-${tenant}`, { tenant, atMs: Date.now() + (index + 1) * 60_000 });
    // The list of tenants is asked for again, and now begins with another one.
    await page.waitForResponse(async (response) => {
      const isList = response.url().endsWith('/v1/dimensions?');
      return isList && ((await response.json()) as { tenants: { value: string }[] }).tenants[0]?.value === tenant;
    });
  }
  assert.equal(await page.title(), `${TENANT} · StreamLens`);
  assert.equal(await calls.innerText(), '180');
  assert.deepEqual([...own], [TENANT]);
});

test('a link to a call, copied from a page that was opened without a tenant, opens that call elsewhere', {
  skip,
}, async (t) => {
  const server = await seededServer(t);
  const { page } = await openWindow(t);
  await page.goto(`${server.metrics}/`);
  await page.locator('table.calls tbody tr').first().click();
  const id = await page.getByRole('dialog', { name: 'Call' }).locator('.call-id').innerText();
  await page.waitForURL(/call=/);
  await sendCall(server, 'newer', { tenant: 'initech' });
  const other = await openWindow(t);
  await other.page.goto(page.url());
  await other.page.getByRole('dialog', { name: 'Call' }).locator('.facts').waitFor();
  assert.equal(await other.page.locator('.call-id').innerText(), id);
});

for (const { colorScheme, width } of [
  { colorScheme: 'light', width: 1440 },
  { colorScheme: 'dark', width: 390 },
] as const) {
  test(`a key of several tenants sees all of them at once, live, and narrows to one: ${colorScheme}, ${width} wide`, {
    skip,
  }, async (t) => {
    const { server, sender, reader } = await serverOfThree(t);
    const { page, complaints } = await openWindow(t, { colorScheme, viewport: { width, height: 900 } });
    const asked = new Set<string | null>();
    page.on('request', (request) => {
      const { pathname, searchParams } = new URL(request.url());
      if (pathname.startsWith('/v1/metrics') || pathname === '/v1/audit') asked.add(searchParams.get('tenant_id'));
    });
    const look = async (name: string) => {
      await page.screenshot({ path: `${RESULTS}${name}-${colorScheme}-${width}.png`, fullPage: true });
      assert.deepEqual(await seriousViolations(page), []);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width);
    };
    await page.goto(`${server.metrics}/`);
    await page.getByLabel('API key').waitFor();
    await look('sign-in');
    await page.getByLabel('API key').fill(reader);
    await page.keyboard.press('Enter');

    const calls = page.locator('[data-figure="calls"] .value');
    await calls.filter({ hasText: /^3$/ }).waitFor();
    assert.deepEqual([page.url(), await page.title()], [`${server.metrics}/`, 'All tenants · StreamLens']);
    assert.deepEqual([...asked], [null]);
    const names = page.getByRole('region', { name: 'Table of tenants' }).getByRole('rowheader');
    assert.deepEqual(await names.allInnerTexts(), ['globex', 'acme']);
    assert.equal(await page.getByText('initech').count(), 0, 'what the key may not see');
    const radios = page.getByRole('group', { name: 'Split by' });
    await radios.getByLabel('Nothing').focus();
    await page.keyboard.press('ArrowRight');
    await page.locator('.legend').getByRole('button', { name: 'globex' }).waitFor();
    await page.waitForURL('**/?split=tenant');
    await sendAs(server, sender, 'acme', 3);
    await calls.filter({ hasText: /^6$/ }).waitFor();
    // What nobody sees is not asked for again until somebody does.
    await names.first().scrollIntoViewIfNeeded();
    await names.first().filter({ hasText: 'acme' }).waitFor();
    await look('all-tenants');

    await names.getByRole('button', { name: 'acme' }).press('Enter');
    await page.waitForURL('**/?tenant=acme');
    await calls.filter({ hasText: /^4$/ }).waitFor();
    await page.locator('table.calls tbody tr').first().waitFor();
    await page.goBack();
    await calls.filter({ hasText: /^6$/ }).waitFor();
    await page.getByLabel('Calls of').selectOption('globex');
    await page.waitForURL('**/?tenant=globex');
    await calls.filter({ hasText: /^2$/ }).waitFor();

    await page.goto(`${server.metrics}/?tenant=initech`);
    await page.getByRole('button', { name: 'Show what this key may see' }).click();
    await calls.filter({ hasText: /^6$/ }).waitFor();
    assert.equal(page.url(), `${server.metrics}/`);
    assert.deepEqual(complaints, []);
  });
}

/** With calls of three tenants, of which the key of the reader is for two. */
async function serverOfThree(t: TestContext) {
  const dataDir = dataDirFor(t);
  const [sender, reader] = await Promise.all([
    newKey(dataDir, '--all-tenants', '--role', 'ingest'),
    newKey(dataDir, '--tenant', 'acme', '--tenant', 'globex', '--role', 'read'),
  ]);
  const server = await serverFor(t, { API_KEYS: 'required' }, { dataDir });
  for (const [index, tenant] of ['acme', 'globex', 'initech'].entries())
    await sendAs(server, sender.text, tenant, index + 1);
  return { server, sender: sender.text, reader: reader.text };
}

let sent = 0;

/** Sends calls that nobody answers. */
async function sendAs(server: Server, key: string, tenant: string, calls: number): Promise<void> {
  const events = Array.from({ length: calls }, () => ({
    type: 'request',
    request_id: `sent-${sent++}`,
    tenant_id: tenant,
    route: 'chat_support',
    model: 'gpt-4.1-mini',
    timestamp: new Date().toISOString(),
    prompt_tokens: 100,
  }));
  const answer = await post(`${server.ingestion}/v1/llm/events`, JSON.stringify(events), {
    'content-type': 'application/json',
    'x-api-key': key,
  });
  assert.equal(answer.status, 202, answer.text);
}
