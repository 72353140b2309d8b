import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type DeadLetterPlace, type DeadLetterReplays, placeKey } from './dead-letter-replays.ts';

const FIRST: DeadLetterPlace = { topic: 'llm.responses', partition: 0, offset: 7 };
const SECOND: DeadLetterPlace = { topic: 'llm.responses', partition: 1, offset: 7 };

/** What every adapter of `DeadLetterReplays` must do. `open` gives an empty store each time; the test closes it. */
export function deadLetterReplaysContract({
  name,
  open,
}: {
  readonly name: string;
  readonly open: () => Promise<DeadLetterReplays>;
}): void {
  describe(`${name} as a store of replays`, () => {
    test('of two claims on one letter only the first gets it', async () => {
      const replays = await open();
      assert.deepEqual(await replays.claim([FIRST], 100), [FIRST]);
      assert.deepEqual(await replays.claim([FIRST, SECOND], 200), [SECOND]);
      const claimed = await replays.read([FIRST, SECOND]);
      assert.deepEqual([claimed.get(placeKey(FIRST)), claimed.get(placeKey(SECOND))], [100, 200]);
      await replays.close();
    });

    test('a claim that was given back can be had again', async () => {
      const replays = await open();
      await replays.claim([FIRST, SECOND], 100);
      await replays.release([FIRST]);
      assert.deepEqual([...(await replays.read([FIRST, SECOND])).keys()], [placeKey(SECOND)]);
      assert.deepEqual(await replays.claim([FIRST], 300), [FIRST]);
      await replays.close();
    });

    test('no letters are claimed, given back and read without a failure', async () => {
      const replays = await open();
      assert.deepEqual(await replays.claim([], 1), []);
      await replays.release([]);
      assert.equal((await replays.read([])).size, 0);
      await replays.close();
    });
  });
}
