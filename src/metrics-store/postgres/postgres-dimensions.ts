import { setImmediate } from 'node:timers/promises';
import { StorageError } from '../../storage/storage-error.ts';
import { NONE } from '../../tally/series.ts';
import { type StoredStretch, storedStretches } from '../../tally/steps.ts';
import {
  areToBeMerged,
  EntryReader,
  idOfValue,
  mergePieces,
  RESERVED_VALUES,
  reservedValue,
  valueOfId,
} from '../dimension-piece.ts';
import { EntrySummand } from '../dimension-summands.ts';
import type { DimensionChoice, MetricsRow } from '../metrics-reader.ts';
import { Regrouper, stretchesToScan, type TenantQuery } from '../regroup.ts';
import {
  type AppliedCorrection,
  type PlacedShare,
  repricedPiece,
  repricedWindows,
  sharedValues,
} from '../repriced-windows.ts';
import { storableText } from '../storable-text.ts';
import type { WindowPiece } from '../window-piece.ts';
import type { PostgresConnection, Query } from './postgres-connection.ts';
import type { PostgresSeriesNames, SeriesNames } from './postgres-series-names.ts';
import { instant, type SqlRow } from './postgres-values.ts';

const OF_WINDOW = 'tenant_key = $1 AND dimension = $2 AND window_ms = $3 AND window_start = $4::timestamptz';
/** Two who merge at the same time take different pieces; whoever reads sees them before or after. */
const TAKE_PIECES = `
  DELETE FROM dimension_sums WHERE (tenant_key, dimension, window_ms, window_start, piece_id) IN (
    SELECT tenant_key, dimension, window_ms, window_start, piece_id FROM dimension_sums
    WHERE ${OF_WINDOW} ORDER BY piece_id FOR UPDATE SKIP LOCKED)
  RETURNING sums`;
const INSERT_PIECE = `
  INSERT INTO dimension_sums (tenant_key, dimension, window_ms, window_start, sums)
  VALUES ($1, $2, $3, $4::timestamptz, $5)`;

/** A window is merged after so many pieces of this process, however small. */
const PIECES_MAX = 500;
/** Windows of which this process knows how much it added; beyond it that is forgotten. */
const WINDOWS_MAX = 20_000;

interface Added {
  pieces: number;
  bytes: number;
  /** What the last merge came to. */
  mergedBytes: number;
}

/** Merges the pieces of windows to which this process has added many. */
export class PieceMerger {
  readonly #connection: PostgresConnection;
  readonly #added = new Map<string, Added>();

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
  }

  /** These were committed. What cannot be merged now is merged later. */
  async committed(pieces: readonly WindowPiece[]): Promise<void> {
    if (this.#added.size > WINDOWS_MAX) this.#added.clear();
    for (const piece of pieces) {
      const { tenantKey, dimension, windowMs, windowStartMs: startMs, sums } = piece;
      const key = `${tenantKey} ${windowMs} ${startMs} ${dimension}`;
      const added = this.#added.get(key) ?? { pieces: 0, bytes: 0, mergedBytes: 0 };
      this.#added.set(key, added);
      added.pieces++;
      added.bytes += sums.length;
      if (added.pieces < PIECES_MAX && !areToBeMerged(added.mergedBytes, added.bytes)) continue;
      try {
        added.mergedBytes = await this.#merge(piece);
        added.pieces = added.bytes = 0;
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
      }
    }
  }

  #merge({ tenantKey, dimension, windowMs, windowStartMs: startMs }: WindowPiece): Promise<number> {
    const window = [tenantKey, dimension, windowMs, instant(startMs)];
    return this.#connection.transaction(async (query) => {
      const taken = await query(TAKE_PIECES, window);
      const merged = mergePieces(taken.map(([sums]) => sums as Uint8Array));
      await query(INSERT_PIECE, [...window, merged]);
      return merged.length;
    });
  }
}

/** A page is at first so many pieces, then ever more, while they are small. */
const PAGE_MIN = 16;
const PAGE_MAX = 1_000;
const PAGE_GROWTH = 4;
/** A page of pieces as long as those before takes so much. */
const PAGE_BYTES = 8 * 1024 * 1024;
/** After so many entries whoever else waits in this thread has a turn. */
const ENTRIES_PER_TURN = 1_024;

/**
 * Values: tenant, dimension, length of the windows, from, to (the last instant), window and piece after which (null:
 * all), limit.
 */
const selectSums = (order: 'asc' | 'desc'): string => `
  SELECT window_start, piece_id, sums FROM dimension_sums
  WHERE tenant_key = (SELECT tenant_key FROM tenants WHERE tenant_id = $1) AND dimension = $2 AND window_ms = $3
    AND window_start >= $4::timestamptz AND window_start <= $5::timestamptz
    AND ($6::timestamptz IS NULL OR (window_start, piece_id) ${order === 'asc' ? '>' : '<'} ($6::timestamptz, $7::bigint))
  ORDER BY window_start ${order}, piece_id ${order} LIMIT $8`;

const SELECT_TEXTS = 'SELECT value_id, value FROM dimension_values WHERE value_id = ANY ($1::bigint[])';

interface Asked {
  readonly query: TenantQuery;
  readonly dimension: DimensionChoice;
}

export async function readDimension(
  connection: PostgresConnection,
  series: PostgresSeriesNames,
  asked: Asked,
): Promise<readonly MetricsRow[]> {
  const regrouper = new Regrouper(asked.query);
  const names = new DimensionNamesOf(connection, series, asked);
  const summand = new EntrySummand(names, asked.query);
  let entryCount = 0;
  for (const stretch of storedStretches(stretchesToScan(asked.query))) {
    for await (const page of pagesOf(connection, stretch, asked)) {
      await names.learn(page.map(([, , sums]) => sums as Uint8Array));
      for (const [startMs, , sums] of page) {
        const reader = new EntryReader(sums as Uint8Array);
        while (reader.next()) {
          if (++entryCount % ENTRIES_PER_TURN === 0) await setImmediate();
          if (summand.take(reader, startMs as number) && !regrouper.add(summand)) return regrouper.finish();
        }
      }
    }
  }
  return regrouper.finish();
}

async function* pagesOf(
  connection: PostgresConnection,
  { fromMs, toMs, resolutionMs }: StoredStretch,
  { query, dimension }: Asked,
): AsyncGenerator<readonly SqlRow[], void> {
  const range = [instant(fromMs), instant(toMs - 1)];
  let after: readonly [string | null, number | null] = [null, null];
  for (let limit = PAGE_MIN; ; ) {
    const place = [query.tenantId, dimension.name, resolutionMs, ...range, ...after, limit];
    const page = await connection.query(selectSums(query.order), place);
    yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < limit) return;
    after = [instant(last[0] as number), last[1] as number];
    const bytes = page.reduce((sum, [, , sums]) => sum + (sums as Uint8Array).length, 0);
    limit = Math.ceil(Math.min(limit * PAGE_GROWTH, PAGE_MAX, (limit * PAGE_BYTES) / bytes));
  }
}

class DimensionNamesOf {
  readonly #connection: PostgresConnection;
  readonly #names: PostgresSeriesNames;
  readonly #asked: Asked;
  readonly #series = new Map<number, SeriesNames | null>();
  readonly #values = new Map<number, string | null>();

  constructor(connection: PostgresConnection, names: PostgresSeriesNames, asked: Asked) {
    this.#connection = connection;
    this.#names = names;
    this.#asked = asked;
  }

  seriesOf(seriesId: number): SeriesNames | null {
    return this.#series.get(seriesId) ?? null;
  }

  valueOf(value: number): string | null {
    return this.#values.get(value) ?? null;
  }

  /** Asks for what these pieces name and is not known yet. */
  async learn(pieces: readonly Uint8Array[]): Promise<void> {
    const series = new Set<number>();
    const values = new Set<number>();
    for (const bytes of pieces) {
      const reader = new EntryReader(bytes);
      while (reader.next()) {
        if (!this.#series.has(reader.seriesId)) series.add(reader.seriesId);
        if (!this.#values.has(reader.value)) values.add(reader.value);
      }
    }
    const { route, model, provider } = this.#asked.query;
    const names = await this.#names.of(series);
    for (const id of series) {
      const found = names.get(id);
      const isAsked =
        found !== undefined &&
        (route ?? found.route) === found.route &&
        (model ?? found.model) === found.model &&
        (provider ?? found.provider) === found.provider;
      this.#series.set(id, isAsked ? found : null);
    }
    const texts = await this.#textsOf(values);
    const wanted = this.#asked.dimension.value;
    for (const value of values) {
      const id = idOfValue(value);
      // One that was deleted, as that of a user can be, is that of nobody.
      const text = (id === null ? RESERVED_VALUES[value] : texts.get(id)) ?? NONE;
      this.#values.set(value, wanted === null || wanted === text ? text : null);
    }
  }

  async #textsOf(values: Iterable<number>): Promise<ReadonlyMap<number, string>> {
    const ids = Array.from(values, idOfValue).filter((id) => id !== null);
    if (ids.length === 0) return new Map();
    const rows = await this.#connection.query(SELECT_TEXTS, [ids]);
    return new Map(rows.map(([id, text]) => [Number(id), String(text)]));
  }
}

const SELECT_DIMENSIONS_AT = `
  SELECT dimension, sums FROM dimension_sums WHERE tenant_key = $1 AND window_ms = $2 AND window_start = $3::timestamptz`;

const SELECT_NUMBERS = `
  SELECT value, value_id FROM dimension_values WHERE tenant_key = $1 AND dimension = $2 AND value = ANY ($3::text[])`;

/** Adds cost corrections, within their transaction, to the windows that have something of their series. */
export async function repriceDimensions(
  query: Query,
  applied: readonly AppliedCorrection[],
  shares: readonly PlacedShare[],
): Promise<void> {
  for (const repriced of repricedWindows(applied, shares)) {
    const { tenantKey, windowMs, windowStartMs: startMs } = repriced;
    const rows = await query(SELECT_DIMENSIONS_AT, [tenantKey, windowMs, instant(startMs)]);
    for (const [dimension, found] of Map.groupBy(rows, ([name]) => String(name))) {
      const texts = sharedValues(repriced, dimension).map(storableText);
      const known = texts.length === 0 ? [] : await query(SELECT_NUMBERS, [tenantKey, dimension, texts]);
      const numbers = new Map(known.map(([text, id]) => [String(text), valueOfId(Number(id))]));
      const pieces = found.map(([, sums]) => sums as Uint8Array);
      const numberOf = (text: string) => reservedValue(text) ?? numbers.get(storableText(text)) ?? null;
      const piece = repricedPiece(repriced, dimension, { pieces, numberOf });
      if (piece !== null) await query(INSERT_PIECE, [tenantKey, dimension, windowMs, instant(startMs), piece]);
    }
  }
}
