import { SqliteConnection } from '../../sqlite/sqlite-connection.ts';
import { type DeadLetterPlace, type DeadLetterReplays, placeKey } from '../dead-letter-replays.ts';
import { openStoreWithSchema } from './migrate-sqlite.ts';

const KEPT_MS_MIN = 366 * 86_400_000;
const PLACE = 'topic = ? AND partition = ? AND log_offset = ?';
const CLAIM = 'INSERT INTO dead_letter_replays VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1';

/** Claims are kept for a year at least, then as long as their letters are. */
const FORGET = `
  DELETE FROM dead_letter_replays WHERE replayed_at_ms < ? AND NOT EXISTS (
    SELECT 1 FROM dead_letters d WHERE d.topic = dead_letter_replays.topic
      AND d.partition = dead_letter_replays.partition AND d.log_offset = dead_letter_replays.log_offset)`;

/** @throws {StorageError} when the file cannot be opened or its schema is not this program's. */
export function openSqliteDeadLetterReplays({ path }: { readonly path: string }): DeadLetterReplays {
  const connection = openStoreWithSchema({ path }, { migrate: false });
  return new SqliteDeadLetterReplays(connection);
}

class SqliteDeadLetterReplays implements DeadLetterReplays {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async claim(letters: readonly DeadLetterPlace[], atMs: number): Promise<readonly DeadLetterPlace[]> {
    return this.#connection.write(() => {
      this.#connection.run(FORGET, atMs - KEPT_MS_MIN);
      return letters.filter(
        ({ topic, partition, offset }) => this.#connection.row(CLAIM, topic, partition, offset, atMs) !== undefined,
      );
    });
  }

  async release(letters: readonly DeadLetterPlace[]): Promise<void> {
    this.#connection.write(() => {
      for (const { topic, partition, offset } of letters) {
        this.#connection.run(`DELETE FROM dead_letter_replays WHERE ${PLACE}`, topic, partition, offset);
      }
    });
  }

  async read(letters: readonly DeadLetterPlace[]): Promise<ReadonlyMap<string, number>> {
    return this.#connection.read(() => {
      const claimed = new Map<string, number>();
      for (const letter of letters) {
        const { topic, partition, offset } = letter;
        const sql = `SELECT replayed_at_ms FROM dead_letter_replays WHERE ${PLACE}`;
        const row = this.#connection.row(sql, topic, partition, offset);
        if (row !== undefined) claimed.set(placeKey(letter), Number(row[0]));
      }
      return claimed;
    });
  }

  async close(): Promise<void> {
    this.#connection.close();
  }
}
