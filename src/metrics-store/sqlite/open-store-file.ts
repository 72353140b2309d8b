import { SqliteConnection } from '../../sqlite/sqlite-connection.ts';
import { WindowCodec } from '../../tally/window-codec.ts';
import { lostIntervals, maxIntervals, sumIntervals } from '../sender-use.ts';
import { addLabels } from './labels.ts';

/**
 * Page cache of a connection, taken as needed. A commit of 20,000 calls touches most pages of the index by request id;
 * with SQLite's default of 2 MiB it wrote them twice. With 8 it takes what it takes with 32, which the writer had until
 * single calls had filled it; a reader may walk a month again and again.
 */
const WRITER_CACHE_KIB_MAX = 8 * 1024;
const READER_CACHE_KIB_MAX = 32 * 1024;

export interface StoreFileOptions {
  readonly path: string;
  readonly readOnly?: boolean | undefined;
  /** Asked every few rows: true ends the reading with an error. */
  readonly isInterrupted?: (() => boolean) | undefined;
}

/**
 * Opens the store's file. A power cut may undo its last commits: position and results are undone together, and the log
 * is read again from there.
 *
 * @throws {StorageError} when the file cannot be opened
 */
export function openStoreFile({ path, readOnly = false, isInterrupted }: StoreFileOptions): SqliteConnection {
  const connection = new SqliteConnection({
    file: { path, name: 'The metrics store', withoutBackup: 'move it away and replay the log' },
    survives: 'crash',
    readOnly,
    ...(isInterrupted === undefined ? {} : { isInterrupted }),
  });
  const cacheKib = readOnly ? READER_CACHE_KIB_MAX : WRITER_CACHE_KIB_MAX;
  connection.ask(() => connection.exec(`PRAGMA cache_size = -${cacheKib}; PRAGMA temp_store = MEMORY`));
  const codec = new WindowCodec();
  connection.define('sums_add', (a, b) => codec.add(a as Uint8Array, b as Uint8Array));
  connection.define('labels_add', (a, b) => addLabels(String(a), String(b)));
  connection.define('intervals_max', (a, b) => maxIntervals(String(a), String(b)));
  connection.define('intervals_lost', (a, b) => lostIntervals(String(a), String(b)));
  connection.define('intervals_sum', (text) => sumIntervals(String(text)));
  return connection;
}
