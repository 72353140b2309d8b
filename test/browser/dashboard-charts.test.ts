import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chartPixels } from './chart-pixels.ts';
import { openWindow, skipWithoutChromium } from './chromium.ts';
import { steadyServer, TENANT } from './seeded-server.ts';

const skip = skipWithoutChromium();
const DAY_MS = 86_400_000;
const WIDTHS_PX = [320, 360, 390, 500, 768, 900, 1024, 1280, 1440, 1920];
/** Days and the least share of each chart that must be drawn: bars leave a sixth between them, narrow ones up to a half. */
const RANGES_DAYS = [7, 30, 365];
const FILLED_SHARE_MIN = 0.45;

for (const deviceScaleFactor of [1, 3]) {
  test(`no chart is blank at any width and range, with ${deviceScaleFactor} pixels to one`, { skip }, async (t) => {
    const server = await steadyServer(t);
    const { page } = await openWindow(t, { deviceScaleFactor });
    const to = Math.floor(Date.now() / DAY_MS) * DAY_MS;
    for (const days of RANGES_DAYS) {
      const range = { from: new Date(to - days * DAY_MS).toISOString(), to: new Date(to).toISOString() };
      await page.goto(`${server.metrics}/?${new URLSearchParams({ tenant: TENANT, ...range }).toString()}`);
      await page.locator('table.breakdown tbody tr').first().waitFor();
      for (const width of WIDTHS_PX) {
        await page.setViewportSize({ width, height: 900 });
        // Charts follow the size of their boxes a frame later.
        await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
        const blank = (await chartPixels(page)).filter(({ filledShare }) => filledShare < FILLED_SHARE_MIN);
        assert.deepEqual(blank, [], `${days} days at ${width} px`);
      }
    }
  });
}
