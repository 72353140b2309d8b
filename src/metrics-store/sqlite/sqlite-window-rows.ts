import type { SqliteConnection } from '../../sqlite/sqlite-connection.ts';
import { Tally } from '../../tally/tally.ts';
import { activeWindowMs } from '../../tally/window.ts';
import type { WindowCodec } from '../../tally/window-codec.ts';
import type { Additions } from '../commit-group.ts';
import * as Sql from './commit-statements.ts';
import { type GatheredMinute, GatheredWindows } from './gathered-windows.ts';
import type { SeriesRef, SqliteDictionary } from './sqlite-dictionary.ts';

interface Writer {
  readonly connection: SqliteConnection;
  readonly dictionary: SqliteDictionary;
  readonly codec: WindowCodec;
  readonly areRowsPublished: boolean;
}

/** When a row that has usage alone was changed. */
const NEVER_MS = -1;

/** Adds a commit's tallies to minutes, hours and days, and its usage to the minutes. */
export function addWindows(writer: Writer, added: Additions): void {
  const { connection, dictionary, codec } = writer;
  const { committedAtMs } = added;
  const { minutes, hours, days } = new GatheredWindows(added, (series) => dictionary.resolveSeries(series));
  const nothing = new Tally();
  const addMinute = connection.statement(Sql.UPSERT_MINUTE);
  for (const minute of minutes) {
    const { ref, startMs, tally, usages, whole } = minute;
    const sums = whole === null ? codec.encode(tally ?? nothing, usages) : whole.copyBy(codec);
    // Usage by itself changes no row that anybody is told of.
    if (minute.isCounted) addMinute.run(ref.tenantKey, startMs, ref.id, 1, committedAtMs, sums);
    else addMinute.run(ref.tenantKey, startMs, ref.id, 0, NEVER_MS, sums);
  }
  noteMinutes(writer, minutes, committedAtMs);
  const addHour = connection.statement(Sql.UPSERT_HOUR);
  for (const { ref, startMs, tally, minutes: told } of hours) {
    addHour.run(ref.tenantKey, startMs, ref.id, told.stored, codec.encode(tally ?? nothing));
  }
  const addDay = connection.statement(Sql.UPSERT_DAY);
  for (const { ref, startMs, tally } of days) {
    addDay.run(ref.tenantKey, startMs, ref.id, tally?.requests ?? 0, codec.encode(tally ?? nothing));
  }
}

/** Queues what is published, and moves the last window of each series: once, since a backfill adds many to each. */
function noteMinutes(writer: Writer, minutes: readonly GatheredMinute[], committedAtMs: number): void {
  const { connection, areRowsPublished } = writer;
  const moved = new Set<SeriesRef>();
  for (const minute of minutes) {
    if (!minute.isCounted) continue;
    const { ref, startMs } = minute;
    if (areRowsPublished) connection.run(Sql.QUEUE_ROW, ref.pairId, startMs);
    const activeMs = activeWindowMs(startMs, committedAtMs);
    if (activeMs <= ref.lastWindowStartMs) continue;
    ref.lastWindowStartMs = activeMs;
    moved.add(ref);
  }
  for (const { id, lastWindowStartMs } of moved) connection.run(Sql.MOVE_LAST_WINDOW, lastWindowStartMs, id);
}
