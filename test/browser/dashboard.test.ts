import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import type { CallsAnswer, MetricsRow, SummaryAnswer } from '../../src/dashboard/api-answers.ts';
import { formatCount, formatMs, formatShare, formatUsd } from '../../src/dashboard/format-number.ts';
import { getJson } from '../end-to-end/http-calls.ts';
import { openWindow, skipWithoutChromium } from './chromium.ts';
import { seededServer, sendCall, TENANT } from './seeded-server.ts';

const skip = skipWithoutChromium();

/** Whole minutes around all that was seeded: the numbers do not depend on when the page asks. */
function seededRange(): { from: string; to: string } {
  const minute = Math.floor(Date.now() / 60_000) * 60_000;
  return { from: new Date(minute - 3_600_000).toISOString(), to: new Date(minute + 120_000).toISOString() };
}

async function summary(metrics: string, extra: Record<string, string>): Promise<readonly MetricsRow[]> {
  const query = new URLSearchParams({ tenant_id: TENANT, ...extra });
  return (await getJson<SummaryAnswer>(`${metrics}/v1/metrics/summary?${query.toString()}`)).summary;
}

const figure = (page: Page, name: string) => page.locator(`[data-figure="${name}"] .value`);
const textOf = async (page: Page, name: string) => (await figure(page, name).innerText()).trim();
const calls = (page: Page, count: number) => figure(page, 'calls').filter({ hasText: new RegExp(`^${count}$`) });

test('the numbers on the page are those of the API', { skip }, async (t) => {
  const server = await seededServer(t);
  const range = seededRange();
  const [total] = await summary(server.metrics, range);
  assert.ok(total !== undefined && total.requests === 180);
  const { page, complaints } = await openWindow(t);
  await page.goto(`${server.metrics}/?${new URLSearchParams({ tenant: TENANT, ...range }).toString()}`);
  await calls(page, 180).waitFor();
  assert.equal(await textOf(page, 'error-rate'), formatShare(total.errors / total.completed));
  assert.equal(await textOf(page, 'latency'), formatMs(total.p95_latency_ms));
  assert.equal(await textOf(page, 'tokens'), formatCount(total.prompt_tokens + total.completion_tokens));
  assert.equal(await textOf(page, 'cost'), formatUsd(total.estimated_cost_usd));
  assert.equal(await textOf(page, 'unpriced'), formatCount(total.unpriced_requests));
  const pairs = await summary(server.metrics, { ...range, group_by: 'route,model' });
  const rows = await page.evaluate<string[][]>(
    `Array.from(document.querySelectorAll('.breakdown tbody tr'), (row) => Array.from(row.children, (cell) => cell.textContent))`,
  );
  const expected = pairs.map((row) => [
    row.route,
    row.model,
    formatCount(row.requests),
    formatShare(row.completed === 0 ? null : row.errors / row.completed),
    formatMs(row.p50_latency_ms),
    formatMs(row.p95_latency_ms),
    formatMs(row.p99_latency_ms),
    formatCount(row.prompt_tokens),
    formatCount(row.completion_tokens),
    // Of the model without a price only failures have a cost, of nothing.
    row.unpriced_requests > 0 ? '–' : formatUsd(row.estimated_cost_usd),
  ]);
  assert.ok(pairs.some((row) => row.unpriced_requests > 0 && row.estimated_cost_usd === 0));
  assert.deepEqual(rows.map(String).sort(), expected.map(String).sort());
  assert.equal(await page.locator('section:has(#audit-title) .badge').innerText(), 'Balanced');
  assert.deepEqual(complaints, []);
});

test('the summary of a range is the sum of its rows, whatever its edges', async (t) => {
  const server = await seededServer(t);
  const hour = Math.floor(Date.now() / 3_600_000) * 3_600_000;
  const ranges = [
    seededRange(),
    { from: new Date(hour - 7_200_000).toISOString(), to: new Date(hour + 3_600_000).toISOString() },
  ];
  for (const range of ranges) {
    const query = new URLSearchParams({ tenant_id: TENANT, ...range, limit: '10000', group_by: 'none' });
    const { metrics } = await getJson<{ metrics: MetricsRow[] }>(`${server.metrics}/v1/metrics?${query.toString()}`);
    const [total] = await summary(server.metrics, range);
    const sum = (name: 'requests' | 'errors' | 'prompt_tokens') => metrics.reduce((all, row) => all + row[name], 0);
    assert.equal(total?.requests, 180);
    assert.equal(sum('requests'), 180);
    assert.equal(sum('errors'), total?.errors);
    assert.equal(sum('prompt_tokens'), total?.prompt_tokens);
  }
});

test('a call is on the page within a second of being accepted (best of five)', { skip }, async (t) => {
  const server = await seededServer(t);
  const { page } = await openWindow(t);
  await page.goto(`${server.metrics}/?tenant=${TENANT}&range=6h`);
  await calls(page, 180).waitFor();
  await page.locator('.live[data-state="live"]').waitFor();
  const tookMs: number[] = [];
  for (let sent = 1; sent <= 5; sent++) {
    const acceptedMs = await sendCall(server, `live-${sent}`);
    await calls(page, 180 + sent).waitFor();
    tookMs.push(performance.now() - acceptedMs);
    await page.waitForTimeout(1000);
  }
  t.diagnostic(`shown after ${tookMs.map((ms) => Math.round(ms)).join(', ')} ms`);
  // The others may have waited for other programs on this machine.
  assert.ok(Math.min(...tookMs) <= 1000);
});

test('a shared link shows what its sender saw, and back goes back', { skip }, async (t) => {
  const server = await seededServer(t);
  const { page } = await openWindow(t);
  await page.goto(`${server.metrics}/`);
  await calls(page, 180).waitFor();
  await page.getByLabel('6h').check();
  await page.getByRole('combobox', { name: 'Route' }).selectOption('chat_support');
  await page.getByRole('combobox', { name: 'Model' }).selectOption('gpt-4.1-mini');
  await page.getByRole('group', { name: 'Split by' }).getByLabel('Model').check();
  await page.getByLabel('Errors', { exact: true }).check();
  await page.getByLabel('Slowest').check();
  await page.getByRole('button', { name: 'p95' }).click();
  await calls(page, 20).waitFor();
  const link = new URL(page.url());
  assert.deepEqual(Object.fromEntries(link.searchParams), {
    tenant: TENANT,
    range: '6h',
    route: 'chat_support',
    model: 'gpt-4.1-mini',
    split: 'model',
    calls: 'error',
    order: 'slowest',
    sort: '-p95',
  });
  const other = await openWindow(t);
  await other.page.goto(link.href);
  await calls(other.page, 20).waitFor();
  assert.equal(await other.page.getByLabel('6h').isChecked(), true);
  assert.equal(await other.page.getByLabel('Slowest').isChecked(), true);
  assert.equal(await other.page.getByRole('group', { name: 'Split by' }).getByLabel('Model').isChecked(), true);
  const sorted = other.page.getByRole('columnheader', { name: 'p95' });
  assert.equal(await sorted.getAttribute('aria-sort'), 'descending');
  for (let step = 0; step < 6; step++) await page.goBack();
  await calls(page, 180).waitFor();
});

test('everything can be done with the keyboard alone', { skip }, async (t) => {
  const server = await seededServer(t);
  const { page } = await openWindow(t);
  await page.goto(`${server.metrics}/?tenant=${TENANT}`);
  await calls(page, 180).waitFor();
  const focused = () =>
    page.evaluate<string>(`(() => { const e = document.activeElement;
      return (e.getAttribute('aria-label') ?? e.value ?? '') + '|' + e.textContent; })()`);
  const tabTo = async (wanted: RegExp): Promise<void> => {
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press('Tab');
      if (wanted.test(await focused())) return;
    }
    assert.fail(`Tab does not reach ${wanted}; it stands at ${await focused()}`);
  };
  await page.keyboard.press('Tab');
  assert.match(await focused(), /Skip to the numbers/);
  await tabTo(/^1h\|/);
  await page.keyboard.press('ArrowRight');
  await page.waitForURL(/range=6h/);
  // Charts of another step are drawn anew, and a cursor on the old ones goes with them.
  await page.getByText('5 minutes per bar').waitFor();
  await tabTo(/^Calls and errors over time/);
  await page.keyboard.press('End');
  await page.locator('.tooltip').waitFor();
  await page.keyboard.press('ArrowLeft');
  assert.match(await page.locator('.plot [aria-live]').first().innerText(), /Errors .*, Succeeded /);
  await tabTo(/\|Errors[↑↓]/);
  await page.keyboard.press('Enter');
  await page.waitForURL(/sort=-errors/);
  await tabTo(/details of call call-/);
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Call' });
  await dialog.getByRole('table').waitFor();
  assert.match(page.url(), /call=call-/);
  await page.keyboard.press('Escape');
  // The browser hides the dialog first and tells the page afterwards.
  await page.waitForURL((url) => !url.searchParams.has('call'));
  assert.match(await focused(), /details of call call-/);
});

test('a call is explained with the lines of its cost', { skip }, async (t) => {
  const server = await seededServer(t);
  const { page } = await openWindow(t);
  const { calls: found } = await getJson<CallsAnswer>(
    `${server.metrics}/v1/calls?tenant_id=${TENANT}&order=slowest&limit=1&model=gpt-4.1-mini`,
  );
  const [call] = found;
  assert.ok(call !== undefined);
  await page.goto(`${server.metrics}/?tenant=${TENANT}&model=gpt-4.1-mini&order=slowest`);
  await page.locator('table.calls tbody tr').first().click();
  const dialog = page.getByRole('dialog', { name: 'Call' });
  await dialog.locator('tfoot').waitFor();
  assert.equal(await dialog.locator('.call-id').innerText(), call.request_id);
  assert.equal(await dialog.locator('tfoot td').innerText(), formatUsd(call.estimated_cost_usd));
  assert.ok((await dialog.locator('table.cost tbody tr').count()) >= 2);
});
