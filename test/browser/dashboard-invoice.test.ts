import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import axe from 'axe-core';
import { dataDirFor, outputOf, serverFor } from '../end-to-end/running-server.ts';
import { openWindow, skipWithoutChromium } from './chromium.ts';
import { RESULTS } from './results-folder.ts';
import { sendCall, TENANT } from './seeded-server.ts';

const skip = skipWithoutChromium();
const DAY_MS = 86_400_000;

test('the page shows the last bill with the causes of its difference, for eyes, keys and screen readers', {
  skip,
}, async (t) => {
  const dataDir = dataDirFor(t);
  const server = await serverFor(t, {}, { dataDir });
  const dayMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  for (let n = 0; n < 3; n++) await sendCall(server, `call-${n}`, { atMs: dayMs + n });
  const usage = (model: string, [requests, input, output]: readonly number[], batch = false) => ({
    input_tokens: input,
    input_cached_tokens: 0,
    output_tokens: output,
    num_model_requests: requests,
    model,
    batch,
    service_tier: 'default',
  });
  const bucket = { object: 'bucket', start_time: dayMs / 1000, end_time: (dayMs + DAY_MS) / 1000 };
  const results = [
    usage('gpt-4.1-mini-2025-04-14', [2, 200, 100]),
    usage('gpt-4.1-mini-2025-04-14', [1, 100, 50], true),
    usage('gpt-4.1-2025-04-14', [2, 90_000, 4_000]),
  ];
  const [usageFile, costFile] = [join(dataDir, 'usage.json'), join(dataDir, 'costs.json')];
  writeFileSync(usageFile, JSON.stringify({ object: 'page', data: [{ ...bucket, results }], has_more: false }));
  const cost = (line_item: string, value: number) => ({ line_item, amount: { value, currency: 'usd' } });
  const lines = [
    cost('gpt-4.1-mini-2025-04-14, input', 0.00008),
    cost('gpt-4.1-mini-2025-04-14, output', 0.00016),
    cost('gpt-4.1-mini-2025-04-14 batch, input', 0.00002),
    cost('gpt-4.1-mini-2025-04-14 batch, output', 0.00004),
    cost('gpt-4.1-2025-04-14, input', 0.18),
    cost('gpt-4.1-2025-04-14, output', 0.032),
    cost('web search tool calls', 0.05),
  ];
  writeFileSync(costFile, JSON.stringify({ object: 'page', data: [{ ...bucket, results: lines }], has_more: false }));
  const range = ['--from', new Date(dayMs).toISOString(), '--to', new Date(dayMs + DAY_MS).toISOString()];
  await outputOf(['reconcile', usageFile, costFile, ...range, '--step', '1d', '--data-dir', dataDir, '--save']);
  for (const [colorScheme, width] of [
    ['light', 1440],
    ['dark', 390],
  ] as const) {
    const { page, complaints } = await openWindow(t, { colorScheme, viewport: { width, height: 900 } });
    await page.goto(`${server.metrics}/?tenant=${TENANT}&range=24h`);
    const panel = page.getByRole('region', { name: 'Invoice' });
    await panel.waitFor();
    const text = await panel.innerText();
    for (const part of [
      /Explained/,
      /\$0\.26/,
      /a second application on the same key/,
      /service tier or batch/,
      /charges that are no tokens/,
      /web search tool calls/,
    ]) {
      assert.match(text, part);
    }
    // By keys: what is folded opens.
    await panel.locator('details.invoice-rows > summary').press('Enter');
    assert.ok(await panel.getByRole('region', { name: 'Rows that differ' }).isVisible());
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate<{ violations: { id: string; impact: string }[] }>("axe.run('.invoice')");
    assert.deepEqual(
      violations.filter(({ impact }) => impact === 'serious' || impact === 'critical'),
      [],
    );
    assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false);
    assert.deepEqual(complaints, []);
    await panel.screenshot({ path: join(RESULTS, `invoice-${colorScheme}-${width}.png`) });
  }
});
