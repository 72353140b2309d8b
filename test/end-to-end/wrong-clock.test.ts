import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually, getJson, post } from './http-calls.ts';
import { dataDirFor, endOf, runCommand, type Server, startServer } from './running-server.ts';

const YEAR_MS = 365 * 86_400_000;

/** A machine whose clock is a year ahead while the file is there. */
function yearAheadWhile(file: string): Record<string, string> {
  const patch = `import { existsSync } from 'node:fs'; const now = Date.now; Date.now = () => now() + (existsSync(${JSON.stringify(file)}) ? ${YEAR_MS} : 0);`;
  return { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(patch)}` };
}

async function sendRequest(server: Server, id: string): Promise<void> {
  const event = { request_id: id, tenant_id: 'clock', route: 'r', model: 'm', timestamp: '2026-01-10T12:00:00Z' };
  assert.equal((await post(`${server.ingestion}/v1/llm/request`, JSON.stringify(event))).status, 202);
}

async function sendResponse(server: Server, id: string): Promise<void> {
  const event = { request_id: id, timestamp: '2026-01-10T12:00:01Z', completion_tokens: 5, latency_ms: 700 };
  assert.equal((await post(`${server.ingestion}/v1/llm/response`, JSON.stringify(event))).status, 202);
}

interface Rows {
  readonly metrics: readonly { requests: number; completed: number; unanswered: number }[];
  readonly complete_until: string | null;
  readonly lag_ms: number | null;
}

async function rows(server: Server): Promise<Rows> {
  return getJson<Rows>(`${server.metrics}/v1/metrics?tenant_id=clock&group_by=none&to=2199-01-01T00:00:00Z`);
}

async function readyLine(server: Server): Promise<string> {
  return (await fetch(`${server.metrics}/ready`)).text();
}

async function stopped(server: Server): Promise<void> {
  server.process.kill('SIGTERM');
  assert.equal((await server.exited).code, 0, server.output());
}

const restamp = (dataDir: string, ...args: readonly string[]) =>
  endOf(['log', 'restamp', '--data-dir', dataDir, ...args]);

test('a clock that jumps a year ahead and back is told, and changes neither log time nor what waits', async (t) => {
  const dataDir = dataDirFor(t);
  const wrong = join(dataDirFor(t), 'wrong');
  const limits = { JOIN_TIMEOUT: '500ms', DEDUP_HORIZON: '500ms' };
  const server = await startServer(dataDir, { ...yearAheadWhile(wrong), ...limits });
  t.after(() => server.process.kill('SIGKILL'));
  await sendRequest(server, 'before');
  writeFileSync(wrong, '');
  const line = await eventually('the jump to be seen', async () => {
    const text = await readyLine(server);
    return /clock: (?!ok)/.test(text) ? text : undefined;
  });
  assert.match(line, /clock: The machine's clock was set 365d ahead .*restart StreamLens if the new time is right/);
  await sendRequest(server, 'during');
  rmSync(wrong);
  await eventually('the clock to be right again', async () =>
    (await readyLine(server)).includes('clock: ok') ? true : undefined,
  );
  await sendRequest(server, 'after');
  const last = await eventually('all three to be given up', async () => {
    const answer = await rows(server);
    return answer.metrics[0]?.unanswered === 3 ? answer : undefined;
  });
  assert.ok(Date.parse(last.complete_until ?? '') < Date.now() + 5000, `complete until ${last.complete_until}`);
  assert.match(server.output(), /was set 365d ahead/);
  await stopped(server);
});

test('a log that was stamped a year ahead goes on, says so, and is mended by log restamp', async (t) => {
  const dataDir = dataDirFor(t);
  const wrong = join(dataDirFor(t), 'wrong');
  const right = await startServer(dataDir);
  await sendRequest(right, 'right');
  await stopped(right);
  writeFileSync(wrong, '');
  const ahead = await startServer(dataDir, yearAheadWhile(wrong));
  t.after(() => ahead.process.kill('SIGKILL'));
  await sendRequest(ahead, 'wrong');
  await sendRequest(ahead, 'open');
  await sendResponse(ahead, 'wrong');
  await eventually('the call', async () => ((await rows(ahead)).metrics[0]?.completed === 1 ? true : undefined));
  await stopped(ahead);
  rmSync(wrong);
  assert.ok(!existsSync(wrong));

  await assert.rejects(startServerOnce(dataDir), /clock: The event log is 36\dd .* ahead .*streamlens log restamp/);
  const looked = await restamp(dataDir, '--dry-run');
  assert.equal(looked.code, 0, looked.text);
  assert.match(looked.text, /3153\d{4} s ahead of the clock; \d+ blocks would get/);
  const mended = await restamp(dataDir);
  assert.match(mended.text, /blocks got other stamps/);
  assert.match((await restamp(dataDir)).text, /nothing to do/);

  const server = await startServer(dataDir);
  t.after(() => server.process.kill('SIGKILL'));
  const refused = await restamp(dataDir);
  assert.equal(refused.code, 2, refused.text);
  await sendResponse(server, 'open');
  await sendRequest(server, 'wrong');
  const last = await eventually('the open call to be joined', async () => {
    const answer = await rows(server);
    return answer.metrics[0]?.completed === 2 ? answer : undefined;
  });
  assert.deepEqual([last.metrics[0]?.requests, last.metrics[0]?.completed], [3, 2]);
  assert.ok(Math.abs(Date.parse(last.complete_until ?? '') - Date.now()) < 60_000, `until ${last.complete_until}`);
  await stopped(server);
});

/** Starts a server that does not become ready. @throws what its `/ready` says */
async function startServerOnce(dataDir: string): Promise<never> {
  const command = runCommand(['up', '--data-dir', dataDir, '--ingestion-port', '0', '--metrics-port', '0']);
  const port = await eventually(
    'the port',
    async () => /metrics API\s+http:\/\/localhost:(\d+)/.exec(command.output())?.[1],
  );
  const text = await eventually('the log to be read back', async () => {
    const said = await (await fetch(`http://127.0.0.1:${port}/ready`)).text();
    return said.includes('still reading') ? undefined : said;
  });
  command.process.kill('SIGTERM');
  await command.exited;
  throw new Error(text);
}
