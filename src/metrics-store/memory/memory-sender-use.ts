import type { MeterPart } from '../../events/meter-part.ts';
import { addSenderCalls, SenderCalls } from '../../tally/sender-calls.ts';
import { OVERFLOW } from '../../tally/series.ts';
import {
  type CoveragePageQuery,
  type CoverageQuery,
  type CoverageRow,
  type CoverageSums,
  type CoverageTotal,
  foldMeters,
  foldSenderCalls,
  METERED_FIELDS,
  METERED_PARTS,
  METERS_PER_HOUR_MAX,
  type MeterDelta,
  type MeteredUse,
  type MeterRoom,
  mergedMeter,
  meterKey,
  pointsOf,
  SENDERS_PER_HOUR_MAX,
  type Sender,
  type SenderCallsDelta,
  senderKey,
} from '../sender-use.ts';
import { tenantTest } from '../tenant-filter.ts';

/** What senders used, by their calls and by their own metrics; `coverage-query.ts` says what an answer is. */
export class MemorySenderUse {
  readonly #calls = new Map<string, SenderCallsDelta>();
  readonly #meters = new Map<string, MeterDelta>();
  /** Keys of registers that are kept for later ones alone. */
  readonly #baselines = new Set<string>();

  add(senderCalls: readonly SenderCallsDelta[], meters: readonly MeterDelta[]): void {
    const senderRoom = new Room(this.#calls, SENDERS_PER_HOUR_MAX);
    for (const delta of foldSenderCalls(senderCalls)) {
      const isKept = this.#calls.has(senderKey(delta)) || senderRoom.takes(delta);
      const sender = isKept ? delta : { ...delta, service: OVERFLOW, session: OVERFLOW };
      const known = this.#calls.get(senderKey(sender)) ?? { ...sender, sums: new SenderCalls() };
      addSenderCalls(known.sums, delta.sums);
      this.#calls.set(senderKey(sender), known);
    }
    const meterRoom = new Room(this.#meters, METERS_PER_HOUR_MAX);
    for (const delta of foldMeters(meters)) {
      const isKept = this.#meters.has(meterKey(delta)) || meterRoom.takes(delta);
      const meter = isKept ? delta : overflowed(delta);
      const known = this.#meters.get(meterKey(meter));
      this.#meters.set(meterKey(meter), known === undefined ? meter : mergedMeter(known, meter));
    }
  }

  read(query: CoveragePageQuery): readonly CoverageRow[] {
    const { after, limit } = query;
    const rows = this.#rows(query).toSorted(inOrder);
    return rows.filter((row) => after === null || inOrder(after, row) < 0).slice(0, limit);
  }

  readTotals(query: CoverageQuery): readonly CoverageTotal[] {
    const totals = new Map<string, CoverageTotal>();
    const rows = this.#rows(query);
    const meteredSessions = new Set(rows.filter(({ metered }) => metered !== null).map((row) => sessionKey(row)));
    for (const row of rows) {
      const { tenantId, service, calls, metered, lostPoints } = row;
      const key = `${tenantId}\0${service}`;
      const known = totals.get(key) ?? { ...NOTHING, witnessedTokens: 0 };
      const isWitnessed =
        meteredSessions.has(sessionKey(row)) || meteredSessions.has(sessionKey({ ...row, session: '' }));
      const tokens = isWitnessed && calls !== null ? calls.promptTokens + calls.completionTokens : 0;
      const witnessedTokens = known.witnessedTokens + tokens;
      totals.set(key, { tenantId, service, ...summed(known, { calls, metered, lostPoints }), witnessedTokens });
    }
    return [...totals.values()].toSorted((a, b) => inText(a.tenantId, b.tenantId) || inText(a.service, b.service));
  }

  room(fromMs: number): MeterRoom {
    const latest = [...this.#meters.values()].filter(({ hourStartMs }) => hourStartMs >= fromMs);
    const counts = new Map<string, number>();
    for (const { tenantId, hourStartMs } of latest) {
      const key = `${hourStartMs}\0${tenantId}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return { registers: Math.max(0, ...counts.values()), lostPoints: latest.reduce((sum, { lost }) => sum + lost, 0) };
  }

  prune(beforeMs: number): void {
    for (const [key, { hourStartMs }] of this.#calls) if (hourStartMs < beforeMs) this.#calls.delete(key);
    const streams = this.#streams();
    const old = [...this.#meters].filter(([, { hourStartMs }]) => hourStartMs < beforeMs);
    for (const [key, meter] of old) {
      const later = (streams.get(streamKey(meter)) ?? []).filter(({ hourStartMs }) => hourStartMs > meter.hourStartMs);
      const isNeeded = later.length > 0 && later.every(({ hourStartMs }) => hourStartMs >= beforeMs);
      if (!meter.isDelta && isNeeded) this.#baselines.add(key);
      else this.#meters.delete(key);
    }
  }

  #rows({ tenantId, service, session, fromMs, toMs }: CoverageQuery): CoverageRow[] {
    const isWanted = tenantTest(tenantId);
    const isAsked = (sender: Sender): boolean =>
      sender.hourStartMs >= fromMs &&
      sender.hourStartMs < toMs &&
      isWanted(sender.tenantId) &&
      (service ?? sender.service) === sender.service &&
      (session ?? sender.session) === sender.session;
    const rows = new Map<string, CoverageRow>();
    const streams = this.#streams();
    const meters = [...this.#meters].filter(([key, meter]) => !this.#baselines.has(key) && isAsked(meter));
    for (const [, meter] of this.#believed(meters)) {
      this.#put(rows, meter, {
        calls: null,
        metered: meteredBy(meter.part, this.#grownBy(meter, streams)),
        lostPoints: meter.lost,
      });
    }
    const metered = new Set(rows.keys());
    for (const delta of this.#calls.values()) {
      if (!isAsked(delta) || delta.sums.calls === 0) continue;
      const isBeside = !metered.has(senderKey(delta)) && metered.has(senderKey({ ...delta, session: '' }));
      this.#put(rows, isBeside ? { ...delta, session: '' } : delta, {
        calls: delta.sums,
        metered: null,
        lostPoints: 0,
      });
    }
    return [...rows.values()];
  }

  #put(rows: Map<string, CoverageRow>, sender: Sender, sums: CoverageSums): void {
    const { tenantId, hourStartMs, service, session } = sender;
    const known = rows.get(senderKey(sender)) ?? NOTHING;
    rows.set(senderKey(sender), { tenantId, hourStartMs, service, session, ...summed(known, sums) });
  }

  /** Of the metrics of one scope that tell the same the one with the least precedence, tokens and cost apart. */
  #believed(meters: readonly [string, MeterDelta][]): readonly [string, MeterDelta][] {
    const least = new Map<string, number>();
    const kindOf = (meter: MeterDelta) => `${senderKey(meter)}\0${meter.scope}\0${meter.part === 'cost'}`;
    for (const [, meter] of meters) {
      least.set(kindOf(meter), Math.min(least.get(kindOf(meter)) ?? Infinity, meter.precedence));
    }
    return meters.filter(([, meter]) => least.get(kindOf(meter)) === meter.precedence);
  }

  /** What a series added in its hour. @param streams all registers of cumulative series, by series */
  #grownBy(meter: MeterDelta, streams: ReadonlyMap<string, readonly MeterDelta[]>): number {
    if (meter.isDelta) return [...meter.intervals.values()].reduce((sum, value) => sum + value, 0);
    const earlier = (streams.get(streamKey(meter)) ?? []).filter(({ hourStartMs }) => hourStartMs < meter.hourStartMs);
    return Math.max(0, meter.total - Math.max(0, ...earlier.map(({ total }) => total)));
  }

  #streams(): ReadonlyMap<string, readonly MeterDelta[]> {
    return Map.groupBy(
      [...this.#meters.values()].filter(({ isDelta }) => !isDelta),
      streamKey,
    );
  }
}

/** How many rows a tenant and hour may still have, counted once in a commit. */
class Room {
  readonly #left = new Map<string, number>();
  readonly #rowsMax: number;

  constructor(rows: ReadonlyMap<string, Sender>, rowsMax: number) {
    this.#rowsMax = rowsMax;
    for (const row of rows.values()) this.takes(row);
  }

  /** Whether there is room for a new row, which then is taken. */
  takes({ tenantId, hourStartMs }: Sender): boolean {
    const key = `${hourStartMs}\0${tenantId}`;
    const left = this.#left.get(key) ?? this.#rowsMax;
    this.#left.set(key, left - 1);
    return left > 0;
  }
}

function streamKey({ tenantId, stream }: MeterDelta): string {
  return `${tenantId}\0${stream}`;
}

/** Whatever the hour. */
function sessionKey(sender: Sender): string {
  return senderKey({ ...sender, hourStartMs: 0 });
}

function overflowed(delta: MeterDelta): MeterDelta {
  const nobody = { service: OVERFLOW, session: '', scope: '', stream: OVERFLOW };
  const nothing = { precedence: 0, part: 'prompt', isDelta: true, total: 0, intervals: new Map() } as const;
  return { ...delta, ...nobody, ...nothing, lost: pointsOf(delta) };
}

function meteredBy(part: MeterPart, amount: number): MeteredUse {
  const entries = METERED_FIELDS.map((field) => [field, METERED_PARTS[field].includes(part) ? amount : null] as const);
  return Object.fromEntries(entries) as unknown as MeteredUse;
}

const NOTHING: CoverageSums = { calls: null, metered: null, lostPoints: 0 };

function summed(a: CoverageSums, b: CoverageSums): CoverageSums {
  return {
    calls: summedCalls(a.calls, b.calls),
    metered: summedUse(a.metered, b.metered),
    lostPoints: a.lostPoints + b.lostPoints,
  };
}

function summedCalls(a: SenderCalls | null, b: SenderCalls | null): SenderCalls | null {
  if (a === null && b === null) return null;
  const sum = new SenderCalls();
  for (const each of [a, b]) if (each !== null) addSenderCalls(sum, each);
  return sum;
}

function summedUse(a: MeteredUse | null, b: MeteredUse | null): MeteredUse | null {
  if (a === null || b === null) return a ?? b;
  return Object.fromEntries(
    METERED_FIELDS.map((field) => [field, summedAmount(a[field], b[field])]),
  ) as unknown as MeteredUse;
}

function summedAmount(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : a + b;
}

/** Newest hour first. */
function inOrder(a: Sender, b: Sender): number {
  const byName = inText(a.tenantId, b.tenantId) || inText(a.service, b.service) || inText(a.session, b.session);
  return b.hourStartMs - a.hourStartMs || byName;
}

function inText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
