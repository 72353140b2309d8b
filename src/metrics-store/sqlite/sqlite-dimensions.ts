import type { SqliteConnection } from '../../sqlite/sqlite-connection.ts';
import { NONE } from '../../tally/series.ts';
import { type StoredStretch, storedStretches } from '../../tally/steps.ts';
import { DAY_MS, HOUR_MS, windowStartMs } from '../../tally/window.ts';
import type { DimensionDelta } from '../commit.ts';
import type { Additions } from '../commit-group.ts';
import { EntryReader, idOfValue, PieceWriter, RESERVED_VALUES, reservedValue, valueOfId } from '../dimension-piece.ts';
import { type DimensionNames, EntrySummand } from '../dimension-summands.ts';
import type { DimensionChoice, MetricsRow } from '../metrics-reader.ts';
import { Regrouper, stretchesToScan, type TenantQuery } from '../regroup.ts';
import {
  type AppliedCorrection,
  type PlacedShare,
  type RepricedWindow,
  repricedPiece,
  repricedWindows,
} from '../repriced-windows.ts';
import { storableText } from '../storable-text.ts';
import { type DeltaPlace, piecesOf } from '../window-piece.ts';
import { appendPiece, storedPieces } from './dimension-windows.ts';
import { OpenHours, openHour } from './open-hours.ts';
import { namesOfSeries, type SeriesNames } from './series-names.ts';
import type { SqliteDictionary } from './sqlite-dictionary.ts';
import { SELECT_VALUE, type SqliteDimensionValues } from './sqlite-dimension-values.ts';

/** Values: tenant key, dimension, length of the windows, from, to. */
const selectSums = (order: 'asc' | 'desc'): string => `
  SELECT window_start_ms, sums FROM dimension_pieces
  WHERE tenant_key = ?1 AND dimension = ?2 AND window_ms = ?3 AND window_start_ms >= ?4 AND window_start_ms < ?5
  ORDER BY window_start_ms ${order}`;

const SELECT_TEXT = 'SELECT value FROM dimension_values WHERE value_id = ?';
/** The dimensions of a tenant that have anything in a window. */
const SELECT_DIMENSIONS_AT = `
  SELECT DISTINCT dimension FROM dimension_pieces WHERE tenant_key = ? AND window_ms = ? AND window_start_ms = ?`;

interface Writer {
  readonly connection: SqliteConnection;
  readonly dictionary: SqliteDictionary;
  readonly dimensionValues: SqliteDimensionValues;
  readonly pieces: PieceWriter;
}

/** Runs inside one write transaction. */
export function addDimensions(
  writer: Writer,
  { dimensions: deltas, committedAtMs }: Pick<Additions, 'dimensions' | 'committedAtMs'>,
): void {
  const { dictionary, dimensionValues } = writer;
  if (deltas.length === 0) return;
  const placeOf = ({ series, dimensions }: DimensionDelta, dayStartMs: number): DeltaPlace => {
    const { id, tenantKey } = dictionary.resolveSeries(series);
    const numbersOf = dimensions.map((dimension) => dimensionValues.on({ tenantKey, dimension, dayStartMs }));
    return { tenantKey, seriesId: id, numbersOf };
  };
  const openHours = new OpenHours(writer, committedAtMs);
  for (const piece of piecesOf(deltas, placeOf, { writer: writer.pieces, openHours })) {
    appendPiece(writer, [piece.tenantKey, piece.dimension, piece.windowMs, piece.windowStartMs], piece.sums);
  }
  openHours.closeEnded();
}

/** Adds cost corrections to the windows that have something of their series. Runs inside one write transaction. */
export function repriceDimensions(
  connection: SqliteConnection,
  applied: readonly AppliedCorrection[],
  shares: readonly PlacedShare[],
): void {
  const appender = { connection, pieces: new PieceWriter() };
  for (const repriced of repricedWindows(applied, shares)) {
    const { tenantKey, windowMs, windowStartMs: startMs } = repriced;
    const dimensions = Array.from(connection.rows(SELECT_DIMENSIONS_AT, tenantKey, windowMs, startMs));
    for (const [named] of dimensions) {
      const dimension = String(named);
      const openMs = windowMs === DAY_MS ? openHour(connection, tenantKey, dimension) : null;
      const changed = withoutHour(repriced, openMs);
      if (changed.changes.length === 0) continue;
      const window = [tenantKey, dimension, windowMs, startMs] as const;
      const pieces = storedPieces(connection, window);
      const numberOf = (text: string): number | null => storedNumber(connection, [tenantKey, dimension], text);
      const piece = repricedPiece(changed, dimension, { pieces, numberOf });
      if (piece !== null) appendPiece(appender, window, piece);
    }
  }
}

/** What changes in a day besides its open hour, which it does not have yet. */
function withoutHour(day: RepricedWindow, hourStartMs: number | null): RepricedWindow {
  if (hourStartMs === null) return day;
  return {
    ...day,
    changes: day.changes.filter((change) => windowStartMs(change.windowStartMs, HOUR_MS) !== hourStartMs),
  };
}

function storedNumber(connection: SqliteConnection, place: readonly [number, string], text: string): number | null {
  const reserved = reservedValue(text);
  if (reserved !== null) return reserved;
  const [id = null] = connection.row(SELECT_VALUE, ...place, storableText(text)) ?? [];
  return id === null ? null : valueOfId(Number(id));
}

interface Asked {
  readonly query: TenantQuery;
  readonly dimension: DimensionChoice;
}

interface StoredPiece {
  readonly windowStartMs: number;
  readonly reader: EntryReader;
}

/** The pieces of a question in the order of their windows. */
export function* eachPiece(
  connection: SqliteConnection,
  tenantKey: number,
  { query, dimension }: Asked,
): Generator<StoredPiece, void> {
  const openMs = openHour(connection, tenantKey, dimension.name);
  const sql = selectSums(query.order);
  for (const stretch of storedStretches(stretchesToScan(query))) {
    const { fromMs, toMs, resolutionMs } = stretch;
    const isOpenIn = resolutionMs === DAY_MS && openMs !== null && fromMs <= openMs && openMs < toMs;
    const parts: readonly ReadStretch[] = isOpenIn ? withOpenHour(stretch, openMs, query.order) : [stretch];
    for (const part of parts) {
      const place = [tenantKey, dimension.name, part.resolutionMs, part.fromMs, part.toMs];
      for (const [startMs, sums] of connection.rows(sql, ...place)) {
        // A piece may be as much work as thousands of rows.
        connection.endIfInterrupted();
        const reader = new EntryReader(sums as Uint8Array);
        yield { windowStartMs: part.windowStartMs ?? Number(startMs), reader };
      }
    }
  }
}

/** What is read of a table at once, and the window of which it is a part where it is not one itself. */
interface ReadStretch extends StoredStretch {
  readonly windowStartMs?: number;
}

/** With the hour that is not in its day yet, as part of that: the pieces of its window come one after the other. */
function withOpenHour(days: StoredStretch, hourStartMs: number, order: 'asc' | 'desc'): readonly ReadStretch[] {
  const dayStartMs = windowStartMs(hourStartMs, DAY_MS);
  const hour = { fromMs: hourStartMs, toMs: hourStartMs + HOUR_MS, resolutionMs: HOUR_MS, windowStartMs: dayStartMs };
  const cutMs = order === 'asc' ? dayStartMs + DAY_MS : dayStartMs;
  const [earlier, later] = [
    { ...days, toMs: cutMs },
    { ...days, fromMs: cutMs },
  ];
  return order === 'asc' ? [earlier, hour, later] : [later, hour, earlier];
}

/** Runs inside a read transaction. */
export function readDimension(
  connection: SqliteConnection,
  tenantKey: number,
  asked: Asked & { readonly names?: SqliteDimensionNames },
): readonly MetricsRow[] {
  const { names = new SqliteDimensionNames(connection, tenantKey, asked) } = asked;
  const regrouper = new Regrouper(asked.query);
  const summand = new EntrySummand(names, asked.query);
  for (const { windowStartMs: startMs, reader } of eachPiece(connection, tenantKey, asked)) {
    while (reader.next()) {
      if (summand.take(reader, startMs) && !regrouper.add(summand)) return regrouper.finish();
    }
  }
  return regrouper.finish();
}

export class SqliteDimensionNames implements DimensionNames {
  readonly #connection: SqliteConnection;
  readonly #wanted: string | null;
  readonly #series: ReadonlyMap<number, SeriesNames>;
  readonly #values = new Map<number, string | null>();

  constructor(connection: SqliteConnection, tenantKey: number, { query, dimension }: Asked) {
    this.#connection = connection;
    this.#wanted = dimension.value;
    this.#series = namesOfSeries(connection, tenantKey, query);
  }

  seriesOf(seriesId: number): SeriesNames | null {
    return this.#series.get(seriesId) ?? null;
  }

  valueOf(value: number): string | null {
    let text = this.#values.get(value);
    if (text === undefined) {
      text = this.#textOf(value);
      if (this.#wanted !== null && text !== this.#wanted) text = null;
      this.#values.set(value, text);
    }
    return text;
  }

  /** Of the values that were asked for, all others are not asked for any more. */
  keepOnly(texts: ReadonlySet<string>): void {
    for (const [value, text] of this.#values) if (text !== null && !texts.has(text)) this.#values.set(value, null);
  }

  /** One that was deleted, as that of a user can be, is that of nobody. */
  #textOf(value: number): string {
    const id = idOfValue(value);
    if (id === null) return RESERVED_VALUES[value] ?? NONE;
    const [text = null] = this.#connection.row(SELECT_TEXT, id) ?? [];
    return text === null ? NONE : String(text);
  }
}
