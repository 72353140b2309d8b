import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { matchesGlob } from './glob.ts';

test('a star stands for any text or none', () => {
  assert.ok(matchesGlob('llama*', 'llama'));
  assert.ok(matchesGlob('llama*', 'llama-3.1-8b'));
  assert.ok(matchesGlob('*-8b-*', 'llama-8b-instruct'));
  assert.ok(matchesGlob('*', ''));
  assert.ok(!matchesGlob('llama*', 'my-llama'));
  assert.ok(!matchesGlob('a*b', 'ab-'));
});

test('without a star only the same text matches, and a dot is a dot', () => {
  assert.ok(matchesGlob('gpt-4.1', 'gpt-4.1'));
  assert.ok(!matchesGlob('gpt-4.1', 'gpt-4x1'));
  assert.ok(!matchesGlob('gpt-4.1', 'gpt-4.1-mini'));
});

test('matching agrees with the regular expression that the glob stands for', () => {
  const pattern = fc.array(fc.constantFrom('a', 'b', '*'), { maxLength: 8 }).map((parts) => parts.join(''));
  const text = fc.array(fc.constantFrom('a', 'b'), { maxLength: 10 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(pattern, text, (glob, name) => {
      assert.equal(matchesGlob(glob, name), new RegExp(`^${glob.replaceAll('*', '.*')}$`).test(name));
    }),
    { numRuns: 2000 },
  );
});

test('a glob with many stars takes no more than a moment on a long name that almost fits', () => {
  const before = process.cpuUsage();
  matchesGlob(`${'a*'.repeat(100)}b`, 'a'.repeat(255));
  assert.ok(process.cpuUsage(before).user < 100_000);
});
