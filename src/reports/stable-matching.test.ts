import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StableMatching } from './stable-matching.ts';

interface Point {
  readonly id: string;
  readonly side: number;
  readonly at: number;
}

function gapOf(a: Point, b: Point): number | null {
  const gap = Math.abs(a.at - b.at);
  return a.side === b.side || gap > 30 ? null : gap;
}

/** All pairs, the closest first, each whose two points are free. */
function sortedPairs(points: readonly Point[]): string[] {
  const pairs = points.flatMap((a) =>
    points.filter((b) => a.id < b.id && gapOf(a, b) !== null).map((b) => ({ a, b, gap: gapOf(a, b) as number })),
  );
  pairs.sort((x, y) => x.gap - y.gap || (x.a.id + x.b.id < y.a.id + y.b.id ? -1 : 1));
  const taken = new Set<Point>();
  const found: string[] = [];
  for (const { a, b } of pairs) {
    if (taken.has(a) || taken.has(b)) continue;
    taken.add(a).add(b);
    found.push(`${a.id}-${b.id}`);
  }
  return found.sort();
}

test('whatever came and went in whatever order, the pairs are those that sorting all by their gap gives', () => {
  const anyPoint = fc.record({ side: fc.nat(2), at: fc.nat(120) });
  fc.assert(
    fc.property(fc.array(anyPoint, { maxLength: 24 }), fc.array(fc.nat(), { maxLength: 30 }), (given, moves) => {
      const points = given.map((each, n): Point => ({ ...each, id: String(n).padStart(2, '0') }));
      const present = new Set<Point>();
      const matching = new StableMatching<Point>({
        gapOf,
        candidatesOf: () => present,
        idOf: ({ id }) => id,
        willChange: () => undefined,
      });
      for (const point of points) {
        present.add(point);
        matching.insert(point);
      }
      for (const move of moves) {
        const moved = points[move % Math.max(points.length, 1)];
        if (moved === undefined) break;
        if (present.delete(moved)) matching.remove(moved);
        else {
          present.add(moved);
          matching.insert(moved);
        }
      }
      const pairs = [...present].flatMap((a) => {
        const b = matching.partnerOf(a);
        return b !== undefined && a.id < b.id ? [`${a.id}-${b.id}`] : [];
      });
      assert.deepEqual(pairs.sort(), sortedPairs([...present]));
    }),
    { numRuns: 2000 },
  );
});
