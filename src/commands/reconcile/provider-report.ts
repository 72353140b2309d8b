import { tierInGeo } from '../../events/tier-in-geo.ts';
import { type ServiceTier, serviceTierOf } from '../../prices/service-tier.ts';
import type { Charge, TheirUsage } from '../../reconciliation/question.ts';
import { NO_TOKENS, PARTS, type Part } from '../../reconciliation/tokens.ts';

/** What a provider says of a range, in one form, whoever it is. */
export interface ProviderReport {
  /** The provider as price lists name it. */
  readonly provider: string;
  readonly usage: readonly TheirUsage[];
  /** Null where it tells no costs. */
  readonly charges: readonly Charge[] | null;
  /** What a reader has to know about it. */
  readonly notes: readonly string[];
  /** Whether its days may be those of a local clock. */
  readonly mayDaysBeLocal: boolean;
  /** What is known of the size of its buckets, where it was not asked for one. */
  readonly bucketMs: number;
}

/** By what usage is told apart beside model and tier. */
export type KeyBy = 'none' | 'key' | 'project';

export interface ReportQuestion {
  readonly fromMs: number;
  readonly toMs: number;
  readonly bucketMs: number;
  readonly keyBy: KeyBy;
}

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** USD as a decimal text or number, exactly to 10^-12. @returns null for what is none */
export function picoUsdOf(value: unknown, decimals = 12): bigint | null {
  const text = typeof value === 'number' ? plainNumber(value) : typeof value === 'string' ? value.trim() : '';
  const [, sign = '', whole = '', fraction = ''] = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text) ?? [];
  if (whole === '' && fraction === '') return isScientific(text) ? picoUsdOf(Number(text), decimals) : null;
  const digits = BigInt(`${whole}${fraction.slice(0, decimals).padEnd(decimals, '0')}`);
  return sign === '-' ? -digits : digits;
}

const isScientific = (text: string): boolean =>
  /^[+-]?\d+(\.\d+)?e[+-]?\d+$/i.test(text) && Number.isFinite(Number(text));

/** Numbers as JSON has them may be written with an exponent. */
function plainNumber(value: number): string {
  if (!Number.isFinite(value)) return '';
  const text = String(value);
  return text.includes('e') ? value.toFixed(20) : text;
}

/** Cents, as Anthropic gives them: a hundredth of a USD is 10^10 of our units. */
export function picoUsdOfCents(value: unknown): bigint | null {
  return picoUsdOf(value, 10);
}

/** A count; null, absent or wrong is nothing. */
export function countOf(value: unknown): number {
  const count = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof count === 'number' && Number.isFinite(count) && count > 0 ? Math.round(count) : 0;
}

/** The tier by the words of a report. Absent is standard, wherever it was served. */
export function tierOf(word: unknown, geo: unknown = null): ServiceTier {
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  return serviceTierOf(tierInGeo(text(word), text(geo)));
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Tokens by part, what is named twice added up. */
export function partsOf(counts: readonly (readonly [Part, number])[]): number[] {
  const tokens = [...NO_TOKENS];
  for (const [part, count] of counts) {
    const index = PARTS.indexOf(part);
    tokens[index] = (tokens[index] ?? 0) + count;
  }
  return tokens;
}
