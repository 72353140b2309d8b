import type { SqlValue } from '../../sqlite/sqlite-connection.ts';

/** The closest integer that SQLite can hold: 9.2 million USD at most, which no call costs. */
export function int64(value: bigint): bigint {
  if (value > INT64_MAX) return INT64_MAX;
  return value < -INT64_MAX ? -INT64_MAX : value;
}

/** A sum as SQLite stores it: beyond 2^63 the closest float, which is what its own addition would give. */
export function int64OrFloat(value: bigint): bigint | number {
  return int64(value) === value ? value : Number(value);
}

const INT64_MAX = 2n ** 63n - 1n;

/** SQLite turns a sum beyond 2^63 into a float rather than fail; it is then as good as a float can be. */
export function storedBigInt(value: SqlValue | undefined): bigint {
  return typeof value === 'bigint' ? value : BigInt(Math.trunc(Number(value)));
}
