import type { MetricSource } from '../../exposition/metric-family.ts';

/** What `pg.Pool` tells of itself. */
interface Pool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

/** The use of a pool of connections. */
export function poolMetrics(pool: Pool, connectionsMax: number): MetricSource {
  return {
    families: () => [
      {
        name: 'streamlens_postgres_connections',
        help: 'Connections to Postgres by what they do; together they are at most streamlens_postgres_connections_max',
        type: 'gauge',
        series: [
          { labels: { state: 'active' }, value: pool.totalCount - pool.idleCount },
          { labels: { state: 'idle' }, value: pool.idleCount },
        ],
      },
      {
        name: 'streamlens_postgres_connections_max',
        help: 'The most connections to Postgres that are opened',
        type: 'gauge',
        series: [{ labels: {}, value: connectionsMax }],
      },
      {
        name: 'streamlens_postgres_waiting',
        help: 'Statements that wait for a connection to Postgres',
        type: 'gauge',
        series: [{ labels: {}, value: pool.waitingCount }],
      },
    ],
  };
}
