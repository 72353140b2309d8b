import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '../../src/commands/traffic/seeded-random.ts';
import { type Audit, auditOf, getJson, post } from './http-calls.ts';
import { expectedOf, rowsOf } from './load-oracle.ts';
import { type LoadItem, MixedLoad } from './mixed-load.ts';
import { dataDirFor, type Server, startServer } from './running-server.ts';

const KILLS = 25;
const SENDERS = 3;
const BATCH_CALLS = 25;
const NDJSON = { 'content-type': 'application/x-ndjson' };

/** The one server of the test, which comes and goes. */
interface Running {
  server: Server | null;
  isOver: boolean;
}

/** Sends batch after batch until told to stop; one that was not answered is sent again, as a sender would. */
async function keepSending(running: Running, load: MixedLoad, sent: LoadItem[]): Promise<void> {
  while (!running.isOver) {
    const batch = load.next(BATCH_CALLS);
    sent.push(...batch);
    const body = batch.map(({ line }) => line).join('\n');
    while (!(await isTaken(running.server, body))) await sleep(20);
    await sleep(10);
  }
}

async function isTaken(server: Server | null, body: string): Promise<boolean> {
  if (server === null) return false;
  try {
    const { status, text } = await post(`${server.ingestion}/v1/llm/events`, body, NDJSON);
    assert.ok(status === 202 || status === 503, `${status}: ${text}`);
    return status === 202;
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    return false;
  }
}

test(`after ${KILLS} kills at random moments nothing is lost and nothing is counted twice`, async (t) => {
  const seed = randomInt(2 ** 31);
  t.diagnostic(`seed ${seed}`);
  const random = new SeededRandom(seed);
  const dataDir = dataDirFor(t);
  const running: Running = { server: null, isOver: false };
  t.after(() => running.server?.process.kill('SIGKILL'));
  const sent: LoadItem[] = [];
  const senders = Promise.all(
    Array.from({ length: SENDERS }, (_, index) => keepSending(running, new MixedLoad(seed + index), sent)),
  );
  senders.catch(() => undefined);
  for (let kill = 0; kill < KILLS; kill++) {
    running.server = await startServer(dataDir);
    await sleep(random.next() * 600);
    if (kill % 5 === 0) assert.equal((await getJson<Audit>(`${running.server.metrics}/v1/audit`)).balanced, true);
    const { process: child, exited } = running.server;
    running.server = null;
    child.kill('SIGKILL');
    assert.equal((await exited).signal, 'SIGKILL');
  }
  running.server = await startServer(dataDir);
  running.isOver = true;
  await senders;

  const expected = expectedOf(sent);
  t.diagnostic(`${sent.length} events, ${expected.calls} calls`);
  const unique = { requests: expected.requestIds, responses: expected.responseIds };
  const audit = await caughtUp(running.server.metrics, unique);
  assert.deepEqual(await rowsOf(running.server.metrics), expected.rows);
  assert.equal(audit.balanced, true);
  assert.equal(audit.totals.requests.counted, expected.requestIds);
  assert.equal(audit.totals.responses.counted, expected.calls);
  assert.equal(audit.totals.responses.waiting, expected.orphans);
  assert.equal(audit.totals.responses.dead_letters + audit.totals.requests.dead_letters, 0);
  running.server.process.kill('SIGTERM');
  assert.deepEqual(await running.server.exited, { code: 0, signal: null }, running.server.output());
});

/** Repetitions are counted as taken too, so the number taken alone does not tell: the books must stand still. */
async function caughtUp(metricsUrl: string, unique: { requests: number; responses: number }): Promise<Audit> {
  for (let before = ''; ; ) {
    const audit = await auditOf(metricsUrl, unique);
    const now = JSON.stringify(audit.totals);
    if (now === before) return audit;
    before = now;
    await sleep(1500);
  }
}
