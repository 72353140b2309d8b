import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { addTally, TALLY_SUMS, Tally } from '../tally/tally.ts';
import { ERROR_SUMS, errorsByKind, splitByErrorKind } from './errors-by-kind.ts';

const SUMS = Object.values(ERROR_SUMS);
const counts = fc.record({
  kinds: fc.tuple(...SUMS.map(() => fc.nat(5))),
  others: fc.nat(5),
  cancelled: fc.nat(5),
  good: fc.nat(5),
  unanswered: fc.nat(5),
  inFlight: fc.nat(5),
});

interface Counted {
  readonly kinds: readonly number[];
  readonly others: number;
  readonly cancelled: number;
  readonly good: number;
  readonly unanswered: number;
  readonly inFlight: number;
}

function tallyOf({ kinds, others, cancelled, good, unanswered, inFlight }: Counted): Tally {
  const tally = new Tally();
  for (const [index, field] of SUMS.entries()) tally[field] = kinds[index] ?? 0;
  tally.errors = kinds.reduce((sum, count) => sum + count, others);
  tally.cancelled = cancelled;
  tally.completed = tally.errors + cancelled + good;
  tally.unanswered = unanswered;
  tally.requests = tally.completed + unanswered + inFlight;
  return tally;
}

test('the parts by error kind add up to the whole, and each holds only its own kind', () => {
  fc.assert(
    fc.property(counts, (counted) => {
      const whole = tallyOf(counted);
      const sum = new Tally();
      for (const [kind, part] of splitByErrorKind(whole)) {
        addTally(sum, part);
        assert.ok(part.requests > 0, 'a kind that did not occur has no part');
        if (kind === '') assert.deepEqual([part.errors, part.cancelled], [0, 0]);
        else if (kind === 'cancelled') assert.deepEqual([part.errors, part.cancelled], [0, part.requests]);
        else assert.deepEqual([part.errors, errorsByKind(part)[kind]], [part.requests, part.requests]);
      }
      for (const field of TALLY_SUMS) assert.equal(sum[field], whole[field], field);
    }),
  );
});

test('the parts come by the name of their kind, those without an error first', () => {
  const whole = tallyOf({ kinds: [1, 1, 1, 1, 1, 1], others: 1, cancelled: 1, good: 1, unanswered: 0, inFlight: 0 });
  assert.deepEqual(
    splitByErrorKind(whole).map(([kind]) => kind),
    ['', 'auth', 'cancelled', 'content_filter', 'invalid_request', 'other', 'rate_limit', 'server', 'timeout'],
  );
});
