import { StorageError, type StorageErrorCode } from '../../storage/storage-error.ts';

interface Verdict {
  readonly code: StorageErrorCode;
  readonly advice: string;
}

/**
 * SQLSTATEs (https://www.postgresql.org/docs/current/errcodes-appendix.html), the whole code before its class of two
 * letters.
 */
const BY_STATE: Readonly<Record<string, Verdict>> = {
  '08': { code: 'unavailable', advice: 'the connection was lost' },
  '25006': { code: 'unavailable', advice: 'it accepts no writes; is it a standby?' },
  '28': { code: 'setting-refused', advice: 'it refuses the user or the password; check POSTGRES_DSN and pg_hba.conf' },
  '3D000': { code: 'setting-refused', advice: 'the database does not exist; create it, or correct POSTGRES_DSN' },
  '3F000': { code: 'setting-refused', advice: 'the schema does not exist; check the search_path in POSTGRES_DSN' },
  '40': { code: 'unavailable', advice: 'it gave up a transaction that stood in the way of another' },
  '42501': {
    code: 'misconfigured',
    advice: 'the user lacks a right; grant it, or run "streamlens migrate" as the owner',
  },
  '42P01': { code: 'misconfigured', advice: 'the schema is missing; run "streamlens migrate"' },
  '42883': { code: 'misconfigured', advice: 'the schema is missing or older; run "streamlens migrate"' },
  '53100': { code: 'full', advice: 'its disk is full; free some space, or shorten the retention' },
  '53': { code: 'unavailable', advice: 'it has no connection or memory left; raise max_connections or lower the pool' },
  '55P03': { code: 'unavailable', advice: 'a lock was not free in time' },
  '57': { code: 'unavailable', advice: 'it stops, starts, or cancelled a statement that took too long' },
  '58': { code: 'unavailable', advice: 'its operating system failed; look at its log and disk' },
  XX001: { code: 'corrupt', advice: 'its data is damaged; restore it from a backup' },
  XX002: { code: 'corrupt', advice: 'an index is damaged; run REINDEX' },
};

/** What TLS says where the two sides do not agree; nothing that trying again could change. */
const TLS_FAILURE = /certificate|does not support SSL|altnames|self.signed|wrong version number|\bssl3?_/i;

/** From node:net, node:dns and pg itself, which gives no code. */
const LOST_CODES = /^(E(CONN|PIPE|TIMEDOUT|HOST|NET|AI_AGAIN)|ENOTFOUND|EPERM|ENOENT)/;
const LOST_MESSAGE =
  /terminated|timeout|timed out|Query read timeout|not queryable|Client was closed|socket|end on the pool/i;

/**
 * True where the same transaction may succeed at once: it was given up for another one (serialization, deadlock, lock
 * timeout), or its row was on the way into the default partition while the right one was opened. That shows as a
 * violated check; the schema has no other checks.
 */
export function isRetriable(error: unknown): boolean {
  return ['40001', '40P01', '55P03', '23514'].includes(stateOf(error));
}

/**
 * True where a prepared statement cannot be used, and did not run. The server does not know it though it was told, or
 * knows it from somebody else: between us stands a pool that hands out another connection for each transaction. Or a
 * newer program has changed the columns of a table.
 */
export function isStatementLost(error: unknown): boolean {
  const state = stateOf(error);
  if (state === '0A000') return error instanceof Error && error.message.startsWith('cached plan must not change');
  return state === '26000' || state === '42P05';
}

/**
 * A failure of the world as a `StorageError`; anything else (a bug) as it came. `place` names host and database;
 * neither it nor any message here holds a password.
 */
export function asStoreError(place: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StorageError) return error;
  const verdict = verdictOf(error);
  if (verdict === null) return error;
  const message = `Postgres at ${place}: ${verdict.advice} (${error.message || stateOf(error)}).`;
  return new StorageError(verdict.code, message, { cause: error });
}

export function stateOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function verdictOf(error: Error): Verdict | null {
  const state = stateOf(error);
  if (/^[0-9A-Z]{5}$/.test(state)) {
    const known = BY_STATE[state] ?? BY_STATE[state.slice(0, 2)];
    if (known !== undefined) return known;
  }
  if (TLS_FAILURE.test(error.message)) {
    return { code: 'setting-refused', advice: 'TLS failed; check sslmode and sslrootcert in POSTGRES_DSN' };
  }
  if (LOST_CODES.test(state) || LOST_MESSAGE.test(error.message)) {
    return { code: 'unavailable', advice: 'it cannot be reached' };
  }
  // Several addresses of one host failed: each alone says why.
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return verdictOf(error.errors[0]);
  return null;
}
