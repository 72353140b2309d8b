import type { Tally } from '../tally/tally.ts';
import type { BilledModel, Usage } from '../tally/usage.ts';
import { columnOf } from './tally-columns.ts';

/**
 * The key of a usage row besides its window and series: each field with its SQL column. One that is not here does not
 * compile.
 */
const BILLED = {
  provider: 'billed_provider',
  model: 'billed_model',
  bandFromTokens: 'band_from_tokens',
  serviceTier: 'service_tier',
  reportedBy: 'reported_by',
} as const satisfies Readonly<Record<keyof BilledModel, string>>;

export const BILLED_FIELDS = Object.keys(BILLED) as readonly (keyof BilledModel)[];
export const BILLED_COLUMNS: readonly string[] = Object.values(BILLED);
/** Postgres' types of these columns. */
export const BILLED_TYPES: readonly string[] = BILLED_FIELDS.map((field) =>
  field === 'bandFromTokens' ? 'bigint' : 'text',
);

/** From the values of `BILLED_COLUMNS`. */
export function billedOf(values: readonly unknown[]): BilledModel {
  const entries = BILLED_FIELDS.map((field, index) => [
    field,
    field === 'bandFromTokens' ? Number(values[index]) : String(values[index]),
  ]);
  return Object.fromEntries(entries);
}

/** What a new price changes: a sum of the usage, and the sum of the window that holds the same. */
const REPRICED = {
  unpricedCalls: 'unpricedRequests',
  listCalls: 'pricedByList',
  fileCalls: 'pricedByFile',
} as const satisfies Partial<Record<keyof Usage, keyof Tally>>;

/** These have one name in both. */
export const REPRICED_MONEY = ['costPicoUsd', 'listCostPicoUsd'] as const satisfies readonly (keyof Usage &
  keyof Tally)[];

export const REPRICED_COUNTS = Object.keys(REPRICED) as readonly (keyof typeof REPRICED)[];

/** The sums of a usage row that depend on its price. */
export type RepricedSums = Readonly<Record<keyof typeof REPRICED, number>> &
  Readonly<Record<(typeof REPRICED_MONEY)[number], bigint>>;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Adds up what new prices change. */
export class RepricedTotal implements Mutable<RepricedSums> {
  costPicoUsd = 0n;
  listCostPicoUsd = 0n;
  unpricedCalls = 0;
  listCalls = 0;
  fileCalls = 0;

  add(change: RepricedSums): void {
    for (const field of REPRICED_MONEY) this[field] += change[field];
    for (const field of REPRICED_COUNTS) this[field] += change[field];
  }
}

/** Adds what a new price changes to the sums of a window. */
export function addRepriced(tally: Tally, change: RepricedSums): void {
  for (const field of REPRICED_MONEY) tally[field].addBig(change[field]);
  for (const field of REPRICED_COUNTS) tally[REPRICED[field]] += change[field];
}

/** … and to those of the usage. */
export function addRepricedUsage(usage: Usage, change: RepricedSums): void {
  for (const field of REPRICED_MONEY) usage[field].addBig(change[field]);
  for (const field of REPRICED_COUNTS) usage[field] += change[field];
}

export const REPRICED_FIELDS = [...REPRICED_MONEY, ...REPRICED_COUNTS] as const;
export const REPRICED_USAGE_COLUMNS: readonly string[] = REPRICED_FIELDS.map(columnOf);
export const REPRICED_TALLY_COLUMNS: readonly string[] = [
  ...REPRICED_MONEY.map(columnOf),
  ...REPRICED_COUNTS.map((field) => columnOf(REPRICED[field])),
];

export function repricedSumsOf(usage: Usage): RepricedSums {
  const { costPicoUsd, listCostPicoUsd, unpricedCalls, listCalls, fileCalls } = usage;
  return {
    costPicoUsd: costPicoUsd.value,
    listCostPicoUsd: listCostPicoUsd.value,
    unpricedCalls,
    listCalls,
    fileCalls,
  };
}
