import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatCount, formatMs, formatShare, formatUsd } from '../../src/dashboard/format-number.ts';

/** With ordinary blanks, for reading. */
const plain = (text: string): string => text.replaceAll('\u202f', ' ');

test('counts are whole up to four digits and have three digits and a size beyond', () => {
  const counts = [0, 999, 1234, 9999, 10_000, 12_345, 999_999, 1_234_567, 5_000_000_000];
  const texts = ['0', '999', '1,234', '9,999', '10 k', '12.3 k', '1 M', '1.23 M', '5 B'];
  assert.deepEqual(counts.map(formatCount).map(plain), texts);
});

test('times choose the unit that a person would', () => {
  const times = [0, 0.42, 7.25, 42, 732.4, 999.6, 1234, 59_000, 90_000, 7_200_000];
  const texts = ['0 ms', '0.4 ms', '7.3 ms', '42 ms', '732 ms', '1 s', '1.23 s', '59 s', '1.5 min', '2 h'];
  assert.deepEqual(times.map(formatMs).map(plain), texts);
});

test('a small cost never looks like none', () => {
  const costs = [0, 0.000012, 0.00348, 0.25, 0.5, 2.31, 9999.99, 12_345];
  const texts = ['$0', '$0.000012', '$0.00348', '$0.25', '$0.50', '$2.31', '$9,999.99', '$12.3 k'];
  assert.deepEqual(costs.map(formatUsd).map(plain), texts);
});

test('a small share never looks like none, and what is not known like a dash', () => {
  const shares = [0, 0.00001, 0.0012, 0.0512, 0.9999, 1];
  assert.deepEqual(shares.map(formatShare), ['0%', '<0.01%', '0.12%', '5.1%', '100%', '100%']);
  assert.deepEqual([formatCount(null), formatMs(null), formatUsd(null), formatShare(null)], ['–', '–', '–', '–']);
});
