import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '../../src/commands/traffic/seeded-random.ts';
import { eventually, get, getJson, post } from './http-calls.ts';
import { rowsSeenBy } from './otlp-rows.ts';
import { dataDirFor, type Server, serverFor, startServer } from './running-server.ts';
import { shuffled } from './shuffled.ts';
import { capturedExports, singleSpans, type TraceExport } from './single-spans.ts';

const KILLS = 6;
/** The calls lie in November 2026. */
const SETTINGS = { CALLS_PER_SECOND_MAX: '1000000', CALLS_RETENTION: '36500d' };

/** How many reports are durable. */
async function reportsTaken({ ingestion }: Server): Promise<number> {
  const { text } = await get(`${ingestion}/metrics`);
  return Number(/streamlens_events_accepted_total\{type="report"\} (\d+)/.exec(text)?.[1] ?? 0);
}

async function isTaken(server: Server, { body, type }: TraceExport): Promise<boolean> {
  try {
    return (await post(`${server.ingestion}/v1/traces`, body, { 'content-type': type })).status === 200;
  } catch {
    return false;
  }
}

/** What a reader sees, once the books have taken that many reports. */
async function seenBy(server: Server, reports: number): Promise<object> {
  await eventually(`${reports} reports`, async () => {
    const { totals } = await getJson<{ totals: { reports: { accepted: number } } }>(`${server.metrics}/v1/audit`);
    return totals.reports.accepted >= reports ? true : undefined;
  });
  return rowsSeenBy({ url: server.metrics });
}

test(`spans in exports of their own, in any order, with ${KILLS} kills between them, come to the same rows as all at once`, async (t) => {
  const seed = randomInt(2 ** 31);
  t.diagnostic(`seed ${seed}`);
  const random = new SeededRandom(seed);
  const exports = capturedExports();
  const spans = exports.flatMap(singleSpans);
  assert.ok(spans.length > 40, `${spans.length} spans`);

  const whole = await serverFor(t, SETTINGS);
  for (const body of exports) assert.ok(await isTaken(whole, body));
  const reports = await reportsTaken(whole);
  const expected = await seenBy(whole, reports);

  const dataDir = dataDirFor(t);
  let server = await startServer(dataDir, SETTINGS);
  t.after(() => server.process.kill('SIGKILL'));
  const posts = shuffled(spans, random);
  const kills = new Set(Array.from({ length: KILLS }, () => Math.floor(random.next() * posts.length)));
  for (const [index, span] of posts.entries()) {
    if (kills.has(index)) {
      server.process.kill('SIGKILL');
      await server.exited;
      server = await startServer(dataDir, SETTINGS);
    }
    assert.ok(await isTaken(server, span));
    if (random.next() < 0.1) await sleep(random.next() * 300);
  }
  await eventually('the same rows', async () => {
    const seen = await seenBy(server, reports);
    return JSON.stringify(seen) === JSON.stringify(expected) ? true : undefined;
  }).catch(async () => assert.deepEqual(await seenBy(server, reports), expected));
});
