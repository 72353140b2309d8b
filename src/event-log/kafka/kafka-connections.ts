import { type Broker, type Connection, ConnectionPool } from '@platformatic/kafka';
import { StorageError } from '../../storage/storage-error.ts';
import { parseBroker, securityOptions } from './client-options.ts';
import type { KafkaSettings } from './kafka-settings.ts';

const CONNECT_MS_MAX = 5_000;
/** Longer than any wait that we ask a broker for, see `FETCH_WAIT_MS_MAX` and `PRODUCE_MS_MAX`. */
const REQUEST_MS_MAX = 8_000;

/**
 * Connections by purpose. A broker answers the requests of one connection in their order, so a fetch that waits for
 * records would hold up everything behind it: producing, polling and the rest (metadata, history, the group) go apart.
 */
export class KafkaConnections {
  /** Aborted by `close`. */
  readonly closed: AbortSignal;
  readonly #closing = new AbortController();
  readonly #settings: KafkaSettings;
  readonly #pools = new Set<ConnectionPool>();
  readonly #retired = new Set<Connection>();
  readonly #control: ConnectionPool;
  readonly #produce: ConnectionPool;
  readonly #idlePollPools: ConnectionPool[] = [];
  readonly #bootstrap: readonly Broker[];

  constructor(settings: KafkaSettings) {
    this.#settings = settings;
    this.closed = this.#closing.signal;
    this.#bootstrap = settings.brokers.map(parseBroker);
    this.#control = this.#newPool();
    this.#produce = this.#newPool();
  }

  checkOpen(): void {
    if (this.closed.aborted) throw new StorageError('unavailable', 'The event log was closed');
  }

  async forControl(broker: Broker): Promise<Connection> {
    this.checkOpen();
    return this.#control.get(broker);
  }

  async forProducing(broker: Broker): Promise<Connection> {
    this.checkOpen();
    return this.#produce.get(broker);
  }

  /** Any broker that can be reached, of those known and those of the settings. */
  async forBootstrap(known: readonly Broker[]): Promise<Connection> {
    this.checkOpen();
    return this.#control.getFirstAvailable([...known, ...this.#bootstrap]);
  }

  /** Runs one poll on connections that no other poll uses meanwhile; they are used again afterwards. */
  async withPollPool<T>(poll: (connectionTo: (broker: Broker) => Promise<Connection>) => Promise<T>): Promise<T> {
    this.checkOpen();
    const pool = this.#idlePollPools.pop() ?? this.#newPool();
    try {
      return await poll((broker) => pool.get(broker));
    } finally {
      this.#idlePollPools.push(pool);
    }
  }

  /** Ends all connections; requests in flight fail. */
  async close(): Promise<void> {
    this.#closing.abort();
    // A connection that broke meanwhile is closed as well.
    await Promise.allSettled([...this.#pools, ...this.#retired].map((each) => each.close()));
  }

  #newPool(): ConnectionPool {
    const { clientId, brokers, tls, sasl } = this.#settings;
    const pool = new ConnectionPool(clientId, {
      connectTimeout: CONNECT_MS_MAX,
      requestTimeout: REQUEST_MS_MAX,
      maxInflights: REQUESTS_IN_FLIGHT_MAX,
      ...securityOptions({ brokers, tls, sasl }),
    });
    pool.on('connecting', ({ connection }) => {
      connection.reauthenticate = () => this.#retire(connection);
    });
    this.#pools.add(pool);
    return pool;
  }

  /**
   * A broker that bounds sessions wants a connection to authenticate anew, and nothing else on it meanwhile. The
   * library does so between the requests of others, and the broker refuses it as if the credentials were wrong. So the
   * pool forgets the connection instead: whoever comes next opens another one, and what is on its way here still
   * arrives.
   */
  #retire(connection: Connection): void {
    connection.emit('close');
    this.#retired.add(connection);
    setTimeout(() => {
      this.#retired.delete(connection);
      void connection.close().catch(() => undefined);
    }, REQUEST_MS_MAX).unref();
  }
}

/** Per connection. Beyond it requests wait in this process. */
const REQUESTS_IN_FLIGHT_MAX = 16;
