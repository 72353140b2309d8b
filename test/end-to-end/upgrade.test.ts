import assert from 'node:assert/strict';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { auditOf, getJson } from './http-calls.ts';
import { dataDirFor, runCommand, startServer } from './running-server.ts';

const RELEASES = fileURLToPath(new URL('../fixtures/releases/', import.meta.url));

/** A data directory as the release left it. */
function unpack(release: string, dataDir: string): void {
  const folder = join(RELEASES, release);
  for (const name of readdirSync(folder)) {
    writeFileSync(join(dataDir, name.replace(/\.gz$/, '')), gunzipSync(readFileSync(join(folder, name))));
  }
}

test('the log of 0.1.0 is upgraded; its store is refused with what to do, and counted anew from the log', async (t) => {
  const dataDir = dataDirFor(t);
  unpack('0.1.0', dataDir);
  const refused = runCommand(['up', '--data-dir', dataDir, '--ingestion-port', '0', '--metrics-port', '0']);
  assert.equal((await refused.exited).code, 1);
  assert.match(refused.output(), /metrics\.sqlite has the tables of another StreamLens .* such as 0\.1\.0/);
  assert.match(refused.output(), /Move it away .* and start again: its rows are counted anew from the event log/);

  renameSync(join(dataDir, 'metrics.sqlite'), join(dataDir, 'old-metrics.sqlite'));
  const server = await startServer(dataDir);
  t.after(() => server.process.kill('SIGKILL'));
  await auditOf(server.metrics, { requests: 20, responses: 15 });
  type Summary = {
    summary: { requests: number; completed: number; prompt_tokens: number; completion_tokens: number }[];
  };
  const range = 'from=2025-11-19T10:00:00Z&to=2025-11-19T11:00:00Z';
  const { summary } = await getJson<Summary>(`${server.metrics}/v1/metrics/summary?tenant_id=acme&${range}`);
  const [sums] = summary;
  assert.deepEqual([sums?.requests, sums?.completed, sums?.prompt_tokens], [20, 15, 2190]);
});
