import { DECIMAL_SCALE } from './export-column.ts';

const UNIT = 10n ** BigInt(DECIMAL_SCALE);

/** 10^-12 as a plain decimal number with all of its digits and no others: `0.00015`, `12`. */
export function decimalText(value: bigint): string {
  const sign = value < 0n ? '-' : '';
  const size = value < 0n ? -value : value;
  const fraction = String(size % UNIT)
    .padStart(DECIMAL_SCALE, '0')
    .replace(/0+$/, '');
  return `${sign}${size / UNIT}${fraction === '' ? '' : `.${fraction}`}`;
}

/** A whole number as a `decimal`. */
export function wholeDecimal(count: number): bigint {
  return BigInt(count) * UNIT;
}
