import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { GrowingAnswer, TooLargeToShare } from './growing-answer.ts';

const STAYS = new AbortController().signal;
const LARGE = `"a":["${'x'.repeat(1024 * 1024)}"`;

/** An answer of which the test gives part by part. */
function begin() {
  const growing = new GrowingAnswer('"as_of":"now"');
  const asked = Promise.withResolvers<string | null>();
  let wanted = STAYS;
  let tell: (part: string) => void = assert.fail;
  const whole = growing.find((signal, onPart) => {
    [wanted, tell] = [signal, onPart];
    return asked.promise;
  }, STAYS);
  return { growing, asked, whole, tell, isWanted: () => !wanted.aborted };
}

test('an answer of some size is whole', async () => {
  const { growing, asked, whole, tell } = begin();
  tell('"a":[1');
  tell(',2');
  asked.resolve('],"count":2');
  assert.equal(await whole, '"a":[1,2],"count":2');
  assert.equal(growing.stream, null);
});

test('a large one is a stream that begins before its end is found', async () => {
  const { growing, asked, whole, tell } = begin();
  tell(LARGE);
  await assert.rejects(whole, TooLargeToShare);
  const sent = text(growing.stream ?? assert.fail('it has not begun'));
  tell(',"more"');
  asked.resolve('],"count":2');
  assert.equal(await sent, `{${LARGE},"more"],"count":2,"as_of":"now"}`);
});

test('what fails before the stream begins fails as ever, what fails later breaks the stream', async () => {
  const early = begin();
  early.tell('"a":[1');
  early.asked.reject(new Error('too late'));
  await assert.rejects(early.whole, /too late/);
  const late = begin();
  late.tell(LARGE);
  await assert.rejects(late.whole, TooLargeToShare);
  const sent = text(late.growing.stream ?? assert.fail('it has not begun'));
  late.asked.reject(new Error('too late'));
  await assert.rejects(sent, /too late/);
});

test('when whoever reads the stream has gone, the question is given up', async () => {
  const { growing, whole, tell, isWanted } = begin();
  tell(LARGE);
  await assert.rejects(whole, TooLargeToShare);
  assert.ok(isWanted());
  growing.stream?.destroy();
  await new Promise((resolve) => growing.stream?.once('close', resolve));
  assert.ok(!isWanted());
});
