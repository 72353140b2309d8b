import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { auditOf, post } from '../end-to-end/http-calls.ts';
import { type Server, serverFor } from '../end-to-end/running-server.ts';
import { seriousViolations } from './accessibility.ts';
import { openWindow, skipWithoutChromium } from './chromium.ts';
import { RESULTS } from './results-folder.ts';

const skip = skipWithoutChromium();
const HOUR_MS = 3_600_000;

test('users and teams have rows, split the charts, are narrowed to by keys, and changed what they changed', {
  skip,
}, async (t) => {
  const server = await serverOfUsers(t);
  for (const [colorScheme, width] of [
    ['light', 1440],
    ['dark', 390],
  ] as const) {
    const { page, complaints } = await openWindow(t, { colorScheme, viewport: { width, height: 900 } });
    const look = async (name: string) => {
      await page.screenshot({ path: `${RESULTS}${name}-${colorScheme}-${width}.png`, fullPage: true });
      assert.deepEqual(await seriousViolations(page), []);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width);
    };
    await page.goto(`${server.metrics}/?tenant=acme&range=24h`);
    await page.getByRole('group', { name: 'Rows' }).getByLabel('User').press('Space');
    const table = page.getByRole('region', { name: 'Table of calls by user' });
    await table.getByRole('rowheader').first().waitFor();
    assert.deepEqual(await table.getByRole('rowheader').allInnerTexts(), ['ada', 'grace', 'no user']);

    const changes = page.getByRole('region', { name: 'What changed', exact: true });
    const first = changes.getByRole('row').nth(1);
    await first.filter({ hasText: 'ada' }).waitFor();
    assert.match(await first.innerText(), /ada[^]*2 → 12[^]*more calls/);

    await page.getByRole('group', { name: 'Split by' }).getByLabel('Team').press('Space');
    await page.locator('.legend').getByRole('button', { name: 'growth' }).waitFor();
    await page.getByText('as sums by a dimension are kept').waitFor();
    await look('dimensions-rows');

    await table.getByRole('button', { name: 'ada' }).press('Enter');
    await page.waitForURL(/by=user&is=ada/);
    const calls = page.locator('[data-figure="calls"] .value');
    await calls.filter({ hasText: /^12$/ }).waitFor();
    await page.locator('table.calls tbody tr').nth(11).waitFor();
    assert.equal(await page.locator('table.calls tbody tr').count(), 12, 'single calls of ada');
    assert.equal(await page.getByRole('group', { name: 'Rows' }).count(), 0, 'one dimension at a time');
    await look('dimensions-picked');
    await page.getByRole('button', { name: 'User ada: show all again' }).press('Enter');
    await calls.filter({ hasText: /^22$/ }).waitFor();

    await page.goto(`${server.metrics}/?tenant=acme&range=24h&by=team&is=growth`);
    await calls.filter({ hasText: /^12$/ }).waitFor();
    await page.getByText('not by team').waitFor();
    await page.goto(`${server.metrics}/?tenant=acme&range=24h&by=user&is=nobody`);
    await page.getByRole('button', { name: 'Remove the filters' }).press('Enter');
    await calls.filter({ hasText: /^22$/ }).waitFor();
    await page.goto(`${server.metrics}/?tenant=acme&range=24h&rows=session`);
    await page.getByText('No call of this range says its session').waitFor();
    assert.deepEqual(complaints, []);
  }
});

test('where nothing is summed by users or teams, the page says which setting to set, and offers none', {
  skip,
}, async (t) => {
  const server = await serverFor(t);
  await send(server, [{ user: 'ada', team: 'growth', at: 0, count: 1 }]);
  await auditOf(server.metrics, { requests: 1, responses: 1 });
  const { page } = await openWindow(t);
  await page.goto(`${server.metrics}/?tenant=acme`);
  await page.getByText('METRIC_DIMENSIONS=user,team').waitFor();
  assert.equal(await page.getByRole('group', { name: 'Split by' }).getByLabel('User').count(), 0);
});

/** Whose user ada makes most of the calls of the last hours, and made few of those before. */
async function serverOfUsers(t: TestContext): Promise<Server> {
  const server = await serverFor(t, { METRIC_DIMENSIONS: 'user,team,session' });
  await send(server, [
    { user: 'ada', team: 'growth', at: 30, count: 2 },
    { user: 'grace', team: 'search', at: 30, count: 6 },
    { user: 'ada', team: 'growth', at: 3, count: 12 },
    { user: 'grace', team: 'search', at: 2, count: 7 },
    { user: null, team: 'search', at: 2, count: 3 },
  ]);
  await auditOf(server.metrics, { requests: 30, responses: 30 });
  return server;
}

interface Calls {
  readonly user: string | null;
  readonly team: string;
  /** So many hours ago. */
  readonly at: number;
  readonly count: number;
}

async function send(server: Server, kinds: readonly Calls[]): Promise<void> {
  const events = kinds.flatMap(({ user, team, at, count }, kind) =>
    Array.from({ length: count }, (_, index) => {
      const request_id = `${kind}-${index}`;
      const timestamp = new Date(Date.now() - at * HOUR_MS).toISOString();
      const names = { tenant_id: 'acme', route: 'chat', model: 'gpt-4.1-mini', user_id_hash: user, metadata: { team } };
      return [
        { type: 'request', request_id, ...names, timestamp, prompt_tokens: 1000 },
        { type: 'response', request_id, timestamp, latency_ms: 500, completion_tokens: 500, finish_reason: 'stop' },
      ];
    }).flat(),
  );
  const answer = await post(`${server.ingestion}/v1/llm/events`, JSON.stringify(events));
  assert.equal(answer.status, 202, answer.text);
}
