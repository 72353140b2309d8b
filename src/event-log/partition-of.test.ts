import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { partitionOf } from './partition-of.ts';

test('keys go to the partitions that the Java client chose', () => {
  // Written once by kafka-clients 4.4.0, see `test/fixtures/java-partitions.java`. Per line: key as JSON, partition of
  // 1, 6, 12, 50.
  const lines = readFileSync(new URL('../../test/fixtures/java-partitions.ndjson', import.meta.url), 'utf8')
    .trim()
    .split('\n');
  assert.ok(lines.length >= 100);
  for (const line of lines) {
    const { key, partitions } = JSON.parse(line) as { key: string; partitions: Record<string, number> };
    const chosen = Object.fromEntries(Object.keys(partitions).map((count) => [count, partitionOf(key, Number(count))]));
    assert.deepEqual(chosen, partitions, key);
  }
});

test('a key as text and as bytes goes to the same partition, whatever it holds and however long it is', () => {
  for (let length = 0; length <= 64; length++) {
    for (const text of ['żółw-', 'call-0123456789-', '\u007f\u0080', '😀\ud800']) {
      const key = text.repeat(16).slice(0, length);
      assert.equal(partitionOf(key, 1009), partitionOf(Buffer.from(key), 1009), key);
    }
  }
});
