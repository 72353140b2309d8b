import assert from 'node:assert/strict';
import { test } from 'node:test';
import { post } from '../end-to-end/http-calls.ts';
import { dataDirFor, serverFor, startServer } from '../end-to-end/running-server.ts';
import { until } from '../end-to-end/until.ts';
import { openWindow, skipWithoutChromium } from './chromium.ts';
import { seededServer, sendCall, steadyServer, TENANT } from './seeded-server.ts';

const skip = skipWithoutChromium();
const DAY_MS = 86_400_000;
const firstTooltip = '.tooltip p';

test('a bar of a day is called by the day that its calls are of, in any time zone', { skip }, async (t) => {
  const server = await steadyServer(t);
  const from = Math.floor(Date.now() / DAY_MS) * DAY_MS - 20 * DAY_MS;
  const range = { from: new Date(from).toISOString(), to: new Date(from + 15 * DAY_MS).toISOString() };
  // None of them changes its clocks: twice a year a day would have another number of hours.
  for (const timezoneId of ['America/Phoenix', 'Asia/Kolkata', 'UTC']) {
    const { page } = await openWindow(t, { timezoneId });
    await page.goto(`${server.metrics}/?${new URLSearchParams({ tenant: TENANT, ...range }).toString()}`);
    const plot = page.locator('.plot').first();
    await plot.focus();
    await page.keyboard.press('Home');
    const label = await page.locator(firstTooltip).first().innerText();
    // The day that holds the first instant asked for, there.
    const date = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: timezoneId });
    assert.equal(label, date.format(from).replace('Sept', 'Sep'), timezoneId);
    // A call in each hour: so many in a whole day, whose window the API was asked for.
    await page.keyboard.press('ArrowRight');
    const spoken = page.locator('.plot [aria-live]').first();
    await spoken.filter({ hasText: new RegExp(`^${date.format(from + DAY_MS).replace('Sept', 'Sep')}: `) }).waitFor();
    const counts = [...(await spoken.innerText()).matchAll(/(?:Errors|Succeeded) (\d+)/g)].map(([, count]) =>
      Number(count),
    );
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      25,
      timezoneId,
    );
    await page.close();
  }
});

test('times can be shown in UTC, and a link keeps that', { skip }, async (t) => {
  const server = await seededServer(t);
  const { page } = await openWindow(t, { timezoneId: 'Asia/Kolkata' });
  await page.goto(`${server.metrics}/?tenant=${TENANT}`);
  const firstTime = page.locator('table.calls tbody th').first();
  const local = await firstTime.innerText();
  await page.getByRole('button', { name: 'Show them in UTC' }).click();
  await page.waitForURL(/tz=utc/);
  await page.getByText('Times in UTC').waitFor();
  assert.notEqual(await firstTime.innerText(), local);
  await page.getByRole('button', { name: 'Show them in Asia/' }).click();
  assert.equal(await firstTime.innerText(), local);
});

test('the step that is running is told apart from those that are complete', { skip }, async (t) => {
  const server = await seededServer(t);
  const { page } = await openWindow(t);
  await page.goto(`${server.metrics}/?tenant=${TENANT}&range=7d`);
  await page.locator('table.breakdown tbody tr').first().waitFor();
  await page.locator('.plot').first().focus();
  await page.keyboard.press('End');
  await page.locator('.tooltip .provisional').first().waitFor();
  assert.match(await page.locator('.plot [aria-live]').first().innerText(), /not complete yet/);
  await page.keyboard.press('Home');
  await page.locator('.tooltip .provisional').waitFor({ state: 'detached' });
});

test('numbers that are not those of the filters above them are dimmed and say what they are, and the page finds a restarted server', {
  skip,
}, async (t) => {
  const dataDir = dataDirFor(t);
  const server = await startServer(dataDir);
  t.after(() => server.process.kill('SIGKILL'));
  await sendCall(server, 'one');
  const { page } = await openWindow(t);
  await page.goto(`${server.metrics}/?tenant=${TENANT}`);
  const calls = page.locator('[data-figure="calls"] .value');
  await calls.filter({ hasText: /^1$/ }).waitFor();
  const before = await page.evaluate<number>(`document.querySelector('main').getBoundingClientRect().top`);
  server.process.kill('SIGKILL');
  await server.exited;
  await page.getByLabel('6h').check();
  const alert = page.getByRole('alert').filter({ hasText: 'not reachable' });
  await alert.filter({ hasText: /The numbers are from \d\d:\d\d:\d\d, and still those of .* last hour/ }).waitFor();
  await page.locator('.numbers.old').waitFor();
  assert.equal(await page.evaluate(`document.querySelector('main').getBoundingClientRect().top`), before);
  const again = await startServer(dataDir, {}, { metricsPort: Number(new URL(server.metrics).port) });
  t.after(() => again.process.kill('SIGKILL'));
  const startedMs = performance.now();
  await alert.waitFor({ state: 'detached' });
  t.diagnostic(`found again after ${Math.round(performance.now() - startedMs)} ms`);
  assert.equal(await page.locator('.numbers.old').count(), 0);
});

test('a busy tenant costs a page a look a second, of what changed, compressed', { skip }, async (t) => {
  const server = await seededServer(t);
  const { page } = await openWindow(t);
  await page.goto(`${server.metrics}/?tenant=${TENANT}&range=6h`);
  await page.locator('.live[data-state="live"]').waitFor();
  await page.locator('table.calls tbody tr').first().waitFor();
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  let bytes = 0;
  session.on('Network.dataReceived', ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  const summaries: number[] = [];
  const steps: string[] = [];
  page.on('request', (request) => {
    const { pathname, searchParams } = new URL(request.url());
    if (pathname === '/v1/metrics/summary' && searchParams.get('group_by') === null) summaries.push(performance.now());
    if (pathname === '/v1/metrics' && searchParams.has('step')) steps.push(searchParams.get('from') ?? '');
  });
  const isOfNow = (from: string): boolean => Date.parse(from) >= Date.now() - 12 * 60_000;
  // The first looks are of the whole range, and of the seeded calls, whose rows the stream may still have had to tell.
  let first = 0;
  await until(async () => {
    await sendCall(server, `first-${first++}`);
    assert.ok(isOfNow(steps.at(-1) ?? ''), steps.join(' '));
  });
  for (const counted of [summaries, steps]) counted.length = 0;
  bytes = 0;
  const startedMs = performance.now();
  for (let sent = 0; performance.now() - startedMs < 5000; sent++) await sendCall(server, `busy-${sent}`);
  const seconds = (performance.now() - startedMs) / 1000;
  t.diagnostic(`${summaries.length} looks and ${bytes} bytes in ${seconds.toFixed(1)} s`);
  assert.ok(summaries.length >= 1 && summaries.length <= seconds + 2, `${summaries.length} looks in ${seconds} s`);
  // Only from the step on that the calls are of.
  assert.ok(steps.length > 0 && steps.every(isOfNow), steps.join(' '));
  assert.ok(bytes / seconds < 40_000, `${bytes} bytes in ${seconds} s`);
});

test('a name among hundreds is found by typing', { skip }, async (t) => {
  const server = await serverFor(t);
  const timestamp = new Date(Date.now() - 60_000).toISOString();
  const events = Array.from({ length: 300 }, (_, index) => ({
    type: 'request',
    request_id: `r-${index}`,
    tenant_id: TENANT,
    route: `GET /api/v${index % 3}/things/${index}`,
    model: 'gpt-4.1-mini',
    timestamp,
  }));
  await post(`${server.ingestion}/v1/llm/events`, JSON.stringify(events));
  const { page } = await openWindow(t);
  await page.goto(`${server.metrics}/?tenant=${TENANT}`);
  await page.locator('[data-figure="calls"] .value').filter({ hasText: '300' }).waitFor();
  const route = page.getByRole('combobox', { name: 'Route' });
  await route.click();
  await route.fill('v2 things/299');
  const options = page.getByRole('listbox', { name: 'Route' }).getByRole('option');
  await options.filter({ hasText: 'things/299' }).waitFor();
  assert.equal(await options.count(), 1);
  await route.press('Enter');
  await page.waitForURL(/route=GET/);
  await page.locator('[data-figure="calls"] .value').filter({ hasText: /^1$/ }).waitFor();
  await route.press('ArrowDown');
  await route.press('Escape');
  assert.equal(await route.inputValue(), 'GET /api/v2/things/299');
});

test('a chart zooms in by a click on a bar, and out by a double click, a button and a key', { skip }, async (t) => {
  const server = await seededServer(t);
  const { page } = await openWindow(t);
  await page.goto(`${server.metrics}/?tenant=${TENANT}&range=6h`);
  await page.getByText('5 minutes per bar').waitFor();
  const plot = page.locator('.plot').first();
  const box = await plot.boundingBox();
  assert.ok(box !== null);
  await page.mouse.click(box.x + box.width - 60, box.y + 60);
  await page.waitForURL(/from=/);
  const lengthMs = () => {
    const { searchParams } = new URL(page.url());
    return Date.parse(searchParams.get('to') ?? '') - Date.parse(searchParams.get('from') ?? '');
  };
  assert.equal(lengthMs(), 300_000);
  await page.getByRole('button', { name: /^Zoom out/ }).click();
  assert.equal(lengthMs(), 600_000);
  await plot.focus();
  await page.keyboard.press('-');
  assert.equal(lengthMs(), 1_200_000);
  await page.keyboard.press('+');
  assert.equal(lengthMs(), 600_000);
});
