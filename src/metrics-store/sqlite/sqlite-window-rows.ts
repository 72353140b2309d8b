import type { SqliteConnection } from '../../sqlite/sqlite-connection.ts';
import { nameOfBilled } from '../../tally/billed-name.ts';
import { Tally } from '../../tally/tally.ts';
import { activeWindowMs, DAY_MS, HOUR_MS, MINUTE_MS, windowStartMs } from '../../tally/window.ts';
import type { NamedUsage, WindowCodec } from '../../tally/window-codec.ts';
import type { Additions } from '../commit-group.ts';
import { type FoldedTally, type FoldedUsage, foldTallies, foldUsages } from '../fold-commit.ts';
import * as Sql from './commit-statements.ts';
import { MinuteBits } from './minute-bits.ts';
import type { SeriesRef, SqliteDictionary } from './sqlite-dictionary.ts';

interface Writer {
  readonly connection: SqliteConnection;
  readonly dictionary: SqliteDictionary;
  readonly codec: WindowCodec;
  readonly areRowsPublished: boolean;
}

/** A row of a minute that has usage alone: when it changed. */
const NEVER_MS = -1;

/** Adds a commit's tallies to minutes, hours and days, and its usage to the minutes. */
export function addWindows(writer: Writer, { tallies, usages, committedAtMs }: Additions): void {
  const { dictionary } = writer;
  const folded = foldTallies(tallies, (series) => dictionary.resolveSeries(series));
  const ofMinutes = new UsagesOfMinutes(foldUsages(usages, (series) => dictionary.resolveSeries(series)));
  const minutes = new MinutesOfHours();
  for (const row of folded.get(MINUTE_MS) ?? []) {
    addMinute(writer, { row, usages: ofMinutes.take(row.ref, row.windowStartMs), committedAtMs });
    minutes.add(row.ref, row.windowStartMs);
  }
  addUsageAlone(writer, ofMinutes.left());
  const { connection, codec } = writer;
  const addHour = connection.statement(Sql.UPSERT_HOUR);
  for (const { ref, windowStartMs: startMs, tally } of folded.get(HOUR_MS) ?? []) {
    addHour.run(ref.tenantKey, startMs, ref.id, minutes.of(ref, startMs), codec.encode(tally));
  }
  const addDay = connection.statement(Sql.UPSERT_DAY);
  for (const { ref, windowStartMs: startMs, tally } of folded.get(DAY_MS) ?? []) {
    addDay.run(ref.tenantKey, startMs, ref.id, tally.requests, codec.encode(tally));
  }
}

interface AddedMinute {
  readonly row: FoldedTally<SeriesRef>;
  readonly usages: readonly NamedUsage[];
  readonly committedAtMs: number;
}

function addMinute({ connection, codec, areRowsPublished }: Writer, { row, usages, committedAtMs }: AddedMinute): void {
  const { ref, windowStartMs: startMs, tally } = row;
  connection.run(Sql.UPSERT_MINUTE, ref.tenantKey, startMs, ref.id, 1, committedAtMs, codec.encode(tally, usages));
  if (areRowsPublished) connection.run(Sql.QUEUE_ROW, ref.pairId, startMs);
  const activeMs = activeWindowMs(startMs, committedAtMs);
  if (activeMs <= ref.lastWindowStartMs) return;
  connection.run(Sql.MOVE_LAST_WINDOW, activeMs, ref.id);
  ref.lastWindowStartMs = activeMs;
}

/** Usage by itself changes no row that anybody is told of. */
function addUsageAlone({ connection, codec }: Writer, rows: Iterable<UsagesOfMinute>): void {
  const nothing = new Tally();
  for (const { ref, windowStartMs: startMs, usages } of rows) {
    connection.run(Sql.UPSERT_MINUTE, ref.tenantKey, startMs, ref.id, 0, NEVER_MS, codec.encode(nothing, usages));
  }
}

interface UsagesOfMinute {
  readonly ref: SeriesRef;
  readonly windowStartMs: number;
  readonly usages: NamedUsage[];
}

const NO_USAGES: readonly NamedUsage[] = [];

class UsagesOfMinutes {
  readonly #bySeries = new Map<number, Map<number, UsagesOfMinute>>();

  constructor(rows: readonly FoldedUsage<SeriesRef>[]) {
    for (const { ref, windowStartMs: startMs, billed, usage } of rows) {
      let minutes = this.#bySeries.get(ref.id);
      if (minutes === undefined) this.#bySeries.set(ref.id, (minutes = new Map()));
      const named = { billed: nameOfBilled(billed, ref), usage };
      const known = minutes.get(startMs);
      if (known === undefined) minutes.set(startMs, { ref, windowStartMs: startMs, usages: [named] });
      else known.usages.push(named);
    }
  }

  take({ id }: SeriesRef, startMs: number): readonly NamedUsage[] {
    const minutes = this.#bySeries.get(id);
    const found = minutes?.get(startMs);
    if (found === undefined) return NO_USAGES;
    minutes?.delete(startMs);
    return found.usages;
  }

  *left(): Iterable<UsagesOfMinute> {
    for (const minutes of this.#bySeries.values()) yield* minutes.values();
  }
}

/** Which minutes of the hours of series a commit adds to. */
class MinutesOfHours {
  readonly #bySeries = new Map<number, Map<number, MinuteBits>>();

  add({ id }: SeriesRef, minuteMs: number): void {
    const hourMs = windowStartMs(minuteMs, HOUR_MS);
    let hours = this.#bySeries.get(id);
    if (hours === undefined) this.#bySeries.set(id, (hours = new Map()));
    let bits = hours.get(hourMs);
    if (bits === undefined) hours.set(hourMs, (bits = new MinuteBits()));
    bits.add((minuteMs - hourMs) / MINUTE_MS);
  }

  of({ id }: SeriesRef, hourMs: number): bigint {
    return this.#bySeries.get(id)?.get(hourMs)?.stored ?? 0n;
  }
}
