import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mergeByWindow } from './merge-by-window.ts';

describe('Streams merged by window', () => {
  test('come in the order of their windows, from the first stream first', () => {
    const streams = [
      [1, 3, 3, 8],
      [0, 3, 9],
    ];
    assert.deepEqual([...mergeByWindow(streams, 'asc', (start) => start)], [0, 1, 3, 3, 3, 8, 9]);
    const falling = streams.map((stream) => stream.toReversed());
    assert.deepEqual([...mergeByWindow(falling, 'desc', (start) => start)], [9, 8, 3, 3, 3, 1, 0]);
  });

  test('are all let go of where the reader stops, or one of them fails', () => {
    const open = new Set<string>();
    function* stream(name: string, failsAt = Number.POSITIVE_INFINITY): Generator<number> {
      open.add(name);
      try {
        for (let start = 0; start < 10; start++) {
          if (start === failsAt) throw new Error('broken');
          yield start;
        }
      } finally {
        open.delete(name);
      }
    }
    for (const start of mergeByWindow([stream('a'), stream('b')], 'asc', (at) => at)) {
      assert.deepEqual(open, new Set(['a', 'b']));
      if (start === 4) break;
    }
    assert.deepEqual(open, new Set());
    for (const failsAt of [0, 5]) {
      const streams = [stream('a'), stream('b', failsAt), stream('c')];
      assert.throws(() => [...mergeByWindow(streams, 'asc', (at) => at)], /broken/);
      assert.deepEqual(open, new Set());
    }
  });
});
