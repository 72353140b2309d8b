import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';
import type { MetricSource } from '../../exposition/metric-family.ts';
import { cancelStatement } from './cancel-request.ts';
import { poolMetrics } from './pool-metrics.ts';
import { type PostgresDsn, parseDsn, withoutTls } from './postgres-dsn.ts';
import { asStoreError, isRetriable, isStatementLost } from './postgres-errors.ts';
import { RESULT_TYPES, type SqlRow, type SqlValue, toParameter } from './postgres-values.ts';
import { StatementNames } from './statement-names.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database?sslmode=…`, with libpq's meaning of `sslmode`. */
  readonly dsn: string;
  /** What the DSN is now, asked for each new connection: its password may have been rotated. */
  readonly readDsn?: () => string;
  readonly poolMax?: number;
  readonly statementTimeoutMs?: number;
}

const POOL_MAX = 8;
const STATEMENT_MS_MAX = 30_000;
const CONNECT_MS_MAX = 5_000;
/** How long a statement waits for a lock before it gives up and is tried again. */
const LOCK_MS_MAX = 10_000;
/** How much later than the server the client gives up: where the network swallowed the answer. */
const SILENCE_MS_MAX = 5_000;

/** An unused connection is kept so long, as a new one costs a log-in and new plans. */
const IDLE_MS_MAX = 60_000;

/** How often a transaction is tried that had to give way to another one. */
const ATTEMPTS_MAX = 5;

/** Without values, several statements may be in one text. */
export type Query = (sql: string, values?: readonly SqlValue[]) => Promise<readonly SqlRow[]>;

/** Opens a bounded pool and makes sure that the server answers. @throws {StorageError} */
export async function connectPostgres(options: PostgresOptions): Promise<PostgresConnection> {
  const dsn = parseDsn(options.dsn);
  try {
    return await tryConnect(dsn, options);
  } catch (error) {
    const hasNoTls = error instanceof Error && error.message.includes('does not support SSL');
    if (!dsn.isTlsOptional || !hasNoTls) throw error;
    return await tryConnect(withoutTls(dsn), options);
  }
}

async function tryConnect(dsn: PostgresDsn, options: PostgresOptions): Promise<PostgresConnection> {
  const connection = new PostgresConnection(dsn, options);
  try {
    await connection.query('SELECT 1', []);
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

interface Statement {
  readonly sql: string;
  /** Undefined: none, and perhaps several statements in one text. */
  readonly values: readonly SqlValue[] | undefined;
  /** Whether each connection keeps it prepared. */
  readonly isKept: boolean;
}

/** A pool of connections. Rows come as arrays in the order of the columns; see `RESULT_TYPES` for their values. */
export class PostgresConnection {
  /** Host and database, for messages. */
  readonly place: string;
  readonly metrics: MetricSource;
  readonly #pool: pg.Pool;
  readonly #names = new StatementNames();
  /** Aborted when nobody waits any more for what is asked now. */
  readonly #wanted = new AsyncLocalStorage<AbortSignal>();
  #openedCount = 0;
  #closed: Promise<void> | null = null;

  constructor(
    dsn: PostgresDsn,
    { poolMax = POOL_MAX, statementTimeoutMs = STATEMENT_MS_MAX, readDsn }: PostgresOptions,
  ) {
    this.place = dsn.place;
    try {
      this.#pool = new pg.Pool({
        connectionString: dsn.connectionString,
        max: poolMax,
        idleTimeoutMillis: IDLE_MS_MAX,
        connectionTimeoutMillis: CONNECT_MS_MAX,
        statement_timeout: statementTimeoutMs,
        query_timeout: statementTimeoutMs + SILENCE_MS_MAX,
        lock_timeout: LOCK_MS_MAX,
        keepAlive: true,
        application_name: 'streamlens',
        options: dsn.serverOptions,
        types: RESULT_TYPES,
        ...(readDsn === undefined ? {} : { Client: rereadingClient(dsn, readDsn) }),
      });
    } catch (error) {
      throw asStoreError(dsn.place, error);
    }
    this.metrics = poolMetrics(this.#pool, poolMax);
    // An idle connection that breaks is replaced at its next use; without a listener it would end the process.
    this.#pool.on('error', () => {});
    this.#pool.on('connect', (client) => {
      this.#openedCount++;
      // One that breaks while it is lent fails its statement; the pool listens only where it lends by `pool.query`.
      client.on('error', () => {});
    });
  }

  /** Connections opened so far. While it stays, it is the same server that answers. */
  get openedCount(): number {
    return this.#openedCount;
  }

  /** The statements of `work` are stopped in the server when `signal` is aborted; then they fail. */
  whileWanted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.#wanted.run(signal, work);
  }

  /**
   * One statement, which each connection keeps prepared: texts must be a fixed set. Tried again where it had to give
   * way to another transaction.
   */
  async query(sql: string, values: readonly SqlValue[]): Promise<readonly SqlRow[]> {
    return this.#query({ sql, values, isKept: true });
  }

  /**
   * One statement, planned for its values each time it is asked: for where the plan for any values, to which the
   * server may turn once a statement is prepared, reads far more.
   */
  async queryPlannedAnew(sql: string, values: readonly SqlValue[]): Promise<readonly SqlRow[]> {
    return this.#query({ sql, values, isKept: false });
  }

  /** One statement with a text of its own, such as the name of a table. */
  async execute(sql: string): Promise<void> {
    await this.#retrying(() => this.#run(this.#pool, { sql, values: undefined, isKept: false }));
  }

  /** All or nothing; `work` may run several times. */
  async transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return this.#retrying(async () => {
      const client = await this.#pool.connect();
      let failure: Error | undefined;
      try {
        await client.query('BEGIN');
        const result = await work((sql, values) => this.#run(client, { sql, values, isKept: true }));
        await client.query('COMMIT');
        return result;
      } catch (error) {
        // Also where ROLLBACK fails: the connection is thrown away, and with it the transaction.
        await client.query('ROLLBACK').catch((reason: Error) => {
          failure = reason;
        });
        throw error;
      } finally {
        client.release(failure);
      }
    });
  }

  /** Waits for what runs. */
  async close(): Promise<void> {
    this.#closed ??= this.#pool.end();
    await this.#closed;
  }

  async #retrying<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        const isLost = isStatementLost(error);
        if (isLost) this.#names.giveUp();
        if (!(isLost || isRetriable(error)) || attempt >= ATTEMPTS_MAX) throw asStoreError(this.place, error);
      }
    }
  }

  async #query(statement: Statement): Promise<readonly SqlRow[]> {
    const signal = this.#wanted.getStore();
    if (signal !== undefined) return this.#retrying(() => this.#runWhileWanted(signal, statement));
    return this.#retrying(() => this.#run(this.#pool, statement));
  }

  async #runWhileWanted(signal: AbortSignal, statement: Statement): Promise<readonly SqlRow[]> {
    signal.throwIfAborted();
    const client = await this.#pool.connect();
    let cancelling: Promise<void> | undefined;
    const cancel = (): void => {
      cancelling = cancelStatement(client);
    };
    try {
      signal.throwIfAborted();
      signal.addEventListener('abort', cancel, { once: true });
      return await this.#run(client, statement);
    } finally {
      signal.removeEventListener('abort', cancel);
      // It must not hit the statement of whoever gets the connection next.
      if (cancelling === undefined) client.release();
      else void cancelling.then(() => client.release(true));
    }
  }

  async #run(client: pg.Pool | pg.PoolClient, { sql: text, values, isKept }: Statement): Promise<readonly SqlRow[]> {
    if (values === undefined) {
      await client.query(text);
      return [];
    }
    const name = isKept ? this.#names.nameOf(text) : {};
    const config = { ...name, text, values: values.map(toParameter), rowMode: 'array' } as const;
    const result = await client.query<unknown[]>(config);
    return result.rows;
  }
}

/** Its constructor runs within the pool, where nobody would catch an error: for a wrong DSN the first one stands in. */
function rereadingClient(first: PostgresDsn, readDsn: () => string): typeof pg.Client {
  return class extends pg.Client {
    constructor(config: pg.ClientConfig) {
      super({ ...config, connectionString: current().connectionString });
    }
  };
  function current(): PostgresDsn {
    try {
      const dsn = parseDsn(readDsn());
      return dsn.isTlsOptional && !first.isTlsOptional ? withoutTls(dsn) : dsn;
    } catch {
      return first;
    }
  }
}
