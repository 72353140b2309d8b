import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { auditOf, post } from '../end-to-end/http-calls.ts';
import { type Server, serverFor } from '../end-to-end/running-server.ts';
import { seriousViolations } from './accessibility.ts';
import { openWindow, skipWithoutChromium } from './chromium.ts';
import { RESULTS } from './results-folder.ts';

const skip = skipWithoutChromium();
const MINUTE_MS = 60_000;

test('the page says who or what changed cost, latency and errors, for eyes, keys and screen readers', {
  skip,
}, async (t) => {
  const server = await changedServer(t);
  for (const [colorScheme, width] of [
    ['light', 1440],
    ['dark', 390],
  ] as const) {
    const { page, complaints } = await openWindow(t, { colorScheme, viewport: { width, height: 900 } });
    await page.goto(`${server.metrics}/?tenant=acme`);
    const panel = page.getByRole('region', { name: 'What changed', exact: true });
    const first = panel.getByRole('row').nth(1);
    await first.filter({ hasText: 'more calls' }).waitFor();
    assert.match(await first.innerText(), /chat_support[^]*claude-sonnet-4-5[^]*5 → 20/);
    await panel.getByLabel('Cost').focus();
    await page.keyboard.press('ArrowRight');
    await first.filter({ hasText: 'slower' }).waitFor();
    assert.match(await first.innerText(), /document_answers[^]*500[^]*2\.5/);
    await page.keyboard.press('ArrowRight');
    await first.filter({ hasText: 'failing more' }).waitFor();
    assert.match(await first.innerText(), /ticket_summary[^]*\+\d+\.\d\spp[^]*0%[^]*80\.0%/);
    await panel.scrollIntoViewIfNeeded();
    await page.screenshot({ path: `${RESULTS}changes-${colorScheme}-${width}.png` });
    assert.deepEqual(await seriousViolations(page), []);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width);
    await first.getByRole('button', { name: 'ticket_summary gpt-4.1-mini' }).press('Enter');
    await page.waitForURL(/route=ticket_summary&model=gpt-4.1-mini/);
    await page.locator('[data-figure="calls"] .value').filter({ hasText: /^5$/ }).waitFor();
    assert.deepEqual(complaints, []);
  }
});

test('a short name beside a long one is read in full', { skip }, async (t) => {
  const server = await serverFor(t);
  const model = 'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-20250514-v1:0';
  const search = { route: 'search', model, latency_ms: 500, failed: 0 };
  const events = [...callsOf(search, 5, 90), ...callsOf(search, 20, 20)];
  const answer = await post(`${server.ingestion}/v1/llm/events`, JSON.stringify(events));
  assert.equal(answer.status, 202, answer.text);
  await auditOf(server.metrics, { requests: 25, responses: 25 });
  const { page } = await openWindow(t, { viewport: { width: 1440, height: 900 } });
  await page.goto(`${server.metrics}/?tenant=acme`);
  const name = page.getByRole('region', { name: 'What changed', exact: true }).locator('tbody .name-head').first();
  await name.filter({ hasText: 'search' }).waitFor();
  const [shown, needed] = await name.evaluate((element) => [element.clientWidth, element.scrollWidth]);
  assert.equal(shown, needed);
});

/** Whose one route doubled twice in this hour, while another got slower and a third began to fail. */
async function changedServer(t: TestContext): Promise<Server> {
  const server = await serverFor(t);
  const chat = { route: 'chat_support', model: 'claude-sonnet-4-5', latency_ms: 500, failed: 0 };
  const slow = { route: 'document_answers', model: 'gpt-4.1-mini', latency_ms: 500, failed: 0 };
  const failing = { ...slow, route: 'ticket_summary' };
  const before = [callsOf(chat, 5, 90), callsOf(slow, 5, 90), callsOf(failing, 5, 90)];
  const now = [
    callsOf(chat, 20, 20),
    callsOf({ ...slow, latency_ms: 2500 }, 5, 20),
    callsOf({ ...failing, failed: 4 }, 5, 20),
  ];
  const answer = await post(`${server.ingestion}/v1/llm/events`, JSON.stringify([...before, ...now].flat()));
  assert.equal(answer.status, 202, answer.text);
  await auditOf(server.metrics, { requests: 45, responses: 45 });
  return server;
}

interface Kind {
  readonly route: string;
  readonly model: string;
  readonly latency_ms: number;
  /** So many of them. */
  readonly failed: number;
}

function callsOf({ route, model, latency_ms, failed }: Kind, count: number, minutesAgo: number): object[] {
  const timestamp = new Date(Date.now() - minutesAgo * MINUTE_MS).toISOString();
  return Array.from({ length: count }, (_, index) => {
    const request_id = `${route}-${minutesAgo}-${index}`;
    const names = { tenant_id: 'acme', route, model };
    const outcome = index < failed ? { error: 'timeout' } : { completion_tokens: 1000 };
    return [
      { type: 'request', request_id, ...names, timestamp, prompt_tokens: 100 },
      { type: 'response', request_id, tenant_id: 'acme', timestamp, latency_ms, ...outcome },
    ];
  }).flat();
}
