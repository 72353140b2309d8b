import { StorageError } from '../../storage/storage-error.ts';
import { DAY_MS } from '../../tally/window.ts';
import type { PostgresConnection } from './postgres-connection.ts';
import { stateOf } from './postgres-errors.ts';
import { instant } from './postgres-values.ts';

/** Partitions are opened so far ahead. */
export const DAYS_AHEAD = 7;

/**
 * … and, once something is counted there, so far back. Older windows lie in the default partitions: a sender with a
 * broken clock must not open a table per day since 1970.
 */
export const DAYS_BACK_MAX = 90;

/** Parents by the size of their partitions. */
const DAILY = ['metrics_1m', 'usage_1m', 'evaluations_1m', 'calls'] as const;
const MONTHLY = ['metrics_1h'] as const;
const YEARLY = ['metrics_1d'] as const;
export const PARTITIONED = [...DAILY, ...MONTHLY, ...YEARLY] as const;

/** Opens the time partitions that are needed, each once. */
export class PostgresPartitions {
  readonly #connection: PostgresConnection;
  readonly #nowMs: () => number;
  /** Start of each day whose partitions are known to be open. */
  readonly #openDays = new Set<number>();

  constructor(connection: PostgresConnection, nowMs: () => number) {
    this.#connection = connection;
    this.#nowMs = nowMs;
  }

  /** From yesterday to a week ahead. */
  async openAhead(): Promise<void> {
    const today = startOfDay(this.#nowMs());
    const days = Array.from({ length: DAYS_AHEAD + 2 }, (_, index) => today + (index - 1) * DAY_MS);
    await this.open(days);
  }

  /** Those for the given instants, as far as they lie in the range that gets partitions. */
  async open(instantsMs: Iterable<number>): Promise<void> {
    const today = startOfDay(this.#nowMs());
    const days = new Set<number>();
    for (const atMs of instantsMs) {
      const day = startOfDay(atMs);
      const isInRange = day >= today - DAYS_BACK_MAX * DAY_MS && day <= today + DAYS_AHEAD * DAY_MS;
      if (isInRange && !this.#openDays.has(day)) days.add(day);
    }
    for (const day of days) {
      await this.#openDay(day);
      this.#openDays.add(day);
    }
  }

  /** Drops the partitions of `parent` that end at or before the instant, one by one, so that each lock is short. */
  async dropBefore(parent: (typeof PARTITIONED)[number], beforeMs: number): Promise<void> {
    const rows = await this.#connection.query('SELECT streamlens_partitions_before($1, $2)', [
      parent,
      instant(beforeMs),
    ]);
    for (const [child] of rows) await this.#connection.execute(`DROP TABLE IF EXISTS ${quoted(String(child))}`);
    for (const day of this.#openDays) if (day < beforeMs) this.#openDays.delete(day);
  }

  async #openDay(day: number): Promise<void> {
    const date = new Date(day);
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
    const monthly = [Date.UTC(year, month), Date.UTC(year, month + 1)] as const;
    const yearly = [Date.UTC(year, 0), Date.UTC(year + 1, 0)] as const;
    for (const parent of DAILY) await this.#openOne(parent, day, day + DAY_MS);
    for (const parent of MONTHLY) await this.#openOne(parent, ...monthly);
    for (const parent of YEARLY) await this.#openOne(parent, ...yearly);
  }

  async #openOne(parent: string, firstMs: number, untilMs: number): Promise<void> {
    try {
      const values = [parent, instant(firstMs), instant(untilMs)];
      await this.#connection.query('SELECT streamlens_open_partition($1, $2, $3)', values);
    } catch (error) {
      // A role that may write rows but not create tables: its rows lie in the default partition, and are found there.
      const isForbidden = error instanceof StorageError && stateOf(error.cause) === '42501';
      if (!isForbidden) throw error;
    }
  }
}

export function startOfDay(atMs: number): number {
  return Math.floor(atMs / DAY_MS) * DAY_MS;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
