import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Series } from '../../../tally/series.ts';
import { Fingerprint } from '../join/fingerprint.ts';
import { NONE } from '../join/record-pages.ts';
import { type ClosedRoot, ClosedRoots } from './closed-roots.ts';

const fingerprint = new Fingerprint(7);
const SERIES: readonly Series[] = ['a', 'b'].map((route) => ({ tenantId: 'acme', route, model: 'm', provider: '' }));
const spanIdOf = (number: number): string => (number * 2_654_435_761).toString(16).padStart(16, '0');

test('a closed root is known until it is taken or forgotten, whatever came before and after it', () => {
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('add' as const), count: fc.nat(900) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('take' as const), count: fc.nat(40) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const), count: fc.nat(3000) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const roots = new ClosedRoots(2);
      const known = new Map<number, ClosedRoot>();
      let next = 0;
      const find = (number: number): number => roots.find(fingerprint.of(Buffer.from(`trace ${number}`)));
      for (const { kind, count } of steps) {
        if (kind === 'add') {
          for (let i = 0; i < count; i++) {
            const number = next++;
            const root = { spanId: spanIdOf(number), seenMs: 1e12 + number, series: SERIES[number % 3] ?? null };
            roots.add(fingerprint.of(Buffer.from(`trace ${number}`)), root);
            known.set(number, root);
          }
        } else if (kind === 'take') {
          for (const [number, root] of [...known].filter((_, index) => index % 7 === 0).slice(0, count)) {
            assert.deepEqual(roots.take(find(number)), root);
            known.delete(number);
          }
        } else {
          const before = next - count;
          roots.forgetBefore(1e12 + before);
          for (const number of known.keys()) if (number < before) known.delete(number);
        }
      }
      assert.equal(roots.size, known.size);
      for (let number = 0; number < next; number++) {
        const root = known.get(number);
        const entry = find(number);
        assert.equal(entry !== NONE, root !== undefined);
        if (root === undefined) continue;
        assert.ok(roots.isSpan(entry, root.spanId) && !roots.isSpan(entry, spanIdOf(number + 1)));
        assert.equal(roots.seenMs(entry), root.seenMs);
        assert.equal(roots.series(entry), root.series);
      }
    }),
  );
});
