/** Between a number and its unit: narrow, and no place for a line break. */
const GAP = '\u202f';

const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const THREE_DIGITS = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });
const CENTS = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const NOTHING = '–';

const SIZES = [
  [1e12, 'T'],
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

/** Counts: in full up to four digits, then 12.3 k, 4.56 M. */
export function formatCount(count: number | null | undefined): string {
  if (count == null) return NOTHING;
  return Math.abs(count) < 10_000 ? formatPlain(count) : abbreviated(count);
}

/** In full, with separators. */
export function formatExact(count: number): string {
  return WHOLE.format(count);
}

/** 732 ms, 1.23 s, 2.5 min. */
export function formatMs(ms: number | null | undefined): string {
  if (ms == null) return NOTHING;
  if (ms < 999.5) return `${ms < 9.95 ? THREE_DIGITS.format(Number(ms.toFixed(1))) : WHOLE.format(ms)}${GAP}ms`;
  if (ms < 59_950) return `${THREE_DIGITS.format(ms / 1000)}${GAP}s`;
  if (ms < 3_570_000) return `${THREE_DIGITS.format(ms / 60_000)}${GAP}min`;
  return `${THREE_DIGITS.format(ms / 3_600_000)}${GAP}h`;
}

/** Two digits of a cent and more; below, the first digits that are not 0. */
export function formatUsd(usd: number | null | undefined): string {
  if (usd == null) return NOTHING;
  if (usd === 0) return '$0';
  if (usd >= 10_000) return `$${abbreviated(usd)}`;
  if (usd >= 1) return `$${CENTS.format(usd)}`;
  return `$${trimmed(usd)}`;
}

/** A share of 1. What is more than nothing never looks like nothing. */
export function formatShare(share: number | null | undefined): string {
  if (share == null) return NOTHING;
  if (share === 0) return '0%';
  if (share < 0.0001) return '<0.01%';
  const percent = share * 100;
  return `${percent.toFixed(percent < 1 ? 2 : percent < 99.95 ? 1 : 0)}%`;
}

function formatPlain(count: number): string {
  return Number.isInteger(count) ? WHOLE.format(count) : THREE_DIGITS.format(count);
}

function abbreviated(value: number): string {
  const size = SIZES.find(([least]) => Math.abs(value) >= least * 0.9995);
  return size === undefined ? formatPlain(value) : `${THREE_DIGITS.format(value / size[0])}${GAP}${size[1]}`;
}

/** At least two digits after the point, three that count, at most eight places. */
function trimmed(usd: number): string {
  const places = Math.min(8, Math.max(2, 2 - Math.floor(Math.log10(usd))));
  const text = usd.toFixed(places).replace(/0+$/, '');
  const [whole = '0', rest = ''] = text.split('.');
  return `${whole}.${rest.padEnd(2, '0')}`;
}
