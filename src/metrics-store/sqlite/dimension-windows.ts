import type { SqliteConnection } from '../../sqlite/sqlite-connection.ts';
import {
  areToBeMerged,
  areToBeMergedAtEnd,
  isRoomIn,
  mergePieces,
  type PieceWriter,
  UNENDED_SHARE,
} from '../dimension-piece.ts';

export const OF_WINDOW = 'tenant_key = ? AND dimension = ? AND window_ms = ? AND window_start_ms = ?';

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

export interface PieceAppender {
  readonly connection: SqliteConnection;
  readonly pieces: PieceWriter;
}

/** The place of a dimension's window in the table of pieces. */
export type PlacedWindow = readonly [tenantKey: number, dimension: string, windowMs: number, windowStartMs: number];

/**
 * The window before a new one is merged: then little is merged while much is added, and a window that has ended is read
 * from about as many bytes as it needs.
 */
export function appendPiece(appender: PieceAppender, window: PlacedWindow, piece: Uint8Array): void {
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
  window: PlacedWindow,
  areDue: (firstBytes: number, otherBytes: number) => boolean,
): void {
  const [first, others] = connection.row(SELECT_SIZES, ...window) ?? [];
  if (!areDue(Number(first), Number(others))) return;
  const pieces = storedPieces(connection, window);
  connection.run(DELETE_PIECES, ...window);
  connection.run(INSERT_PIECE, ...window, 0, mergePieces(pieces, writer));
}

export function storedPieces(connection: SqliteConnection, window: PlacedWindow): readonly Uint8Array[] {
  return Array.from(connection.rows(SELECT_PIECES, ...window), ([sums]) => sums as Uint8Array);
}
