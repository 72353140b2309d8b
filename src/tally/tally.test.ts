import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ExactSum } from './exact-sum.ts';
import { Histogram } from './histogram.ts';
import { addTally, subtractTally, Tally } from './tally.ts';
import { addUsage, subtractUsage, Usage } from './usage.ts';

/** The fields as an instance has them, whatever any list says. */
const fieldsOf = <T extends object>(sums: T): readonly (keyof T & string)[] =>
  Object.keys(sums) as (keyof T & string)[];

/** What a field holds, in a form that compares. */
function shown(value: unknown): unknown {
  if (value instanceof ExactSum) return value.value;
  if (value instanceof Histogram) {
    return [value.zeroCount, value.count, value.sortedBuckets()];
  }
  return value;
}

const plain = (sums: object): object =>
  Object.fromEntries(Object.entries(sums).map(([name, value]) => [name, shown(value)]));

function filled<T extends object>(empty: T, seed: readonly number[]): T {
  const sums = empty as Record<string, unknown>;
  for (const [index, field] of fieldsOf(empty).entries()) {
    const amount = seed[index % seed.length] ?? 1;
    const value = sums[field];
    if (value instanceof ExactSum) value.addProduct(amount, 2 ** 45);
    else if (value instanceof Histogram) value.record(amount / 7);
    else sums[field] = amount;
  }
  return empty;
}

const KINDS = {
  tally: { empty: () => new Tally(), add: addTally, subtract: subtractTally, maxima: ['latencyUsMax'] },
  usage: { empty: () => new Usage(), add: addUsage, subtract: subtractUsage, maxima: [] as string[] },
} as const;

const aSeed = fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 40 });

function sumOf<T extends object>(kind: { empty: () => T; add: (into: T, from: T) => void }, parts: readonly T[]): T {
  const sum = kind.empty();
  for (const part of parts) kind.add(sum, part);
  return sum;
}

function lawsOf<T extends object>(
  name: string,
  kind: {
    empty: () => T;
    add: (into: T, from: T) => void;
    subtract: (into: T, from: T) => void;
    maxima: readonly string[];
  },
): void {
  const made = (seed: readonly number[]): T => filled(kind.empty(), seed);

  test(`a ${name} plus nothing is itself, in every field`, () => {
    fc.assert(
      fc.property(aSeed, (seed) => {
        assert.deepEqual(plain(sumOf(kind, [made(seed), kind.empty()])), plain(made(seed)));
        assert.deepEqual(plain(sumOf(kind, [kind.empty(), made(seed)])), plain(made(seed)));
      }),
    );
  });

  test(`a ${name} adds in any order and grouping`, () => {
    fc.assert(
      fc.property(aSeed, aSeed, aSeed, (a, b, c) => {
        const left = sumOf(kind, [sumOf(kind, [made(a), made(b)]), made(c)]);
        assert.deepEqual(plain(sumOf(kind, [made(a), sumOf(kind, [made(b), made(c)])])), plain(left));
        assert.deepEqual(plain(sumOf(kind, [made(c), made(b), made(a)])), plain(left));
      }),
    );
  });

  test(`every field of a ${name} grows when it is added to itself, but for a maximum`, () => {
    const [once, twice] = [made([3]), sumOf(kind, [made([3]), made([3])])];
    for (const field of fieldsOf(once)) {
      const isSame = JSON.stringify(shown(once[field]), bigText) === JSON.stringify(shown(twice[field]), bigText);
      assert.equal(isSame, kind.maxima.includes(field), field);
    }
  });

  test(`what was added to a ${name} can be taken back, but for a maximum`, () => {
    fc.assert(
      fc.property(aSeed, aSeed, (a, b) => {
        const sum = sumOf(kind, [made(a), made(b)]);
        kind.subtract(sum, made(b));
        const without = (sums: object): object =>
          Object.fromEntries(Object.entries(sums).filter(([field]) => !kind.maxima.includes(field)));
        assert.deepEqual(without(plain(sum)), without(plain(made(a))));
      }),
    );
  });
}

const bigText = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

lawsOf('tally', KINDS.tally);
lawsOf('usage', KINDS.usage);
