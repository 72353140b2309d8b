import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openWindow, skipWithoutChromium } from './chromium.ts';
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
