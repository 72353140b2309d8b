import { isNamedAlike } from '../../tally/billed-name.ts';
import { addTally, Tally } from '../../tally/tally.ts';
import { addUsage, Usage } from '../../tally/usage.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../tally/window.ts';
import type { NamedUsage } from '../../tally/window-codec.ts';
import type { TallyDelta, UsageDelta } from '../commit.ts';
import { CountedUsage, CountedWindow } from '../counted-window.ts';
import { storableNameOf } from '../fold-commit.ts';
import { MinuteBits } from './minute-bits.ts';
import type { SeriesRef } from './sqlite-dictionary.ts';

const NO_USAGES: readonly NamedUsage[] = [];

/** What a commit adds to a row. Tallies are not copied unless they must be added: do not change them. */
export class GatheredRow {
  readonly ref: SeriesRef;
  readonly startMs: number;
  /** Null where there is usage alone. */
  tally: Tally | null = null;
  #isOwn = false;

  constructor(ref: SeriesRef, startMs: number) {
    this.ref = ref;
    this.startMs = startMs;
  }

  add(tally: Tally): void {
    if (this.tally === null) this.tally = tally;
    else addTally(this.ownTally(), tally);
  }

  /** That may be added to. */
  ownTally(): Tally {
    if (!this.#isOwn) {
      const own = new Tally();
      if (this.tally !== null) addTally(own, this.tally);
      this.tally = own;
      this.#isOwn = true;
    }
    return this.tally as Tally;
  }
}

export class GatheredMinute extends GatheredRow {
  usages: readonly NamedUsage[] = NO_USAGES;
  /** All that is added, its usage included, as bytes that the row takes as they are; null where it is no such thing. */
  whole: CountedWindow | null = null;
  /** What was whole until more came. */
  #opened: CountedWindow | null = null;

  get isCounted(): boolean {
    return this.whole !== null || this.tally !== null;
  }

  addWindow(delta: TallyDelta): void {
    if (delta instanceof CountedWindow && !this.isCounted && isNamedAlike(delta.series, this.ref)) this.whole = delta;
    else {
      this.#openWhole();
      this.add(delta.tally);
    }
  }

  addUsage(delta: UsageDelta): void {
    if (delta instanceof CountedUsage) {
      if (delta.window === this.whole || delta.window === this.#opened) return;
    }
    this.#openWhole();
    this.#addNamed(storableNameOf(delta.billed, this.ref), delta.usage);
  }

  #openWhole(): void {
    const { whole } = this;
    if (whole === null) return;
    this.whole = null;
    this.#opened = whole;
    this.add(whole.tally);
    for (const { billed, usage } of whole.usages) this.#addNamed(billed, usage);
  }

  #addNamed(billed: string, usage: Usage): void {
    if (this.usages.length === 0) {
      this.usages = [{ billed, usage }];
      return;
    }
    const known = this.usages.find((each) => each.billed === billed);
    if (known === undefined) {
      this.usages = [...this.usages, { billed, usage }];
      return;
    }
    const sum = new Usage();
    for (const part of [known.usage, usage]) addUsage(sum, part);
    this.usages = this.usages.map((each) => (each === known ? { billed, usage: sum } : each));
  }
}

export class GatheredHour extends GatheredRow {
  readonly minutes = new MinuteBits();
}

/** Rows of a series by their start. Most deltas are of the row of the one before. */
class RowsOfSeries {
  readonly minutes = new Map<number, GatheredMinute>();
  readonly hours = new Map<number, GatheredHour>();
  readonly days = new Map<number, GatheredRow>();
  lastHour: GatheredHour | null = null;
}

/**
 * The rows that a commit adds to, each once, however many deltas name it. Two series may have one entry of the
 * dictionary (the overflow), so what is gathered by is the entry.
 */
export class GatheredWindows {
  /** In the order in which they were named first, as hours and days are. */
  readonly minutes: readonly GatheredMinute[];
  readonly hours: readonly GatheredHour[];
  readonly days: readonly GatheredRow[];
  readonly #bySeries = new Map<number, RowsOfSeries>();

  constructor(
    { tallies, usages }: { readonly tallies: readonly TallyDelta[]; readonly usages: readonly UsageDelta[] },
    refOf: (series: TallyDelta['series']) => SeriesRef,
  ) {
    const minutes: GatheredMinute[] = [];
    let last: { readonly series: TallyDelta['series']; readonly ref: SeriesRef; readonly rows: RowsOfSeries } | null =
      null;
    const minuteOf = ({ series, windowStartMs: startMs }: TallyDelta | UsageDelta): GatheredMinute => {
      if (last?.series !== series) {
        const ref = refOf(series);
        last = { series, ref, rows: this.#rowsOf(ref) };
      }
      let minute = last.rows.minutes.get(startMs);
      if (minute === undefined) {
        minute = new GatheredMinute(last.ref, startMs);
        last.rows.minutes.set(startMs, minute);
        minutes.push(minute);
      }
      return minute;
    };
    for (const delta of tallies) minuteOf(delta).addWindow(delta);
    for (const delta of usages) minuteOf(delta).addUsage(delta);
    this.minutes = minutes;
    this.hours = this.#hoursOf(minutes);
    this.days = this.#daysOf(this.hours);
  }

  #rowsOf({ id }: SeriesRef): RowsOfSeries {
    let rows = this.#bySeries.get(id);
    if (rows === undefined) this.#bySeries.set(id, (rows = new RowsOfSeries()));
    return rows;
  }

  #hoursOf(minutes: readonly GatheredMinute[]): GatheredHour[] {
    const hours: GatheredHour[] = [];
    for (const minute of minutes) {
      if (!minute.isCounted) continue;
      const { ref, startMs, tally, whole } = minute;
      const hourMs = startMs - (startMs % HOUR_MS);
      const rows = this.#rowsOf(ref);
      let hour = rows.lastHour?.startMs === hourMs ? rows.lastHour : rows.hours.get(hourMs);
      if (hour === undefined) {
        hour = new GatheredHour(ref, hourMs);
        rows.hours.set(hourMs, hour);
        hours.push(hour);
      }
      rows.lastHour = hour;
      if (whole !== null) whole.addTo(hour.ownTally());
      else if (tally !== null) hour.add(tally);
      hour.minutes.add((startMs - hourMs) / MINUTE_MS);
    }
    return hours;
  }

  #daysOf(hours: readonly GatheredHour[]): GatheredRow[] {
    const days: GatheredRow[] = [];
    for (const { ref, startMs, tally } of hours) {
      if (tally === null) continue;
      const dayMs = startMs - (startMs % DAY_MS);
      const rows = this.#rowsOf(ref);
      let day = rows.days.get(dayMs);
      if (day === undefined) {
        day = new GatheredRow(ref, dayMs);
        rows.days.set(dayMs, day);
        days.push(day);
      }
      day.add(tally);
    }
    return days;
  }
}
