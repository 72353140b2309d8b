import { seriesKey } from '../../tally/series.ts';
import type { Additions } from '../commit-group.ts';
import { PROVIDERS_PER_PAIR_MAX } from '../series-limits.ts';
import { storableText } from '../storable-text.ts';
import type { PostgresConnection } from './postgres-connection.ts';

export interface SeriesRef {
  readonly id: number;
  readonly pairId: number;
  readonly tenantKey: number;
  /** Not later than stored; null before the first. Moved by commits of this process. */
  lastWindowStartMs: number | null;
}

export interface PairRef {
  readonly id: number;
  readonly tenantKey: number;
}

/** Entries of each kind kept in memory; beyond it they are forgotten and asked for again. */
const CACHED_MAX = 100_000;

/** Entries asked for at a time. */
const WANTED_MAX = 5_000;

interface Wanted {
  readonly key: string;
  readonly tenantId: string;
  readonly route: string | null;
  readonly model: string | null;
  readonly provider: string | null;
}

/** What one commit names, as numbers. Its own copy: several commits may resolve at the same time. */
export interface ResolvedNames {
  readonly series: ReadonlyMap<string, SeriesRef>;
  readonly pairs: ReadonlyMap<string, PairRef>;
  readonly tenants: ReadonlyMap<string, number>;
}

/**
 * Series, pairs and tenants as numbers. Entries are never changed, so the cache stays true until a tenant is deleted,
 * which fences everybody: then `forget` must be called. Only a commit that names something new needs a second round
 * trip, before its own.
 */
export class PostgresDictionary {
  readonly #connection: PostgresConnection;
  readonly #seriesPerTenantMax: number;
  readonly #series = new Map<string, SeriesRef>();
  readonly #pairs = new Map<string, PairRef>();
  readonly #tenants = new Map<string, number>();

  constructor(connection: PostgresConnection, seriesPerTenantMax: number) {
    this.#connection = connection;
    this.#seriesPerTenantMax = seriesPerTenantMax;
  }

  forget(): void {
    for (const cache of [this.#series, this.#pairs, this.#tenants]) cache.clear();
  }

  async resolve(added: Additions): Promise<ResolvedNames> {
    for (const cache of [this.#series, this.#pairs, this.#tenants]) if (cache.size > CACHED_MAX) cache.clear();
    const names = {
      series: new Map<string, SeriesRef>(),
      pairs: new Map<string, PairRef>(),
      tenants: new Map<string, number>(),
    };
    const wanted = new Map<string, Wanted>();
    const nothing = { route: null, model: null, provider: null };
    // What moves from one value to another changes nothing in its series' own rows.
    for (const { series } of [...added.tallies, ...added.usages, ...added.dimensions]) {
      const key = seriesKey(series);
      if (!take(this.#series, names.series, key)) wanted.set(`series ${key}`, { key, ...series });
    }
    for (const { tenantId, route, model } of added.evaluations) {
      const key = pairKey({ tenantId, route, model });
      if (!take(this.#pairs, names.pairs, key))
        wanted.set(`pair ${key}`, { key, tenantId, route, model, provider: null });
    }
    const tenantIds = [...added.calls.map(({ call }) => call), ...added.senderCalls, ...added.meters];
    for (const { tenantId: key } of tenantIds) {
      if (!take(this.#tenants, names.tenants, key)) wanted.set(`tenant ${key}`, { key, tenantId: key, ...nothing });
    }
    // What is new locks its tenant. Two commits that met the same tenants in another order waited for each other, and
    // each such deadlock costs a second. Within a tenant the order stays: it decides what overflows;
    // `0009-lock-order.ts` goes on.
    const all = [...wanted.values()].sort((a, b) => (a.tenantId < b.tenantId ? -1 : a.tenantId > b.tenantId ? 1 : 0));
    for (let at = 0; at < all.length; at += WANTED_MAX) await this.#ask(all.slice(at, at + WANTED_MAX), names);
    return names;
  }

  async #ask(wanted: readonly Wanted[], names: Names): Promise<void> {
    const entries = wanted.map(({ tenantId, route, model, provider }) => ({
      tenant_id: storableText(tenantId),
      route: route === null ? null : storableText(route),
      model: model === null ? null : storableText(model),
      provider: provider === null ? null : storableText(provider),
    }));
    const values = [JSON.stringify(entries), this.#seriesPerTenantMax, PROVIDERS_PER_PAIR_MAX];
    const rows = await this.#connection.query('SELECT * FROM streamlens_resolve($1, $2, $3)', values);
    for (const [item, tenantKey, pairId, seriesId, lastWindowStartMs] of rows as (number | null)[][]) {
      const entry = wanted[item ?? -1];
      if (entry === undefined || tenantKey == null) continue;
      const series = {
        id: seriesId ?? 0,
        pairId: pairId ?? 0,
        tenantKey,
        lastWindowStartMs: lastWindowStartMs ?? null,
      };
      if (pairId == null) give(entry.key, tenantKey, [this.#tenants, names.tenants]);
      else if (seriesId == null) give(entry.key, { id: pairId, tenantKey }, [this.#pairs, names.pairs]);
      else give(entry.key, series, [this.#series, names.series]);
    }
  }
}

interface Names extends ResolvedNames {
  readonly series: Map<string, SeriesRef>;
  readonly pairs: Map<string, PairRef>;
  readonly tenants: Map<string, number>;
}

/** False where the cache does not know it. */
function take<T>(cache: ReadonlyMap<string, T>, names: Map<string, T>, key: string): boolean {
  const entry = cache.get(key);
  if (entry !== undefined) names.set(key, entry);
  return entry !== undefined;
}

function give<T>(key: string, entry: T, targets: readonly Map<string, T>[]): void {
  for (const target of targets) target.set(key, entry);
}

export function pairKey({ tenantId, route, model }: { tenantId: string; route: string; model: string }): string {
  return `${tenantId}\0${route}\0${model}`;
}
