import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StorageError } from '../../storage/storage-error.ts';
import { parseDsn, withoutTls } from './postgres-dsn.ts';

function refusalOf(dsn: string): string {
  try {
    parseDsn(dsn);
  } catch (error) {
    assert.ok(error instanceof StorageError && error.code === 'setting-refused');
    return error.message;
  }
  return assert.fail('the DSN was accepted');
}

describe('A Postgres DSN', () => {
  test('is shown in messages as host, port and database, never with its password', () => {
    const { place } = parseDsn('postgres://me:secret@db.example:6432/metrics?sslmode=require');
    assert.equal(place, 'db.example:6432/metrics');
    assert.equal(parseDsn('postgresql://me:secret@db.example/metrics').place, 'db.example:5432/metrics');
  });

  test('that cannot be used is refused without repeating it', () => {
    const refused = ['host=db password=secret', 'mysql://me:secret@db/x', 'postgres://me:secret@db:port/x', ''];
    for (const dsn of refused) assert.match(refusalOf(dsn), /^POSTGRES_DSN is no URL; write postgres:/);
    assert.match(
      refusalOf('postgres://me:secret@db/x?sslmode=yes'),
      /sslmode=yes; accepted are disable, allow, prefer, require/,
    );
    assert.match(refusalOf('postgres://me:secret@db/x?sslmode=verify-ca'), /no sslrootcert/);
    for (const dsn of refused) assert.ok(!refusalOf(dsn).includes('secret'));
  });

  test('with sslmode=prefer asks for TLS first and knows the way without', () => {
    const dsn = parseDsn('postgres://db/x?sslmode=prefer');
    assert.ok(dsn.isTlsOptional);
    assert.match(dsn.connectionString, /sslmode=require/);
    assert.match(withoutTls(dsn).connectionString, /sslmode=disable/);
    assert.ok(!parseDsn('postgres://db/x?sslmode=require').isTlsOptional);
  });

  test('keeps the session options that it names, after our own', () => {
    const { serverOptions } = parseDsn('postgres://db/x?options=-c%20search_path%3Down');
    assert.equal(serverOptions, '-c jit=off -c search_path=own');
  });
});
