import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addTally, isEmptyTally, Tally } from '../tally/tally.ts';
import { aTally, plain } from './contract/builders.ts';
import {
  EntryReader,
  encodedTally,
  encodePiece,
  mergePieces,
  type PieceEntry,
  PieceWriter,
} from './dimension-piece.ts';

const entry: fc.Arbitrary<PieceEntry> = fc
  .record({
    value: fc.oneof(fc.nat(4), fc.nat(2 ** 40)),
    seriesId: fc.oneof(fc.nat(2), fc.nat(2 ** 20)),
    sign: fc.constantFrom(1, 1, -1),
    latencyMs: fc.integer({ min: 0, max: 10_000 }),
    cost: fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  })
  .map(({ value, seriesId, sign, latencyMs, cost }) => {
    const tally = aTally({ requests: sign, latencyUsSum: sign * (latencyMs + 1), cost });
    // Those of durations are -319 to 1,002.
    tally.latency.addBucket((latencyMs % 1_322) - 319, sign);
    return { value, seriesId, tally };
  });

function sumsOf(entries: readonly PieceEntry[]): Readonly<Record<string, unknown>> {
  const sums = new Map<string, Tally>();
  for (const { value, seriesId, tally } of entries) {
    const key = `${value} ${seriesId}`;
    const sum = sums.get(key) ?? new Tally();
    addTally(sum, tally);
    sums.set(key, sum);
  }
  const found = [...sums].filter(([, sum]) => !isEmptyTally(sum));
  return Object.fromEntries(found.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, sum]) => [key, plain(sum)]));
}

function entriesOf(piece: Uint8Array): PieceEntry[] {
  const reader = new EntryReader(piece);
  const entries: PieceEntry[] = [];
  while (reader.next()) {
    const tally = new Tally();
    reader.addTo(tally);
    entries.push({ value: reader.value, seriesId: reader.seriesId, tally });
  }
  return entries;
}

test('a piece gives back what it was made of, entry by entry, read or passed over', () => {
  fc.assert(
    fc.property(fc.array(entry), (entries) => {
      const read = entriesOf(encodePiece(entries));
      assert.deepEqual(
        read.map(({ value, seriesId, tally }) => [value, seriesId, plain(tally)]),
        entries.map(({ value, seriesId, tally }) => [value, seriesId, plain(tally)]),
      );
      const reader = new EntryReader(encodePiece(entries));
      const values: number[] = [];
      while (reader.next()) values.push(reader.value);
      assert.deepEqual(
        values,
        entries.map(({ value }) => value),
      );
    }),
  );
});

test('pieces may be written behind each other, and merged in any groups, without changing a sum', () => {
  const writer = new PieceWriter();
  fc.assert(
    fc.property(fc.array(fc.array(entry, { maxLength: 8 }), { maxLength: 6 }), fc.nat(6), (groups, cut) => {
      const pieces = groups.map((entries) => encodePiece(entries));
      const expected = sumsOf(groups.flat());
      assert.deepEqual(sumsOf(entriesOf(Buffer.concat(pieces))), expected);
      const merged = mergePieces([mergePieces(pieces.slice(0, cut), writer), ...pieces.slice(cut)], writer);
      assert.deepEqual(sumsOf(entriesOf(merged)), expected);
      assert.equal(entriesOf(merged).length, Object.keys(expected).length);
    }),
  );
});

test('the requests of an entry are read without the rest, of one call, of several and of what is none', () => {
  const answered = (count: number) =>
    aTally({
      requests: count,
      completed: count,
      latencyKnown: count,
      promptTokensKnown: count,
      completionTokensKnown: count,
    });
  const waiting = aTally({ requests: 7 });
  const lost = aTally({ unanswered: 2 });
  // What is added up is written as calls, where it is.
  const tallies = [answered(1), answered(300), waiting, lost].map((tally) => {
    const writer = new PieceWriter();
    writer.begin();
    for (const half of [tally, tally]) writer.add(3, 1, encodedTally(half));
    return writer.finish();
  });
  const requests = tallies.map((piece) => {
    const reader = new EntryReader(piece);
    assert.ok(reader.next());
    return reader.requests();
  });
  assert.deepEqual(requests, [2, 600, 14, 0]);
});

test('a sum that the form cannot hold stays at its end, and is none of those beside it', () => {
  const tally = aTally({ requests: 1, latencyUsSum: 2 ** 60, latencyUsMax: 2 ** 60, cost: -(2n ** 100n) });
  const [first, second] = entriesOf(
    encodePiece([
      { value: 3, seriesId: 1, tally },
      { value: 4, seriesId: 1, tally: aTally() },
    ]),
  );
  assert.deepEqual(
    [first?.tally.requests, first?.tally.latencyUsSum, first?.tally.latencyUsMax, first?.tally.costPicoUsd.value],
    [1, 2 ** 52 - 1, 2 ** 52 - 1, -(2n ** 83n)],
  );
  assert.equal(second?.tally.requests, 1);
});

test('a merge that meets damaged bytes leaves nothing in the next one', () => {
  const piece = encodePiece([{ value: 3, seriesId: 1, tally: aTally() }]);
  const damaged = piece.slice();
  damaged[damaged.length - 1] = 0x80;
  const writer = new PieceWriter();
  assert.throws(() => mergePieces([piece, damaged], writer), RangeError);
  assert.deepEqual(mergePieces([piece, piece], writer), mergePieces([piece, piece]));
});
