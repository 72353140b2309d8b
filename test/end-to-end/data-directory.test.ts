import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { freePorts } from '../../scripts/services/free-ports.ts';
import { auditOf, eventually, getJson, post } from './http-calls.ts';
import { dataDirFor, endOf, runCommand, type Server, serverFor, startServer } from './running-server.ts';

const NDJSON = { 'content-type': 'application/x-ndjson' };
const PORTS = ['--ingestion-port', '0', '--metrics-port', '0'];

/** Sends so many requests in one batch. @returns the status */
async function send(server: Server, prefix: string, count: number, padding = 0): Promise<number> {
  const lines = Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      type: 'request',
      request_id: `${prefix}-${i}`,
      tenant_id: 'disk',
      route: 'r',
      model: 'm',
      timestamp: '2026-01-10T12:00:00Z',
      unknown: randomText(padding),
    }),
  );
  return (await post(`${server.ingestion}/v1/llm/events`, lines.join('\n'), NDJSON)).status;
}

/** Does not compress, so that a disk fills as fast as it is told. */
function randomText(length: number): string {
  return Array.from({ length }, () => Math.floor(Math.random() * 36).toString(36)).join('');
}

async function requestsCounted(server: Server): Promise<number> {
  const { metrics } = await getJson<{ metrics: { requests: number }[] }>(
    `${server.metrics}/v1/metrics?tenant_id=disk&group_by=none`,
  );
  return metrics.reduce((sum, { requests }) => sum + requests, 0);
}

async function stop(server: Server, signal: NodeJS.Signals = 'SIGTERM') {
  server.process.kill(signal);
  return server.exited;
}

/** Ends with this code and says this, without a stack trace. */
async function fails(args: readonly string[], code: number, says: RegExp, env: Record<string, string> = {}) {
  const command = runCommand(args, env);
  const timer = setTimeout(() => command.process.kill('SIGKILL'), 20_000);
  const exit = await command.exited;
  clearTimeout(timer);
  assert.equal(exit.code, code, command.output());
  assert.match(command.output(), says);
  assert.doesNotMatch(command.output(), /^\s+at /m, 'a sentence, not a stack');
  return command.output();
}

/** A file system of a few megabytes, or null with the reason where that is not allowed. */
function smallDisk(t: TestContext, megabytes: number): string | null {
  const path = mkdtempSync(join(tmpdir(), 'streamlens-disk-'));
  let isMounted = false;
  t.after(() => {
    if (isMounted) execFileSync('umount', ['--lazy', path]);
    rmSync(path, { recursive: true });
  });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path], { stdio: 'pipe' });
    isMounted = true;
  } catch (error) {
    t.skip(`a small disk cannot be mounted here: ${(error as Error).message.split('\n', 1)[0]}`);
    return null;
  }
  return path;
}

test('a full disk is answered with 503, and when space is freed everything acknowledged is there', async (t) => {
  const dataDir = smallDisk(t, 24);
  if (dataDir === null) return;
  const ballast = join(dataDir, 'ballast');
  writeFileSync(ballast, Buffer.alloc(16 * 1024 * 1024));
  const server = await startServer(dataDir);
  t.after(() => server.process.kill('SIGKILL'));
  let accepted = 0;
  let status = 202;
  for (let batch = 0; status === 202 && batch < 200; batch++) {
    status = await send(server, `fill-${batch}`, 50, 2000);
    if (status === 202) accepted += 50;
  }
  assert.equal(status, 503);
  assert.equal((await fetch(`${server.ingestion}/health`)).status, 200);
  truncateSync(ballast, 0);
  await eventually('the disk to be used again', async () =>
    (await send(server, 'freed', 50, 2000)) === 202 ? true : undefined,
  );
  accepted += 50;
  await eventually(`${accepted} requests in the rows`, async () =>
    (await requestsCounted(server)) >= accepted ? true : undefined,
  );
  assert.equal(await stop(server).then(({ code }) => code), 0, server.output());
  const again = await startServer(dataDir);
  t.after(() => again.process.kill('SIGKILL'));
  const counted = await requestsCounted(again);
  // A batch that was answered with 503 may be in the log or not; it was never sent again.
  assert.ok(counted === accepted || counted === accepted + 50, `${counted} counted, ${accepted} acknowledged`);
});

test('a second process on the same data directory refuses, and the first goes on', async (t) => {
  const dataDir = dataDirFor(t);
  const server = await startServer(dataDir);
  t.after(() => server.process.kill('SIGKILL'));
  await fails(
    ['up', '--data-dir', dataDir, ...PORTS],
    2,
    /Another StreamLens is using the data directory .*STREAMLENS_DATA_DIR/,
  );
  assert.equal(await send(server, 'first', 1), 202);
});

test('a data directory that cannot be written is named', async (t) => {
  const dataDir = dataDirFor(t);
  const file = join(dataDir, 'a-file');
  writeFileSync(file, '');
  await fails(['up', '--data-dir', join(file, 'below'), ...PORTS], 2, /STREAMLENS_DATA_DIR must be a directory/);
  const readOnly = smallDisk(t, 1);
  if (readOnly === null) return;
  execFileSync('mount', ['-o', 'remount,ro', readOnly]);
  await fails(
    ['up', '--data-dir', readOnly, ...PORTS],
    2,
    /STREAMLENS_DATA_DIR must be a directory that can be written/,
  );
});

/** A directory with 100 requests in it, from a server that was killed, so that they are still in the WAL. */
async function killedWith100(t: TestContext): Promise<string> {
  const dataDir = dataDirFor(t);
  const server = await startServer(dataDir);
  for (let batch = 0; batch < 10; batch++) assert.equal(await send(server, `wal-${batch}`, 10), 202);
  await auditOf(server.metrics, { requests: 100, responses: 0 });
  await stop(server, 'SIGKILL');
  return dataDir;
}

async function countsAfterRestart(t: TestContext, dataDir: string): Promise<void> {
  const server = await startServer(dataDir);
  t.after(() => server.process.kill('SIGKILL'));
  assert.equal(await requestsCounted(server), 100);
  assert.equal(await send(server, 'after', 10), 202);
  await eventually('the new requests', async () => ((await requestsCounted(server)) === 110 ? true : undefined));
  assert.equal((await getJson<{ balanced: boolean }>(`${server.metrics}/v1/audit`)).balanced, true);
}

test('rubbish after the last commit in the write-ahead log is passed over', async (t) => {
  const dataDir = await killedWith100(t);
  for (const file of ['events.sqlite-wal', 'metrics.sqlite-wal']) {
    assert.ok(statSync(join(dataDir, file)).size > 0, `${file} has something in it`);
    appendFileSync(join(dataDir, file), Buffer.alloc(5000, 0xab));
  }
  await countsAfterRestart(t, dataDir);
});

test('an append that was cut off in the middle by a crash is passed over', async (t) => {
  const dataDir = await killedWith100(t);
  const wal = join(dataDir, 'events.sqlite-wal');
  appendFileSync(wal, readFileSync(wal).subarray(32, 32 + 2000));
  await countsAfterRestart(t, dataDir);
});

test('a damaged file is named, with what to do, and exit code 1', async (t) => {
  for (const file of ['events.sqlite', 'metrics.sqlite']) {
    const dataDir = dataDirFor(t);
    const server = await startServer(dataDir);
    await send(server, 'before', 10);
    assert.equal((await stop(server)).code, 0, server.output());
    writeFileSync(join(dataDir, file), Buffer.alloc(20_000, 0xab));
    await fails(
      ['up', '--data-dir', dataDir, ...PORTS],
      1,
      new RegExp(`${file}.*(no SQLite database|damaged|not a database)`),
    );
  }
});

test('a directory that another release wrote is refused before any port is open', async (t) => {
  const dataDir = await killedWith100(t);
  const store = new DatabaseSync(join(dataDir, 'metrics.sqlite'));
  store.exec("UPDATE progress SET checkpoint = x'63' WHERE length(checkpoint) > 0");
  assert.equal(store.prepare("SELECT count(*) AS count FROM progress WHERE checkpoint = x'63'").get()?.['count'], 1);
  store.close();
  const [port = 0] = await freePorts(1);
  let openedCount = 0;
  const looking = setInterval(() => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    socket.once('connect', () => {
      openedCount++;
      socket.destroy();
    });
  }, 2);
  t.after(() => clearInterval(looking));
  await fails(
    ['up', '--data-dir', dataDir, '--ingestion-port', String(port), '--metrics-port', '0'],
    1,
    /another release of StreamLens, start that one: A checkpoint of version 99/,
  );
  assert.equal(openedCount, 0);
});

test('SIGTERM finishes what was taken and exits with 0 within 10 s', async (t) => {
  const dataDir = dataDirFor(t);
  const server = await startServer(dataDir);
  const posts = Promise.all(Array.from({ length: 20 }, (_, i) => send(server, `term-${i}`, 100)));
  const statuses = await posts;
  const startedMs = performance.now();
  assert.deepEqual(await stop(server), { code: 0, signal: null }, server.output());
  assert.ok(performance.now() - startedMs < 10_000);
  const again = await startServer(dataDir);
  t.after(() => again.process.kill('SIGKILL'));
  const taken = statuses.filter((status) => status === 202).length * 100;
  await eventually(`${taken} requests`, async () => ((await requestsCounted(again)) === taken ? true : undefined));
});

test('a stream and a half-sent request do not hold up the end', async (t) => {
  const server = await serverFor(t);
  const stream = await fetch(`${server.metrics}/v1/metrics/stream?tenant_id=x`);
  assert.equal(stream.status, 200);
  const startedMs = performance.now();
  assert.equal((await stop(server)).code, 0, server.output());
  assert.ok(performance.now() - startedMs < 10_000);
  await stream.body?.cancel().catch(() => undefined);
});

test('a second signal ends it at once', async (t) => {
  const server = await serverFor(t);
  server.process.kill('SIGTERM');
  server.process.kill('SIGINT');
  const startedMs = performance.now();
  await server.exited;
  assert.ok(performance.now() - startedMs < 3000);
});

test('a port that is taken is named with exit code 1', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => void other.close());
  await new Promise((resolve) => other.once('listening', resolve));
  const port = String((other.address() as { port: number }).port);
  for (const flags of [
    ['--ingestion-port', port, '--metrics-port', '0'],
    ['--ingestion-port', '0', '--metrics-port', port],
  ]) {
    await fails(['up', '--data-dir', dataDirFor(t), ...flags], 1, new RegExp(`Port ${port} is taken`));
  }
});

test('wrong settings are named with exit code 2, without any secret', async () => {
  const cases: [readonly string[], Record<string, string>, RegExp][] = [
    [['up', '--ingestion-port', '99999'], {}, /--ingestion-port must be a whole number .*; got "99999"/],
    [['up', '--data-dir', '/etc/passwd'], {}, /--data-dir.*\/etc\/passwd: it is no directory/],
    [['up'], { METRICS_PORT: 'x' }, /METRICS_PORT must be a whole number .*; got "x"/],
    [['up'], { JOIN_TIMEOUT: '15' }, /JOIN_TIMEOUT must be a duration .*; got "15"/],
    [['up'], { KAFKA_BROKERS: 'nohost' }, /KAFKA_BROKERS must be host:port/],
    [['up'], { LOG_LEVEL: 'loud' }, /LOG_LEVEL must be one of/],
    [['up'], { POSTGRES_DSN: 'mysql://root:hunter2@db/x' }, /POSTGRES_DSN must be postgres:\/\//],
    [['up', '--what'], {}, /^streamlens: unknown option '--what'/],
    [
      ['up', '--port', '80'],
      {},
      /^streamlens: unknown option '--port'\n\(Did you mean --ingestion-port or --metrics-port/,
    ],
    [['backfill', '/nope.ndjson'], {}, /^streamlens: <file> must be a file .*got \/nope.ndjson: it is not there/],
    [['upp'], {}, /unknown command 'upp'/],
    [['bakfill', '--help'], {}, /^streamlens: unknown command 'bakfill'\n\(Did you mean backfill\?\)/],
    [['help', 'keys', 'lst'], {}, /^streamlens: unknown command 'lst'\n\(Did you mean list\?\)/],
    [['generate-traffic', '--requests', '0'], {}, /--requests must be a whole number/],
    [['replay-trace'], {}, /missing required argument 'file'/],
  ];
  for (const [args, env, says] of cases) {
    const output = await fails(args, 2, says, env);
    assert.doesNotMatch(output, /hunter2/);
  }
});

test('a data directory and its files are for this user alone, also those that an older release made', async (t) => {
  const dataDir = join(dataDirFor(t), 'below', 'data');
  const server = await startServer(dataDir);
  assert.equal(await send(server, 'private', 1), 202);
  assert.equal((await stop(server)).code, 0, server.output());
  assert.equal(statSync(dataDir).mode & 0o777, 0o700);
  chmodSync(join(dataDir, 'events.sqlite'), 0o644);
  const again = await startServer(dataDir);
  t.after(() => again.process.kill('SIGKILL'));
  const modes = readdirSync(dataDir).map((name) => [name, statSync(join(dataDir, name)).mode & 0o777]);
  assert.ok(modes.length >= 4);
  assert.deepEqual(
    modes.filter(([, mode]) => mode !== 0o600),
    [],
  );
});

test('a data directory that is deleted under a running process is not ready', async (t) => {
  const dataDir = dataDirFor(t);
  const server = await startServer(dataDir);
  t.after(() => server.process.kill('SIGKILL'));
  assert.equal(await send(server, 'kept', 1), 202);
  rmSync(dataDir, { recursive: true });
  for (const url of [server.ingestion, server.metrics]) {
    const ready = await fetch(`${url}/ready`);
    assert.equal(ready.status, 503);
    assert.match(await ready.text(), /data directory: .* was deleted or replaced/);
  }
});

test('a data directory below /proc is refused at once', async () => {
  await fails(['up', '--data-dir', '/proc/nope', ...PORTS], 2, /STREAMLENS_DATA_DIR must be a directory/);
});

test('a price file that is missing or wrong at the start is named with exit code 2', async (t) => {
  const dataDir = dataDirFor(t);
  const file = join(dataDir, 'prices.yaml');
  const args = ['--data-dir', join(dataDir, 'data'), ...PORTS, '--prices-file', file];
  await fails(['up', ...args], 2, /PRICES_FILE must be a price file/);
  writeFileSync(file, 'prices: [');
  await fails(['up', ...args], 2, /PRICES_FILE must be a price file/);
  const separate = ['metrics-processor', '--prices-file', file, '--http-port', '0'];
  await fails(separate, 2, /PRICES_FILE must be a price file/);
});

test('health speaks TLS where the process that it asks about does, whatever names the certificate has', async (t) => {
  const folder = dataDirFor(t);
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=elsewhere.example'];
  execFileSync('openssl', [...request, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  const tls = { key: readFileSync(key), cert: readFileSync(certificate) };
  const server = createTlsServer(tls, (_request, response) => response.end('healthy')).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const port = String((server.address() as AddressInfo).port);
  const code = async (env: Record<string, string>): Promise<number | null> =>
    (await runCommand(['health'], { METRICS_PORT: port, ...env }).exited).code;
  assert.equal(await code({ TLS_CERT: certificate }), 0);
  assert.equal(await code({}), 1);
});

test('health asks a running process, and fails where nobody answers', async (t) => {
  const server = await serverFor(t);
  const asked = (...args: readonly string[]) => endOf(['health', ...args]);
  const healthy = await asked(server.metrics);
  assert.equal(healthy.code, 0, healthy.text);
  const ready = await asked('--ready', server.ingestion);
  assert.equal(ready.code, 0, ready.text);
  assert.match(ready.text, /event log: ok/);
  assert.equal((await asked('http://127.0.0.1:9')).code, 1);
  assert.equal((await asked('nowhere')).code, 2);
});
