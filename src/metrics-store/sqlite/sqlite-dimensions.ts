import type { SqliteConnection } from '../../sqlite/sqlite-connection.ts';
import { NONE } from '../../tally/series.ts';
import { storedStretches } from '../../tally/steps.ts';
import type { Commit, DimensionDelta } from '../commit.ts';
import {
  areToBeMerged,
  areToBeMergedAtEnd,
  EntryReader,
  idOfValue,
  isRoomIn,
  mergePieces,
  PieceWriter,
  RESERVED_VALUES,
  reservedValue,
  UNENDED_SHARE,
  valueOfId,
} from '../dimension-piece.ts';
import { type DimensionNames, EntrySummand } from '../dimension-summands.ts';
import type { DimensionChoice, MetricsRow } from '../metrics-reader.ts';
import { Regrouper, stretchesToScan, type TenantQuery } from '../regroup.ts';
import { type AppliedCorrection, type PlacedShare, repricedPiece, repricedWindows } from '../repriced-windows.ts';
import { storableText } from '../storable-text.ts';
import { type DeltaPlace, piecesOf } from '../window-piece.ts';
import { namesOfSeries, type SeriesNames } from './series-names.ts';
import type { SqliteDictionary } from './sqlite-dictionary.ts';
import { SELECT_VALUE, type SqliteDimensionValues } from './sqlite-dimension-values.ts';

const OF_WINDOW = 'tenant_key = ? AND dimension = ? AND window_ms = ? AND window_start_ms = ?';

const SELECT_NEWEST = `SELECT piece, length(sums) FROM dimension_pieces WHERE ${OF_WINDOW} ORDER BY piece DESC LIMIT 1`;
const APPEND = `UPDATE dimension_pieces SET sums = CAST(sums || ? AS BLOB) WHERE ${OF_WINDOW} AND piece = ?`;
const INSERT_PIECE =
  'INSERT INTO dimension_pieces (tenant_key, dimension, window_ms, window_start_ms, piece, sums) VALUES (?, ?, ?, ?, ?, ?)';
/** The first piece, and all that come after it. */
const SELECT_SIZES = `
  SELECT total(length(sums)) FILTER (WHERE piece = 0), total(length(sums)) FILTER (WHERE piece > 0)
  FROM dimension_pieces WHERE ${OF_WINDOW}`;
const SELECT_PIECES = `SELECT sums FROM dimension_pieces WHERE ${OF_WINDOW} ORDER BY piece`;
/** The last window before one. */
const SELECT_BEFORE = `
  SELECT max(window_start_ms) FROM dimension_pieces
  WHERE tenant_key = ? AND dimension = ? AND window_ms = ? AND window_start_ms < ?`;
const DELETE_PIECES = `DELETE FROM dimension_pieces WHERE ${OF_WINDOW}`;

/** Values: tenant key, dimension, length of the windows, from, to. */
const selectSums = (order: 'asc' | 'desc'): string => `
  SELECT window_start_ms, sums FROM dimension_pieces
  WHERE tenant_key = ?1 AND dimension = ?2 AND window_ms = ?3 AND window_start_ms >= ?4 AND window_start_ms < ?5
  ORDER BY window_start_ms ${order}`;

const SELECT_TEXT = 'SELECT value FROM dimension_values WHERE value_id = ?';
/** The dimensions of a tenant that have anything in a window. */
const SELECT_DIMENSIONS_AT = `
  SELECT DISTINCT dimension FROM dimension_pieces WHERE tenant_key = ? AND window_ms = ? AND window_start_ms = ?`;

type PieceAppender = Pick<Writer, 'connection' | 'pieces'>;

interface Writer {
  readonly connection: SqliteConnection;
  readonly dictionary: SqliteDictionary;
  readonly dimensionValues: SqliteDimensionValues;
  readonly pieces: PieceWriter;
}

/** Runs inside one write transaction. */
export function addDimensions(writer: Writer, deltas: Commit['dimensions']): void {
  const { dictionary, dimensionValues } = writer;
  if (deltas.length === 0) return;
  const placeOf = ({ series, dimensions }: DimensionDelta, dayStartMs: number): DeltaPlace => {
    const { id, tenantKey } = dictionary.resolveSeries(series);
    const numbersOf = dimensions.map((dimension) => dimensionValues.on({ tenantKey, dimension, dayStartMs }));
    return { tenantKey, seriesId: id, numbersOf };
  };
  const pieces = piecesOf(deltas, placeOf, writer.pieces);
  for (const { tenantKey, dimension, windowMs, windowStartMs: startMs, sums } of pieces) {
    append(writer, [tenantKey, dimension, windowMs, startMs], sums);
  }
}

type Window = readonly [tenantKey: number, dimension: string, windowMs: number, windowStartMs: number];

/**
 * The window before a new one is merged: then little is merged while much is added, and a window that has ended is read
 * from about as many bytes as it needs.
 */
function append(appender: PieceAppender, window: Window, piece: Uint8Array): void {
  const { connection } = appender;
  const [newest = null, bytes = 0] = connection.row(SELECT_NEWEST, ...window) ?? [];
  if (newest !== null && isRoomIn(Number(bytes), piece.length)) {
    connection.run(APPEND, piece, ...window, newest);
    return;
  }
  connection.run(INSERT_PIECE, ...window, newest === null ? 0 : Number(newest) + 1, piece);
  if (newest !== null) {
    mergeWhere(appender, window, (first, others) => areToBeMerged(first, others, UNENDED_SHARE));
    return;
  }
  const [before = null] = connection.row(SELECT_BEFORE, ...window) ?? [];
  const [tenantKey, dimension, windowMs] = window;
  if (before !== null) mergeWhere(appender, [tenantKey, dimension, windowMs, Number(before)], areToBeMergedAtEnd);
}

function mergeWhere(
  { connection, pieces: writer }: PieceAppender,
  window: Window,
  areDue: (firstBytes: number, otherBytes: number) => boolean,
): void {
  const [first, others] = connection.row(SELECT_SIZES, ...window) ?? [];
  if (!areDue(Number(first), Number(others))) return;
  const pieces = storedPieces(connection, window);
  connection.run(DELETE_PIECES, ...window);
  connection.run(INSERT_PIECE, ...window, 0, mergePieces(pieces, writer));
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
      const window = [tenantKey, dimension, windowMs, startMs] as const;
      const pieces = storedPieces(connection, window);
      const numberOf = (text: string): number | null => storedNumber(connection, [tenantKey, dimension], text);
      const piece = repricedPiece(repriced, dimension, { pieces, numberOf });
      if (piece !== null) append(appender, window, piece);
    }
  }
}

function storedNumber(connection: SqliteConnection, place: readonly [number, string], text: string): number | null {
  const reserved = reservedValue(text);
  if (reserved !== null) return reserved;
  const [id = null] = connection.row(SELECT_VALUE, ...place, storableText(text)) ?? [];
  return id === null ? null : valueOfId(Number(id));
}

function storedPieces(connection: SqliteConnection, window: Window): readonly Uint8Array[] {
  return Array.from(connection.rows(SELECT_PIECES, ...window), ([sums]) => sums as Uint8Array);
}

interface Asked {
  readonly query: TenantQuery;
  readonly dimension: DimensionChoice;
}

/** The pieces of a question in the order of their windows. */
export function* eachPiece(
  connection: SqliteConnection,
  tenantKey: number,
  { query, dimension }: Asked,
): Generator<{ readonly windowStartMs: number; readonly reader: EntryReader }, void> {
  for (const { fromMs, toMs, resolutionMs } of storedStretches(stretchesToScan(query))) {
    const place = [tenantKey, dimension.name, resolutionMs, fromMs, toMs];
    for (const [startMs, sums] of connection.rows(selectSums(query.order), ...place)) {
      // A piece may be as much work as thousands of rows.
      connection.endIfInterrupted();
      yield { windowStartMs: Number(startMs), reader: new EntryReader(sums as Uint8Array) };
    }
  }
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
