import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { zstdCompressSync } from 'node:zlib';
import { type Audit, auditOf, eventually, getJson } from './http-calls.ts';
import { dataDirFor, endOf, outputOf, runCommand, serverFor } from './running-server.ts';

const DAY_MS = Date.UTC(2025, 10, 19);

/** Calls with both halves, 20 ms apart, in the order of a file that was written as they happened. */
function history(calls: number): string {
  const lines: string[] = [];
  for (let i = 0; i < calls; i++) {
    const timestamp = new Date(DAY_MS + i * 20).toISOString();
    const request = { tenant_id: 'acme', route: 'chat', model: 'gpt-4.1-mini', prompt_tokens: 100 };
    lines.push(JSON.stringify({ type: 'request', request_id: `r${i}`, timestamp, ...request }));
    lines.push(
      JSON.stringify({ type: 'response', request_id: `r${i}`, timestamp, latency_ms: 5, completion_tokens: 10 }),
    );
  }
  return `${lines.join('\n')}\n`;
}

function aFile(t: TestContext, name: string, content: string | Uint8Array): string {
  const path = join(dataDirFor(t), name);
  writeFileSync(path, content);
  return path;
}

async function countedCalls(metricsUrl: string): Promise<number> {
  const url = `${metricsUrl}/v1/metrics?tenant_id=acme&step=1d&group_by=none`;
  const { metrics } = await getJson<{ metrics: { completed: number }[] }>(url);
  return metrics.reduce((sum, row) => sum + row.completed, 0);
}

test('a backfill that is killed again and again counts every call once', async (t) => {
  const server = await serverFor(t);
  const calls = 40_000;
  const path = aFile(t, 'history.ndjson.zst', zstdCompressSync(history(calls)));
  const args = ['backfill', path, '--base-url', server.ingestion];
  let kills = 0;
  for (;;) {
    const command = runCommand(args);
    let hasExited = false;
    command.process.once('close', () => {
      hasExited = true;
    });
    await sleep(500 + kills * 110);
    if (hasExited) {
      assert.equal((await command.exited).code, 0, command.output());
      break;
    }
    if (kills < 6) {
      command.process.kill('SIGKILL');
      kills++;
    }
    await command.exited;
    if (kills >= 6) {
      await outputOf(args);
      break;
    }
  }
  // What was sent again is taken too, so the number taken does not tell when the last new one is counted.
  const audit = await eventually(`${calls} calls are counted`, async () => {
    const books = await getJson<Audit>(`${server.metrics}/v1/audit`);
    return books.totals.responses.counted >= calls ? books : undefined;
  });
  assert.equal(audit.totals.requests.counted, calls);
  assert.equal(audit.totals.responses.counted, calls);
  assert.equal(await countedCalls(server.metrics), calls);
  assert.ok(kills > 0, 'it was too fast to be killed');
});

test('bad lines are told by their number and cost no other line', async (t) => {
  const server = await serverFor(t);
  const path = aFile(t, 'history.ndjson', `${history(3)}{"type":"request"}\nnot json\n`);
  const command = await endOf(['backfill', path, '--base-url', server.ingestion]);
  assert.equal(command.code, 1);
  assert.match(command.text, /6 events accepted, 2 not valid\n {2}line 7: .*\n {2}line 8: it must be JSON/);
  await auditOf(server.metrics, { requests: 3, responses: 3 });
  assert.equal(await countedCalls(server.metrics), 3);
});

test('a backfill to nobody ends with a sentence and exit code 1, wrong usage with 2', async (t) => {
  const path = aFile(t, 'history.ndjson', history(1));
  const lost = await endOf(['backfill', path, '--base-url', 'http://127.0.0.1:2', '--retry-minutes', '0']);
  assert.equal(lost.code, 1);
  assert.match(lost.text, /cannot be reached: /);
  const refused = await endOf(['backfill', path, '--base-url', 'http://127.0.0.1:1']);
  assert.equal(refused.code, 2);
  assert.match(refused.text, /--base-url must be a URL of another port/);
  const missing = await endOf(['backfill', `${path}.gone`]);
  assert.equal(missing.code, 2);
  assert.match(missing.text, /<file> must be a file that can be read; got .*\.gone: it is not there/);
  assert.equal((await endOf(['backfill', path, '--unsure', 'maybe'])).code, 2);
  assert.equal((await endOf(['backfill'])).code, 2);
});
