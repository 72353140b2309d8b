import { storableText } from '../storable-text.ts';
import { connectWithSchema } from './migrate-postgres.ts';
import type { PostgresOptions } from './postgres-connection.ts';

/** In the order of names, so that two processes never wait for each other. Values: names, ms. */
const ADD = `
  INSERT INTO sender_debts AS d (name, paid_until_ms)
  SELECT name, now_ms + least(ms, ${5 * 60_000 + 1000}) FROM
    unnest($1::text[], $2::float8[]) AS told (name, ms),
    (SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now_ms) AS clock
  ORDER BY name
  ON CONFLICT (name) DO UPDATE SET paid_until_ms = least(
    greatest(d.paid_until_ms, extract(epoch FROM clock_timestamp()) * 1000)
      + (excluded.paid_until_ms - extract(epoch FROM clock_timestamp()) * 1000),
    extract(epoch FROM clock_timestamp()) * 1000 + ${5 * 60_000 + 1000})
  RETURNING name, paid_until_ms - extract(epoch FROM clock_timestamp()) * 1000`;

const FORGET = 'DELETE FROM sender_debts WHERE paid_until_ms < extract(epoch FROM clock_timestamp()) * 1000 - 60000';
/** Rows of senders that owe nothing any more are deleted every so many tellings. */
const FORGET_EVERY = 200;

export interface NamedDebt {
  readonly name: string;
  readonly ms: number;
}

/**
 * What senders owe to all processes on one store, by the clock of the database: an instant per sender and limit until
 * which all that it sent is paid for.
 */
export interface PostgresDebts {
  /** @returns what each of those owes now. @throws {StorageError} */
  add(debts: readonly NamedDebt[]): Promise<readonly NamedDebt[]>;
  close(): Promise<void>;
}

/** @throws {StorageError} when the server cannot be reached or its schema is not this program's. */
export async function openPostgresDebts(options: PostgresOptions): Promise<PostgresDebts> {
  const connection = await connectWithSchema(options, { migrate: false });
  let told = 0;
  return {
    async add(debts) {
      const names = debts.map(({ name }) => storableText(name));
      const rows = await connection.query(ADD, [names, debts.map(({ ms }) => ms)]);
      if (++told % FORGET_EVERY === 0) await connection.query(FORGET, []);
      return rows.map(([name, ms]) => ({ name: String(name), ms: Math.max(0, Number(ms)) }));
    },
    close: () => connection.close(),
  };
}
