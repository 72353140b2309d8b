import type { PostgresConnection } from './postgres-connection.ts';
import { SELECT_SERIES_NAMES } from './window-statements.ts';

export interface SeriesNames {
  readonly route: string;
  readonly model: string;
  readonly provider: string;
}

/** Names kept in memory; beyond it they are forgotten and asked for again. */
const CACHED_MAX = 100_000;

/**
 * What the series of rows are called. A series never changes its names, so they are asked for once: sent with each page
 * of rows, they took a fifth of its time.
 */
export class PostgresSeriesNames {
  readonly #connection: PostgresConnection;
  #names = new Map<number, SeriesNames>();
  /** A new connection may lead to another server, or to a database that was made anew. */
  #openedCount = 0;

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
  }

  async of(seriesIds: Iterable<number>): Promise<ReadonlyMap<number, SeriesNames>> {
    const { openedCount } = this.#connection;
    if (openedCount !== this.#openedCount || this.#names.size > CACHED_MAX) {
      this.#openedCount = openedCount;
      this.#names = new Map();
    }
    // Whoever waits meanwhile keeps the names it has, also where they are forgotten.
    const names = this.#names;
    const unknown = new Set<number>();
    for (const id of seriesIds) if (!names.has(id)) unknown.add(id);
    if (unknown.size > 0) {
      for (const [id, route, model, provider] of await this.#connection.query(SELECT_SERIES_NAMES, [[...unknown]])) {
        names.set(id as number, { route, model, provider } as SeriesNames);
      }
    }
    return names;
  }
}
