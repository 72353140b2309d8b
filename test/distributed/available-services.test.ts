import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { skipWithout } from '../../scripts/services/available-services.ts';

const NAME = 'STREAMLENS_REQUIRE_ALL_SUITES';
const obstacles = { kafka: 'there is no `java`', postgres: null, prometheus: null };

let before: string | undefined;
beforeEach(() => {
  before = process.env[NAME];
  delete process.env[NAME];
});
afterEach(() => {
  if (before === undefined) delete process.env[NAME];
  else process.env[NAME] = before;
});

test('a suite is skipped with one line that names what is missing and why', () => {
  assert.equal(skipWithout(obstacles, ['kafka', 'postgres']), 'no kafka: there is no `java`');
});

test('a suite whose services can be had is not skipped', () => {
  assert.equal(skipWithout(obstacles, ['postgres']), false);
});

test('where all suites are required, one that cannot run fails with the same reason', () => {
  process.env[NAME] = '1';
  assert.throws(() => skipWithout(obstacles, ['kafka']), /cannot run.*no kafka: there is no `java`/);
  assert.equal(skipWithout(obstacles, ['postgres']), false);
});
