import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Correction } from './correction.ts';
import { feeStep } from './fee-step.ts';
import { Ledger } from './ledger.ts';
import type { Charge, OurUsage, PriceLookup, Question } from './question.ts';
import { RateTable } from './rate-table.ts';
import { reconcile } from './reconcile.ts';
import { NO_TOKENS, tokensOf, valueOf } from './tokens.ts';

const FROM_MS = Date.parse('2026-11-02T00:00:00Z');
const DAY_MS = 86_400_000;
const RATES = tokensOf({ input: 3_000_000, output: 15_000_000 });
const TOKENS = tokensOf({ input: 1000, output: 100 });
const SEARCH = 10_000_000_000n;

const prices: PriceLookup = { familyOf: (model) => model, ratesOf: () => RATES };

function aRow(minute: number, searches: number, model = 'claude'): OurUsage {
  const feesPicoUsd = BigInt(searches) * SEARCH;
  return {
    startMs: FROM_MS + minute * 60_000,
    key: '',
    model,
    tier: '',
    requests: 1,
    tokens: TOKENS,
    bandFromTokens: 0,
    costPicoUsd: valueOf(TOKENS, RATES) + feesPicoUsd,
    feesPicoUsd,
    unpricedRequests: 0,
    reportedBy: '',
  };
}

const aLine = (line: Partial<Charge>): Charge => ({
  startMs: FROM_MS,
  endMs: FROM_MS + DAY_MS,
  key: null,
  model: null,
  tier: null,
  part: null,
  isForTokens: true,
  picoUsd: 0n,
  label: '',
  ...line,
});

/** The same tokens on both sides, charged by the list unless they are free, and these lines for something else. */
function reconciled(
  ours: readonly OurUsage[],
  lines: readonly Partial<Charge>[] | null,
  { areTokensFree = false } = {},
) {
  const ofTokens = aLine({ picoUsd: BigInt(ours.length) * valueOf(TOKENS, RATES) });
  const others = lines?.map((line) => aLine({ isForTokens: false, label: 'Web Search Usage', ...line }));
  const question: Question = {
    fromMs: FROM_MS,
    toMs: FROM_MS + DAY_MS,
    bucketMs: 60_000,
    theirs: ours.map((row) => ({ ...row, isPromptWhole: false })),
    charges: others === undefined ? null : [...(areTokensFree ? [] : [ofTokens]), ...others],
    ours,
    calls: [],
    areCallsWhole: false,
    areKeysKnown: false,
    mayDaysBeLocal: false,
    prices,
  };
  const { bookings, theirs } = reconcile(question);
  return {
    theirs: theirs.picoUsd,
    charged: question.charges?.reduce((sum, { picoUsd }) => sum + picoUsd, 0n),
    bookings: bookings.map(({ startMs, model, picoUsd, reason }) => ({
      minute: (startMs - FROM_MS) / 60_000,
      model,
      picoUsd,
      cause: reason.cause,
      evidence: reason.evidence,
    })),
  };
}

test('searches that are charged as they were counted leave no difference', () => {
  const { bookings, theirs, charged } = reconciled([aRow(0, 2), aRow(1, 1, 'opus')], [{ picoUsd: 3n * SEARCH }]);
  assert.deepEqual(bookings, []);
  assert.equal(theirs, charged);
});

test('what is charged for other searches than were counted stands where these were', () => {
  const { bookings, theirs, charged } = reconciled([aRow(0, 3), aRow(1, 1)], [{ picoUsd: 8n * SEARCH }]);
  assert.deepEqual(
    bookings.map(({ minute, picoUsd, cause }) => [minute, picoUsd, cause]),
    [
      [0, 3n * SEARCH, 'not_tokens'],
      [1, SEARCH, 'not_tokens'],
    ],
  );
  assert.match(bookings[0]?.evidence ?? '', /more or fewer/);
  assert.equal(theirs, charged);
});

test('searches that nobody charges, and those that ours know nothing of, are told apart', () => {
  const free = reconciled([aRow(0, 2)], []);
  assert.deepEqual(
    free.bookings.map(({ picoUsd, cause }) => [picoUsd, cause]),
    [[-2n * SEARCH, 'not_tokens']],
  );
  assert.match(free.bookings[0]?.evidence ?? '', /not charged/);
  const strange = reconciled([aRow(0, 0)], [{ picoUsd: SEARCH }]);
  assert.deepEqual(
    strange.bookings.map(({ picoUsd, evidence }) => [picoUsd, evidence]),
    [[SEARCH, 'Web Search Usage']],
  );
  const ofTokens = reconciled([aRow(0, 2)], null);
  assert.match(ofTokens.bookings[0]?.evidence ?? '', /tokens only/);
  assert.equal(ofTokens.theirs, valueOf(TOKENS, RATES));
});

test('tokens are uncharged where searches are all that is charged', () => {
  const { theirs, charged, bookings } = reconciled([aRow(0, 2)], [{ picoUsd: 2n * SEARCH }], { areTokensFree: true });
  assert.equal(theirs, charged);
  assert.deepEqual(
    bookings.map(({ picoUsd, cause }) => [picoUsd, cause]),
    [[-valueOf(TOKENS, RATES), 'price']],
  );
});

test('a line for storage is not taken for one of searches, nor one of another model or day', () => {
  const lines = [{ label: 'Storage' }, { model: 'opus' }, { startMs: FROM_MS + DAY_MS, endMs: FROM_MS + 2 * DAY_MS }];
  for (const line of lines) {
    const { bookings } = reconciled([aRow(0, 1)], [{ picoUsd: SEARCH, ...line }]);
    assert.equal(bookings.length, 2, JSON.stringify(Object.keys(line)));
  }
});

test('whatever is charged in however many lines, what is booked is the difference to the last digit', () => {
  const searches = fc.array(fc.nat(5), { minLength: 1, maxLength: 5 });
  const lines = fc.array(fc.bigInt({ min: 0n, max: 10n ** 12n }), { maxLength: 3 });
  fc.assert(
    fc.property(searches, lines, (counts, amounts) => {
      const ours = counts.map((count, minute) => aRow(minute, count));
      const rates = new RateTable({ prices, ours, theirs: [], charges: [] });
      const correction = new Correction({ ours: new Ledger(), theirs: new Ledger(), rates });
      const charges = amounts.map((picoUsd) => aLine({ picoUsd, isForTokens: false, label: 'web_search' }));
      const step = { ours, charges, bucketMs: 60_000, familyOf: prices.familyOf };
      const left = feeStep(correction, step).reduce((sum, { picoUsd }) => sum + picoUsd, 0n);
      const booked = correction.bookings.reduce((sum, { picoUsd }) => sum + picoUsd, 0n);
      const fees = ours.reduce((sum, { feesPicoUsd }) => sum + feesPicoUsd, 0n);
      assert.equal(booked + left, amounts.reduce((sum, amount) => sum + amount, 0n) - fees);
      assert.ok(correction.bookings.every(({ tokens }) => tokens.every((count, index) => count === NO_TOKENS[index])));
    }),
  );
});
