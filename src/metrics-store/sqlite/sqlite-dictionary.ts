import type { SqliteConnection, SqlValue } from '../../sqlite/sqlite-connection.ts';
import { OVERFLOW, type Series, seriesKey } from '../../tally/series.ts';
import { PROVIDERS_PER_PAIR_MAX } from '../series-limits.ts';
import { storableText } from '../storable-text.ts';

export interface PairRef {
  readonly id: number;
  readonly tenantKey: number;
  /** As it is stored. */
  readonly model: string;
}

export interface SeriesRef {
  readonly id: number;
  readonly pairId: number;
  readonly tenantKey: number;
  /** As they are stored. */
  readonly model: string;
  readonly provider: string;
  /**
   * The series' newest window as it is stored; moved forward by the commit that writes a newer window; -1 before the
   * first.
   */
  lastWindowStartMs: number;
}

/** Entries kept in memory; beyond it they are all forgotten and read again, which costs some µs each. */
const CACHED_MAX = 100_000;

const SELECT_TENANT = 'SELECT tenant_key, pair_count FROM tenants WHERE tenant_id = ?';
const INSERT_TENANT = 'INSERT INTO tenants (tenant_id) VALUES (?) RETURNING tenant_key, pair_count';
const COUNT_PAIR = 'UPDATE tenants SET pair_count = pair_count + 1 WHERE tenant_key = ?';
const SELECT_PAIR = 'SELECT pair_id, provider_count FROM pairs WHERE tenant_key = ? AND route = ? AND model = ?';
const INSERT_PAIR = 'INSERT INTO pairs (tenant_key, route, model) VALUES (?, ?, ?) RETURNING pair_id, provider_count';
const COUNT_PROVIDER = 'UPDATE pairs SET provider_count = provider_count + 1 WHERE pair_id = ?';
const SELECT_SERIES = 'SELECT series_id, last_window_start_ms FROM series WHERE pair_id = ? AND provider = ?';
const INSERT_SERIES =
  'INSERT INTO series (pair_id, provider, last_window_start_ms) VALUES (?, ?, -1) RETURNING series_id, last_window_start_ms';

/**
 * Series as small numbers. Entries are never changed in the file, so what is cached stays true. Only a transaction that
 * is rolled back and the deletion of a tenant, which fences everybody, take entries back: then call `forget`.
 */
export class SqliteDictionary {
  readonly #connection: SqliteConnection;
  readonly #seriesPerTenantMax: number;
  readonly #series = new Map<string, SeriesRef>();
  readonly #pairs = new Map<string, PairRef>();

  constructor(connection: SqliteConnection, seriesPerTenantMax: number) {
    this.#connection = connection;
    this.#seriesPerTenantMax = seriesPerTenantMax;
  }

  forget(): void {
    this.#series.clear();
    this.#pairs.clear();
  }

  /** The key of a tenant, opened where it is new. */
  openTenant(tenantId: string): number {
    return this.#openTenant(tenantId).key;
  }

  findTenant(tenantId: string): number | null {
    const row = this.#connection.row(SELECT_TENANT, storableText(tenantId));
    return row === undefined ? null : Number(row[0]);
  }

  findPair({ tenantId, route, model }: { tenantId: string; route: string; model: string }): PairRef | null {
    const tenantKey = this.findTenant(tenantId);
    if (tenantKey === null) return null;
    const stored = storableText(model);
    const row = this.#connection.row(SELECT_PAIR, tenantKey, storableText(route), stored);
    return row === undefined ? null : { id: Number(row[0]), tenantKey, model: stored };
  }

  findSeries(series: Series): SeriesRef | null {
    const pair = this.findPair(series);
    return pair === null ? null : this.#selectSeries(pair, storableText(series.provider));
  }

  /** The pair's own entry, or the tenant's overflow once it has as many pairs as it may have. */
  resolvePair(named: { tenantId: string; route: string; model: string }): PairRef {
    const key = `${named.tenantId}\0${named.route}\0${named.model}`;
    const cached = this.#pairs.get(key);
    if (cached !== undefined) return cached;
    const pair = this.findPair(named) ?? this.#openPair(named);
    if (this.#pairs.size >= CACHED_MAX) this.#pairs.clear();
    this.#pairs.set(key, pair);
    return pair;
  }

  resolveSeries(named: Series): SeriesRef {
    const key = seriesKey(named);
    const cached = this.#series.get(key);
    if (cached !== undefined) return cached;
    const pair = this.resolvePair(named);
    const provider = storableText(named.provider);
    const series = this.#selectSeries(pair, provider) ?? this.#openSeries(pair, provider);
    if (this.#series.size >= CACHED_MAX) this.#series.clear();
    this.#series.set(key, series);
    return series;
  }

  #openTenant(tenantId: string): { readonly key: number; readonly pairCount: number } {
    const text = storableText(tenantId);
    const row = this.#connection.row(SELECT_TENANT, text) ?? this.#connection.row(INSERT_TENANT, text);
    return { key: Number(row?.[0]), pairCount: Number(row?.[1]) };
  }

  #openPair(named: { tenantId: string; route: string; model: string }): PairRef {
    const tenant = this.#openTenant(named.tenantId);
    const isFull = tenant.pairCount >= this.#seriesPerTenantMax;
    if (!isFull) this.#connection.run(COUNT_PAIR, tenant.key);
    const route = isFull ? OVERFLOW : storableText(named.route);
    const model = isFull ? OVERFLOW : storableText(named.model);
    const row =
      this.#connection.row(SELECT_PAIR, tenant.key, route, model) ??
      this.#connection.row(INSERT_PAIR, tenant.key, route, model);
    return { id: Number(row?.[0]), tenantKey: tenant.key, model };
  }

  #selectSeries(pair: PairRef, provider: string): SeriesRef | null {
    const row = this.#connection.row(SELECT_SERIES, pair.id, provider);
    if (row === undefined) return null;
    return seriesRef(pair, provider, row);
  }

  #openSeries(pair: PairRef, provider: string): SeriesRef {
    const count = this.#connection.row('SELECT provider_count FROM pairs WHERE pair_id = ?', pair.id)?.[0];
    if (Number(count) >= PROVIDERS_PER_PAIR_MAX && provider !== OVERFLOW) {
      return this.#selectSeries(pair, OVERFLOW) ?? this.#openSeries(pair, OVERFLOW);
    }
    this.#connection.run(COUNT_PROVIDER, pair.id);
    const row = this.#connection.row(INSERT_SERIES, pair.id, provider);
    return seriesRef(pair, provider, row ?? []);
  }
}

function seriesRef({ id, tenantKey, model }: PairRef, provider: string, row: readonly SqlValue[]): SeriesRef {
  return { id: Number(row[0]), pairId: id, tenantKey, model, provider, lastWindowStartMs: Number(row[1]) };
}
