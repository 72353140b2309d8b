import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedAnswers } from './shared-answers.ts';

/** Answers that the test gives itself, numbered in the order in which they began. */
class Oven {
  readonly begun: PromiseWithResolvers<string>[] = [];

  readonly answer = (): Promise<string> => {
    const baking = Promise.withResolvers<string>();
    this.begun.push(baking);
    return baking.promise;
  };
}

test('a question that nobody else asks is answered at once', async () => {
  const [shared, oven] = [new SharedAnswers<string>(), new Oven()];
  const answer = shared.ask('a', oven.answer);
  oven.begun[0]?.resolve('first');
  assert.equal(await answer, 'first');
});

test('whoever asks while an answer is made shares one that begins later, so none is older than its question', async () => {
  const [shared, oven] = [new SharedAnswers<string>(), new Oven()];
  const first = shared.ask('a', oven.answer);
  const others = [shared.ask('a', oven.answer), shared.ask('a', oven.answer)];
  assert.equal(oven.begun.length, 1);
  oven.begun[0]?.resolve('first');
  assert.equal(await first, 'first');
  await new Promise(setImmediate);
  assert.equal(oven.begun.length, 2);
  const late = shared.ask('a', oven.answer);
  oven.begun[1]?.resolve('second');
  assert.deepEqual(await Promise.all(others), ['second', 'second']);
  await new Promise(setImmediate);
  oven.begun[2]?.resolve('third');
  assert.equal(await late, 'third');
});

test('different questions do not wait for each other', async () => {
  const [shared, oven] = [new SharedAnswers<string>(), new Oven()];
  const answers = [shared.ask('a', oven.answer), shared.ask('b', oven.answer)];
  oven.begun[1]?.resolve('of b');
  oven.begun[0]?.resolve('of a');
  assert.deepEqual(await Promise.all(answers), ['of a', 'of b']);
});

test('a failure reaches those who share it, and the next question is asked anew', async () => {
  const [shared, oven] = [new SharedAnswers<string>(), new Oven()];
  const first = shared.ask('a', oven.answer);
  const second = shared.ask('a', oven.answer);
  oven.begun[0]?.reject(new Error('the store is away'));
  await assert.rejects(first, /the store is away/);
  await new Promise(setImmediate);
  oven.begun[1]?.resolve('it is back');
  assert.equal(await second, 'it is back');
  const third = shared.ask('a', oven.answer);
  oven.begun[2]?.resolve('still there');
  assert.equal(await third, 'still there');
});
