import { DatabaseSync } from 'node:sqlite';
import { broken, type Finding, note, ok } from './finding.ts';

const NODE_MAJOR_MIN = 24;
/** WITHOUT ROWID, STRICT and RETURNING, which the store needs, came with 3.37. */
const SQLITE_MIN = [3, 37] as const;

/** The versions of Node and SQLite, and whether the clock is plausible. */
export function checkRuntime(nowMs: number): readonly Finding[] {
  return [checkNode(process.versions.node), checkSqlite(sqliteVersion()), checkClock(nowMs)];
}

export function checkNode(version: string): Finding {
  const major = Number(version.split('.')[0]);
  return major >= NODE_MAJOR_MIN
    ? ok('node', `Node ${version}`)
    : broken('node', `Node ${version} is too old; install Node ${NODE_MAJOR_MIN} or newer`);
}

export function checkSqlite(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNewEnough = major > SQLITE_MIN[0] || (major === SQLITE_MIN[0] && minor >= SQLITE_MIN[1]);
  return isNewEnough
    ? ok('sqlite', `SQLite ${version}`)
    : broken('sqlite', `SQLite ${version} is too old; use a Node that brings ${SQLITE_MIN.join('.')} or newer`);
}

/** A machine that lost its clock starts in 1970 or at the date of its firmware. */
export function checkClock(nowMs: number): Finding {
  const text = new Date(nowMs).toISOString();
  return nowMs > Date.UTC(2025, 0, 1)
    ? ok('clock', `it is ${text}`)
    : note('clock', `it is ${text}, which is long ago; set the clock (NTP), or events are counted in wrong windows`);
}

function sqliteVersion(): string {
  const database = new DatabaseSync(':memory:');
  try {
    const row = database.prepare('SELECT sqlite_version() AS version').get() as { version: string };
    return row.version;
  } finally {
    database.close();
  }
}
