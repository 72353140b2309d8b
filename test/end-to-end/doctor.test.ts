import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataDirFor, runCommand, startServer } from './running-server.ts';

const FREE_PORTS = ['--ingestion-port', '0', '--metrics-port', '0'];

async function doctor(args: readonly string[]): Promise<{ code: number | null; text: string }> {
  const command = runCommand(['doctor', ...args]);
  const { code } = await command.exited;
  return { code, text: command.output() };
}

test('doctor finds nothing broken where nothing was started yet, and on a running server', async (t) => {
  const dataDir = dataDirFor(t);
  const before = await doctor(['--data-dir', join(dataDir, 'new'), ...FREE_PORTS]);
  assert.equal(before.code, 0, before.text);
  assert.match(before.text, /note {4}data directory: .*new is not there yet/);
  const server = await startServer(dataDir);
  t.after(async () => {
    server.process.kill('SIGKILL');
    await server.exited;
  });
  const ports = ['--ingestion-port', new URL(server.ingestion).port, '--metrics-port', new URL(server.metrics).port];
  const { code, text } = await doctor(['--data-dir', dataDir, ...ports]);
  assert.equal(code, 0, text);
  assert.match(text, /a StreamLens is running on/);
  assert.match(text, /INGESTION_PORT: StreamLens answers on \d+/);
  assert.match(text, /metrics store: SQLite answers and has this version's schema/);
});

test('doctor says what is broken and what to do, and ends with 1', async (t) => {
  const dataDir = dataDirFor(t);
  writeFileSync(join(dataDir, 'metrics.sqlite'), 'no database at all, but long enough to look at'.repeat(50));
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  t.after(() => taken.close());
  const { port } = taken.address() as { port: number };
  const args = [
    '--data-dir',
    dataDir,
    '--ingestion-port',
    String(port),
    '--metrics-port',
    '0',
    '--prices-file',
    '/gone',
  ];
  const { code, text } = await doctor(args);
  assert.equal(code, 1);
  assert.match(text, /BROKEN {2}metrics store: .*no SQLite database/);
  assert.match(text, /BROKEN {2}INGESTION_PORT: \d+ is taken by another process; set INGESTION_PORT to another port/);
  assert.match(text, /BROKEN {2}prices: PRICES_FILE must be a price file .*; got \/gone: .*ENOENT/);
});

test('doctor ends with 1 for a directory that cannot be written', { skip: isRoot() }, async (t) => {
  const dataDir = dataDirFor(t);
  chmodSync(dataDir, 0o500);
  t.after(() => chmodSync(dataDir, 0o700));
  const { code, text } = await doctor(['--data-dir', dataDir, ...FREE_PORTS]);
  assert.deepEqual([code, /may not be written by this user/.test(text)], [1, true]);
});

test('doctor ends with 2 for a setting that is wrong by itself', async () => {
  assert.equal((await doctor(['--ingestion-port', 'many'])).code, 2);
});

function isRoot(): string | false {
  return process.getuid?.() === 0 ? 'root may write everywhere' : false;
}
