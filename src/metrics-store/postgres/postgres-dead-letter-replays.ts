import type { InputTopic } from '../../events/topics.ts';
import { type DeadLetterPlace, type DeadLetterReplays, placeKey } from '../dead-letter-replays.ts';
import { connectWithSchema } from './migrate-postgres.ts';
import type { PostgresConnection, PostgresOptions } from './postgres-connection.ts';
import type { SqlRow } from './postgres-values.ts';

const KEPT_MS_MIN = 366 * 86_400_000;

/** Values of all: topics, partitions, offsets, as arrays. */
const PLACES = 'unnest($1::text[], $2::int[], $3::bigint[]) AS x (topic, partition, log_offset)';
const SAME_PLACE = 'r.topic = x.topic AND r.partition = x.partition AND r.log_offset = x.log_offset';

const CLAIM = `
  INSERT INTO dead_letter_replays (topic, partition, log_offset, replayed_at_ms)
  SELECT topic, partition, log_offset, $4::bigint FROM ${PLACES} ORDER BY topic COLLATE "C", partition, log_offset
  ON CONFLICT DO NOTHING RETURNING topic, partition, log_offset`;
const RELEASE = `DELETE FROM dead_letter_replays r USING ${PLACES} WHERE ${SAME_PLACE}`;
const READ = `
  SELECT r.topic, r.partition, r.log_offset, r.replayed_at_ms FROM dead_letter_replays r JOIN ${PLACES} ON ${SAME_PLACE}`;

/** Claims are kept for a year at least, then as long as their letters are. */
const FORGET = `
  DELETE FROM dead_letter_replays r WHERE r.replayed_at_ms < $1 AND NOT EXISTS (
    SELECT 1 FROM dead_letters d
    WHERE d.topic = r.topic AND d.partition = r.partition AND d.log_offset = r.log_offset)`;

/** @throws {StorageError} when the server cannot be reached or its schema is not this program's. */
export async function openPostgresDeadLetterReplays(options: PostgresOptions): Promise<DeadLetterReplays> {
  const connection = await connectWithSchema(options, { migrate: false });
  return new PostgresDeadLetterReplays(connection);
}

class PostgresDeadLetterReplays implements DeadLetterReplays {
  readonly #connection: PostgresConnection;

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
  }

  async claim(letters: readonly DeadLetterPlace[], atMs: number): Promise<readonly DeadLetterPlace[]> {
    await this.#connection.query(FORGET, [atMs - KEPT_MS_MIN]);
    const rows = await this.#connection.query(CLAIM, [...columns(letters), atMs]);
    return rows.map(placeOf);
  }

  async release(letters: readonly DeadLetterPlace[]): Promise<void> {
    await this.#connection.query(RELEASE, columns(letters));
  }

  async read(letters: readonly DeadLetterPlace[]): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#connection.query(READ, columns(letters));
    return new Map(rows.map((row) => [placeKey(placeOf(row)), row[3] as number]));
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}

function columns(letters: readonly DeadLetterPlace[]): (string[] | number[])[] {
  return [
    letters.map(({ topic }) => topic),
    letters.map(({ partition }) => partition),
    letters.map(({ offset }) => offset),
  ];
}

function placeOf([topic, partition, offset]: SqlRow): DeadLetterPlace {
  return { topic: topic as InputTopic, partition: partition as number, offset: offset as number };
}
