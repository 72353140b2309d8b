import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import { giveTo } from '../../scripts/services/unprivileged.ts';
import { connectPostgres, type PostgresConnection } from '../../src/metrics-store/postgres/postgres-connection.ts';
import { StatementNames } from '../../src/metrics-store/postgres/statement-names.ts';
import type { StorageErrorCode } from '../../src/storage/storage-error.ts';
import { StorageError } from '../../src/storage/storage-error.ts';
import { until } from './pipeline/until.ts';
import { openTestDatabases, queryOnce, type TestDatabases } from './test-databases.ts';

const skip = skipWithout(await availableServices(), ['postgres']);
const NOBODY_LEAVES = new AbortController().signal;
const SLEEP = 'SELECT pg_sleep(20)::text';
const SLEEPING = `SELECT pid FROM pg_stat_activity WHERE application_name = 'streamlens' AND wait_event = 'PgSleep'`;
let directory: string;
let plain: TestDatabases;
let tls: TestDatabases;

/** A certificate for `localhost` that signs itself. */
function createCertificate(): void {
  const [key, certificate] = [join(directory, 'server.key'), join(directory, 'server.crt')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const options = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', certificate];
  execFileSync('openssl', ['req', ...options, ...subject], { stdio: 'ignore' });
  giveTo(key);
  giveTo(certificate);
}

function changed(dsn: string, change: (url: URL) => void): string {
  const url = new URL(dsn);
  change(url);
  return url.href;
}

const withMode = (dsn: string, mode: string, host = 'localhost'): string =>
  changed(dsn, (url) => {
    url.hostname = host;
    url.searchParams.set('sslmode', mode);
    if (mode === 'verify-full' || mode === 'verify-ca')
      url.searchParams.set('sslrootcert', join(directory, 'server.crt'));
  });

async function isEncrypted(dsn: string): Promise<boolean> {
  const connection = await connectPostgres({ dsn });
  const [row] = await connection.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()', []);
  await connection.close();
  return row?.[0] === true;
}

async function failureOf(dsn: string, statementTimeoutMs = 1_000): Promise<StorageError> {
  try {
    const connection = await connectPostgres({ dsn, statementTimeoutMs });
    await connection.close();
  } catch (error) {
    assert.ok(error instanceof StorageError, String(error));
    return error;
  }
  return assert.fail('the connection was accepted');
}

async function assertFails(dsn: string, code: StorageErrorCode, message: RegExp): Promise<void> {
  const error = await failureOf(dsn);
  assert.deepEqual([error.code, message.test(error.message)], [code, true], error.message);
  assert.ok(!error.message.includes('secret'), 'a password is never in an error');
}

describe('A connection to Postgres', { skip }, () => {
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'streamlens-tls-'));
    giveTo(directory);
    createCertificate();
    plain = await openTestDatabases({ own: true });
    const [certificate, key] = [join(directory, 'server.crt'), join(directory, 'server.key')];
    tls = await openTestDatabases({
      own: true,
      settings: { ssl: 'on', ssl_cert_file: certificate, ssl_key_file: key },
    });
  });
  after(async () => {
    await Promise.all([plain?.close(), tls?.close()]);
    if (directory) rmSync(directory, { recursive: true, force: true });
  });

  for (const [mode, expected] of [
    ['disable', false],
    ['allow', true],
    ['prefer', true],
    ['require', true],
    ['verify-ca', true],
    ['verify-full', true],
  ] as const) {
    test(`with sslmode=${mode} is ${expected ? '' : 'not '}encrypted where the server has a certificate`, async () => {
      assert.equal(await isEncrypted(withMode(tls.server.dsn, mode)), expected);
    });
  }

  test('with sslmode=prefer goes on without TLS where the server has none; with require it does not', async () => {
    assert.equal(await isEncrypted(withMode(plain.server.dsn, 'prefer')), false);
    await assertFails(withMode(plain.server.dsn, 'require'), 'setting-refused', /TLS failed/);
  });

  test('with sslmode=verify-full refuses a certificate for another host, and one that nobody vouches for', async () => {
    await assertFails(withMode(tls.server.dsn, 'verify-full', '127.0.0.1'), 'setting-refused', /TLS failed/);
    const noRoot = changed(withMode(tls.server.dsn, 'verify-full'), (url) => url.searchParams.delete('sslrootcert'));
    await assertFails(noRoot, 'setting-refused', /TLS failed/);
  });

  test('tells a wrong password, user, database or port apart, without the password', async () => {
    const { dsn } = plain.server;
    await assertFails(
      changed(dsn, (url) => (url.password = 'secret')),
      'setting-refused',
      /refuses the user or the password/,
    );
    await assertFails(
      changed(dsn, (url) => ([url.username, url.password] = ['nobody', 'secret'])),
      'setting-refused',
      /refuses the user/,
    );
    await assertFails(
      changed(dsn, (url) => (url.pathname = '/none')),
      'setting-refused',
      /database does not exist/,
    );
    await assertFails(
      changed(dsn, (url) => ([url.port, url.password] = ['1', 'secret'])),
      'unavailable',
      /cannot be reached/,
    );
    await assertFails('postgres://u:secret@no-such-host.invalid/db', 'unavailable', /cannot be reached/);
    await assertFails('postgres://u:secret@[bad/db', 'setting-refused', /is no URL/);
  });

  test('logs in with the password of now where it was rotated, and with the first one where the new one is no DSN', async () => {
    const { dsn } = plain.server;
    await queryOnce(dsn, `CREATE ROLE rotated LOGIN PASSWORD 'one'`);
    const withPassword = (password: string): string =>
      changed(dsn, (url) => ([url.username, url.password] = ['rotated', password]));
    let now = withPassword('one');
    const connection = await connectPostgres({ dsn: now, poolMax: 1, readDsn: () => now });
    const ask = (): Promise<unknown> => connection.query('SELECT 1', []);
    const end = (): Promise<unknown> =>
      queryOnce(dsn, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'rotated'`);
    await queryOnce(dsn, `ALTER ROLE rotated PASSWORD 'two'`);
    now = withPassword('two');
    await end();
    await until('it is connected anew', () => ask().then(Boolean, () => false), 10_000);
    assert.equal(connection.openedCount, 2);
    await queryOnce(dsn, `ALTER ROLE rotated PASSWORD 'one'`);
    now = 'half written';
    await end();
    await until('it is connected again', () => ask().then(Boolean, () => false), 10_000);
    await connection.close();
  });

  test('sends a statement again that a pool between it and the server has lost', async () => {
    const connection = await connectPostgres({ dsn: plain.server.dsn, poolMax: 1 });
    const ask = (): Promise<unknown> => connection.query('SELECT $1::int + 1', [1]);
    assert.deepEqual(await ask(), [[2]]);
    await connection.execute('DEALLOCATE ALL');
    assert.deepEqual(await Promise.all([ask(), ask(), ask()]), [[[2]], [[2]], [[2]]]);
    await connection.execute('DEALLOCATE ALL');
    assert.deepEqual(await ask(), [[2]]);
    await connection.close();
  });

  test('sends a statement again that the pool has from another program, also in the middle of a transaction', async () => {
    const connection = await connectPostgres({ dsn: plain.server.dsn, poolMax: 1 });
    const text = 'SELECT $1::int + 1';
    const { name } = new StatementNames().nameOf(text);
    await connection.execute(`PREPARE ${name}(int) AS ${text}`);
    let attempts = 0;
    const answer = await connection.transaction(async (query) => {
      attempts++;
      return query(text, [1]);
    });
    assert.deepEqual([answer, attempts], [[[2]], 2]);
    await connection.close();
  });

  test('goes on where a newer program has changed the columns of a table', async () => {
    const connection = await connectPostgres({ dsn: plain.server.dsn, poolMax: 1 });
    await connection.execute('CREATE TABLE grown AS SELECT 1 AS a');
    assert.deepEqual(await connection.query('SELECT * FROM grown', []), [[1]]);
    await connection.execute('ALTER TABLE grown ADD COLUMN b int');
    assert.deepEqual(await connection.query('SELECT * FROM grown', []), [[1, null]]);
    await connection.close();
  });

  test('gives up a statement that takes too long, and stays usable', async () => {
    const connection = await connectPostgres({ dsn: plain.server.dsn, statementTimeoutMs: 100 });
    await assert.rejects(
      connection.query('SELECT pg_sleep(5)', []),
      (error) => error instanceof StorageError && error.code === 'unavailable' && error.retryable,
    );
    assert.deepEqual(await connection.query('SELECT 1', []), [[1]]);
    await connection.close();
  });

  test('stops a statement in the server once nobody waits for it, with TLS and without, and stays usable', async () => {
    for (const dsn of [plain.server.dsn, withMode(tls.server.dsn, 'require')]) {
      const connection = await connectPostgres({ dsn, poolMax: 1 });
      const observer = await connectPostgres({ dsn, poolMax: 1 });
      const sleeping = async () =>
        (
          await observer.query(
            `SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(25)' AND state = 'active'`,
            [],
          )
        ).length;
      const leaving = new AbortController();
      const answer = connection.whileWanted(leaving.signal, () => connection.query('SELECT pg_sleep(25)', []));
      // Whoever is behind it in the pool is not stopped with it.
      const next = connection.query('SELECT 1', []);
      await until('it runs', async () => (await sleeping()) === 1, 10_000);
      leaving.abort();
      await assert.rejects(answer, (error) => error instanceof StorageError && /cancel/.test(error.message));
      // The server tells of the end first, and only then calls the session idle.
      await until('it ended', async () => (await sleeping()) === 0, 10_000);
      assert.deepEqual(await next, [[1]]);
      await assert.rejects(
        connection.whileWanted(leaving.signal, () => connection.query('SELECT 1', [])),
        { name: 'AbortError' },
      );
      await Promise.all([connection.close(), observer.close()]);
    }
  });

  for (const [told, ask] of [
    ['a question that somebody waits for', (connection, run) => connection.whileWanted(NOBODY_LEAVES, () => run())],
    ['a transaction', (connection) => connection.transaction((query) => query(SLEEP, []))],
  ] satisfies readonly [string, (connection: PostgresConnection, run: () => Promise<unknown>) => Promise<unknown>][]) {
    test(`a server that dies under ${told} fails it, and ends no process`, async (t) => {
      const dying = await openTestDatabases({ own: true });
      t.after(() => dying.close());
      const connection = await connectPostgres({ dsn: dying.server.dsn, poolMax: 1 });
      t.after(() => connection.close());
      const failed = assert.rejects(
        ask(connection, () => connection.query(SLEEP, [])),
        StorageError,
      );
      await until(
        'it runs',
        async () => {
          const [sleeping] = await queryOnce(dying.server.dsn, SLEEPING);
          if (sleeping === undefined) return false;
          process.kill(Number(sleeping['pid']), 'SIGKILL');
          return true;
        },
        10_000,
      );
      await failed;
    });
  }

  test('never opens more connections than the pool may have', async () => {
    const connection = await connectPostgres({ dsn: plain.server.dsn, poolMax: 2 });
    const pids = await Promise.all(
      Array.from({ length: 12 }, () => connection.query('SELECT pg_backend_pid(), pg_sleep(0.01)', [])),
    );
    assert.ok(new Set(pids.map(([row]) => row?.[0])).size <= 2);
    await connection.close();
  });
});
