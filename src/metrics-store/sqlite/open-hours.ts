import type { SqliteConnection } from '../../sqlite/sqlite-connection.ts';
import { DAY_MS, HOUR_MS, windowStartMs } from '../../tally/window.ts';
import { onePiece, PieceWriter } from '../dimension-piece.ts';
import { appendPiece, OF_WINDOW, type PieceAppender, type PlacedWindow, storedPieces } from './dimension-windows.ts';

const SELECT_OPEN = 'SELECT window_start_ms FROM dimension_open_hours WHERE tenant_key = ? AND dimension = ?';
const SELECT_OPEN_BEFORE =
  'SELECT dimension, window_start_ms FROM dimension_open_hours WHERE tenant_key = ? AND window_start_ms < ?';
const UPSERT_OPEN = 'REPLACE INTO dimension_open_hours (tenant_key, dimension, window_start_ms) VALUES (?, ?, ?)';
const DELETE_OPEN = 'DELETE FROM dimension_open_hours WHERE tenant_key = ? AND dimension = ?';
const SELECT_PIECE = `SELECT 1 FROM dimension_pieces WHERE ${OF_WINDOW} LIMIT 1`;

/** What of one tenant's dimension is open. */
interface Dimension {
  readonly tenantKey: number;
  readonly dimension: string;
  readonly storedMs: number | null;
  /** Those that this transaction adds to. */
  readonly addedMs: Set<number>;
}

/**
 * The newest hour of each dimension is open: its day does not have it yet, and who reads the day reads the hour too.
 * When a later one begins it is added to the day as a whole, merged; what comes for it from then on is added to both.
 * So a day is written to once an hour, where it took as many bytes as the hour at every commit. For one transaction.
 */
export class OpenHours {
  readonly #appender: PieceAppender;
  readonly #untilMs: number;
  readonly #dimensions = new Map<string, Dimension>();

  constructor(appender: PieceAppender, committedAtMs: number) {
    this.#appender = appender;
    // An event that claims to come from next year would else keep all hours until then closed.
    this.#untilMs = committedAtMs + DAY_MS;
  }

  /** Takes what is added to an hour if that is open: it is not to be added to the day. Before anything is appended. */
  takes(tenantKey: number, dimension: string, hourStartMs: number): boolean {
    const { storedMs, addedMs } = this.#of(tenantKey, dimension);
    const isOpen = hourStartMs === storedMs || this.#mayOpen([tenantKey, dimension, HOUR_MS, hourStartMs], storedMs);
    if (isOpen) addedMs.add(hourStartMs);
    return isOpen;
  }

  /** Once all pieces of the transaction are there: closes all hours but the newest of each dimension. */
  closeEnded(): void {
    const { connection } = this.#appender;
    for (const { tenantKey, dimension, storedMs, addedMs } of this.#dimensions.values()) {
      if (storedMs !== null) addedMs.add(storedMs);
      const hours = [...addedMs].sort((a, b) => a - b);
      const newestMs = hours.pop();
      for (const hourStartMs of hours) addToDay(this.#appender, tenantKey, dimension, hourStartMs);
      if (newestMs !== undefined && newestMs !== storedMs) connection.run(UPSERT_OPEN, tenantKey, dimension, newestMs);
    }
  }

  /** What an hour has that is not open, its day has already. */
  #mayOpen(hour: PlacedWindow, openMs: number | null): boolean {
    const [, , , startMs] = hour;
    if (startMs < (openMs ?? 0) || startMs > this.#untilMs) return false;
    return this.#appender.connection.row(SELECT_PIECE, ...hour) === undefined;
  }

  #of(tenantKey: number, dimension: string): Dimension {
    const key = `${tenantKey} ${dimension}`;
    let found = this.#dimensions.get(key);
    if (found === undefined) {
      const storedMs = openHour(this.#appender.connection, tenantKey, dimension);
      found = { tenantKey, dimension, storedMs, addedMs: new Set() };
      this.#dimensions.set(key, found);
    }
    return found;
  }
}

/** Null where the days of a dimension have all hours. */
export function openHour(connection: SqliteConnection, tenantKey: number, dimension: string): number | null {
  const [startMs = null] = connection.row(SELECT_OPEN, tenantKey, dimension) ?? [];
  return startMs === null ? null : Number(startMs);
}

/** Adds to their days what hours have that are deleted now. Runs inside one write transaction. */
export function closeHoursBefore(connection: SqliteConnection, tenantKey: number, beforeMs: number): void {
  const appender = { connection, pieces: new PieceWriter() };
  for (const [named, startMs] of Array.from(connection.rows(SELECT_OPEN_BEFORE, tenantKey, beforeMs))) {
    const dimension = String(named);
    addToDay(appender, tenantKey, dimension, Number(startMs));
    connection.run(DELETE_OPEN, tenantKey, dimension);
  }
}

function addToDay(appender: PieceAppender, tenantKey: number, dimension: string, hourStartMs: number): void {
  const pieces = storedPieces(appender.connection, [tenantKey, dimension, HOUR_MS, hourStartMs]);
  const sums = onePiece(pieces, appender.pieces);
  if (sums.length > 0) appendPiece(appender, [tenantKey, dimension, DAY_MS, windowStartMs(hourStartMs, DAY_MS)], sums);
}
