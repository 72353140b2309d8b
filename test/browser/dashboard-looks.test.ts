import assert from 'node:assert/strict';
import { test } from 'node:test';
import { get } from '../end-to-end/http-calls.ts';
import { serverFor } from '../end-to-end/running-server.ts';
import { seriousViolations } from './accessibility.ts';
import { openWindow, skipWithoutChromium } from './chromium.ts';
import { RESULTS } from './results-folder.ts';
import { seededServer, TENANT } from './seeded-server.ts';

const skip = skipWithoutChromium();
const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const;
const JS_BYTES_MAX = 80 * 1024;

for (const colorScheme of ['light', 'dark'] as const) {
  for (const size of ['desktop', 'phone'] as const) {
    test(`${colorScheme} on a ${size}: accessible, nothing jumps, nothing sticks out`, { skip }, async (t) => {
      const server = await seededServer(t);
      const { page, complaints } = await openWindow(t, { colorScheme, viewport: SIZES[size], reducedMotion: 'reduce' });
      await page.addInitScript(`window.shift = 0; new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
      }).observe({ type: 'layout-shift', buffered: true });`);
      await page.goto(`${server.metrics}/?tenant=${TENANT}&split=route`);
      await page.locator('table.calls tbody tr').first().waitFor();
      await page.waitForTimeout(1000);
      await page.screenshot({ path: `${RESULTS}dashboard-${colorScheme}-${size}.png`, fullPage: true });
      assert.deepEqual(await seriousViolations(page), []);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), SIZES[size].width);
      const shift = await page.evaluate<number>('window.shift');
      t.diagnostic(`cumulative layout shift ${shift.toFixed(3)}`);
      assert.ok(shift < 0.1, `layout shift of ${shift}`);
      await page.locator('table.calls tbody tr').first().click();
      await page.getByRole('dialog', { name: 'Call' }).locator('.facts').waitFor();
      await page.screenshot({ path: `${RESULTS}call-${colorScheme}-${size}.png` });
      assert.deepEqual(await seriousViolations(page), []);
      assert.deepEqual(complaints, []);
    });
  }
}

test('a theme that was chosen holds, whatever the system has', { skip }, async (t) => {
  const server = await seededServer(t);
  const { page } = await openWindow(t, { colorScheme: 'dark' });
  const scheme = () => page.evaluate('getComputedStyle(document.documentElement).colorScheme');
  await page.goto(`${server.metrics}/?tenant=${TENANT}`);
  await page.getByRole('button', { name: /^Theme: system/ }).click();
  assert.equal(await scheme(), 'light');
  await page.reload();
  await page.getByRole('button', { name: /^Theme: light/ }).waitFor();
  assert.equal(await scheme(), 'light');
});

test('the page comes with a strict policy, its assets for ever, and less than 80 KB of script', async (t) => {
  const server = await serverFor(t);
  const page = await get(`${server.metrics}/`);
  assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
  assert.equal(page.headers.get('cache-control'), 'no-cache');
  assert.match(page.headers.get('content-security-policy') ?? '', /^default-src 'self';/);
  const etag = page.headers.get('etag') ?? '';
  const again = await fetch(`${server.metrics}/`, { headers: { 'if-none-match': etag } });
  assert.equal(again.status, 304);
  let scriptBytes = 0;
  for (const [, path = ''] of page.text.matchAll(/(?:src|href)="(\/dashboard\/[^"]+)"/g)) {
    const asset = await fetch(`${server.metrics}${path}`, { headers: { 'accept-encoding': 'gzip' } });
    assert.equal(asset.status, 200, path);
    assert.match(asset.headers.get('cache-control') ?? '', /max-age=31536000, immutable/);
    if (path.endsWith('.js')) scriptBytes += Number(asset.headers.get('content-length'));
    await asset.arrayBuffer();
  }
  t.diagnostic(`${scriptBytes} bytes of compressed script`);
  assert.ok(scriptBytes > 0 && scriptBytes < JS_BYTES_MAX, `${scriptBytes} bytes of script`);
});

test('what is printed is dark on white, whatever the theme, and without what only a pointer can use', {
  skip,
}, async (t) => {
  const server = await seededServer(t);
  const { page } = await openWindow(t, { colorScheme: 'dark' });
  await page.goto(`${server.metrics}/?tenant=${TENANT}`);
  await page.locator('table.calls tbody tr').first().waitFor();
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  const lightness = (what: string) =>
    page.evaluate<number>(
      `Math.max(...getComputedStyle(document.querySelector('.panel')).${what}.match(/[0-9.]+/g).slice(0, 3).map(Number))`,
    );
  assert.ok((await lightness('color')) < 100, 'the text is dark');
  assert.equal(await lightness('backgroundColor'), 255);
  assert.equal(await page.getByRole('button', { name: /^Theme/ }).isVisible(), false);
  await page.screenshot({ path: `${RESULTS}print.png`, fullPage: true });
});
