import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from '../../bench/measure/judge.ts';

const isSlower = (...ratios: number[]): boolean => judge(ratios, 0.85).isSlower;

test('equal programs on a disturbed machine are not called slower', () => {
  assert.equal(isSlower(1.0, 0.6, 1.02, 0.98, 1.3, 0.7, 1.01), false);
});

test('a median below the limit is not enough where the upper quartile is above it', () => {
  const found = judge([0.6, 0.7, 0.8, 0.84, 0.9, 0.95, 1.0], 0.85);
  assert.deepEqual([found.median, found.isSlower], [0.84, false]);
  assert.ok(found.upperQuartile > 0.85);
});

test('a program that is slower in three of four pairs is called so', () => {
  assert.equal(isSlower(0.7, 0.75, 0.8, 0.72, 1.1, 0.7, 0.74), true);
});

test('exactly at the limit is not below it', () => {
  assert.equal(isSlower(0.85, 0.85, 0.85, 0.85, 0.85), false);
});

test('quartiles lie between two values in proportion', () => {
  const { lowerQuartile, median, upperQuartile } = judge([4, 1, 3, 2], 0.85);
  assert.deepEqual([lowerQuartile, median, upperQuartile], [1.75, 2.5, 3.25]);
});
