import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MetricsRow } from '../../src/dashboard/api-answers.ts';
import { changeOf, errorRateTone } from '../../src/dashboard/comparison.ts';

const row = (requests: number, errors = 0): MetricsRow =>
  ({ requests, completed: requests, errors, in_flight: 0, unanswered: 0 }) as MetricsRow;

test('a change is coloured only where it is large, of enough calls, and of something that can be bad', () => {
  const many = { total: row(100), previous: row(100), meaning: 'latency' } as const;
  assert.equal(changeOf(121, 100, many)?.tone, 'worse');
  assert.equal(changeOf(79, 100, many)?.tone, 'better');
  assert.equal(changeOf(115, 100, many)?.tone, 'same');
  assert.equal(changeOf(300, 100, { ...many, meaning: 'news' })?.tone, 'same');
  assert.equal(changeOf(300, 100, { ...many, previous: row(5) })?.tone, 'same');
  assert.deepEqual(
    [1.4, 1.6, 0.2].map((now) => changeOf(now, 1, { ...many, meaning: 'cost' })?.tone),
    ['same', 'worse', 'same'],
  );
});

test('a few errors more are chance, many more are not', () => {
  const tone = (errors: number) =>
    changeOf(errors / 1000, 10 / 1000, { total: row(1000, errors), previous: row(1000, 10), meaning: 'errors' })?.tone;
  assert.deepEqual([tone(14), tone(19), tone(40)], ['same', 'same', 'worse']);
});

test('a change is written as a person would say it', () => {
  const compared = { total: row(100), previous: row(100), meaning: 'latency' } as const;
  const text = (now: number, before: number) => changeOf(now, before, compared)?.text.replace('\u202f', ' ');
  assert.deepEqual(
    [text(112, 100), text(90, 100), text(100, 100), text(1200, 100), text(5, 0), text(0, 0)],
    ['+12%', '−10%', '±0%', '12 ×', 'new', undefined],
  );
  assert.equal(changeOf(null, 1, compared), null);
});

test('an error now and then is no alarm; a rate that is high, or three times as high as before, is', () => {
  assert.equal(errorRateTone(row(1000, 6), row(1000, 6)), undefined);
  assert.equal(errorRateTone(row(10, 2), null), undefined);
  assert.equal(errorRateTone(row(1000, 30), row(1000, 25)), 'warn');
  assert.equal(errorRateTone(row(1000, 30), row(1000, 5)), 'bad');
  assert.equal(errorRateTone(row(1000, 120), null), 'bad');
});
