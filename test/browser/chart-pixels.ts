import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';

/** How much of each chart is drawn in colour. */
export interface ChartPixels {
  readonly title: string;
  /** Of the plot's columns of pixels, the share that has a pixel of a series. */
  readonly filledShare: number;
}

/** Axes, grid and text are grey; whatever has a colour belongs to a series. */
const COUNT = `Array.from(document.querySelectorAll('figure.chart'), (figure) => {
  const canvas = figure.querySelector('canvas');
  const { width, height } = canvas;
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
  const left = Math.round(56 * devicePixelRatio), right = width - Math.round(18 * devicePixelRatio);
  let filled = 0;
  for (let x = left; x < right; x++) {
    for (let y = 0; y < height; y++) {
      const at = (y * width + x) * 4;
      const [r, g, b, a] = [data[at], data[at + 1], data[at + 2], data[at + 3]];
      if (a > 60 && Math.max(r, g, b) - Math.min(r, g, b) > 50) { filled++; break; }
    }
  }
  return { title: figure.querySelector('h3').textContent, filledShare: filled / (right - left) };
})`;

export async function chartPixels(page: Page): Promise<readonly ChartPixels[]> {
  const charts = await page.evaluate<ChartPixels[]>(COUNT);
  assert.ok(charts.length >= 4, 'the page has its charts');
  return charts;
}
