import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FAULTS, type Fault, plantedWorld, truthId, type World } from './planted-world.contract.ts';
import type { PriceLookup } from './question.ts';
import { type Reconciliation, reconcile } from './reconcile.ts';
import { NO_TOKENS, plus, tokensOf } from './tokens.ts';

const FROM_MS = Date.parse('2026-11-02T00:00:00Z');
const SEEDS = Array.from({ length: 4 }, (_, index) => index + 1);

const RATES: Readonly<
  Record<string, readonly [input: number, read: number, write: number, hourly: number, output: number]>
> = {
  large: [3_000_000, 300_000, 3_750_000, 6_000_000, 15_000_000],
  small: [800_000, 80_000, 1_000_000, 1_600_000, 4_000_000],
  mini: [150_000, 75_000, 187_500, 300_000, 600_000],
  other: [1_000_000, 100_000, 1_250_000, 2_000_000, 5_000_000],
  foreign: [2_000_000, 200_000, 2_500_000, 4_000_000, 8_000_000],
};
const FACTORS: Readonly<Record<string, number>> = { '': 2, batch: 1, flex: 1, priority: 4 };

const prices: PriceLookup = {
  familyOf: (model) => model.replace(/-20\d\d-\d\d-\d\d$/, ''),
  ratesOf: ({ model, tier }) => {
    const rates = RATES[prices.familyOf(model)];
    const factor = FACTORS[tier];
    if (rates === undefined || factor === undefined) return null;
    const [input, read, write, hourly, output] = rates.map((rate) => (rate * factor) / 2);
    return tokensOf({
      input: input ?? 0,
      cache_read: read ?? 0,
      cache_write: write ?? 0,
      cache_write_1h: hourly ?? 0,
      output: output ?? 0,
    });
  },
};

function worldOf(
  seed: number,
  faults: readonly Fault[],
  areRequestsTold = true,
  models: readonly string[] = ['large', 'small', 'mini'],
): World {
  return plantedWorld({
    random: randomOf(seed),
    faults,
    fromMs: FROM_MS,
    minutes: 120,
    toMs: FROM_MS + 120 * 60_000,
    models,
    otherModel: 'other',
    foreignModel: 'foreign',
    snapshotOf: (model) => `${model}-2026-08-01`,
    keys: ['key_a', 'key_b'],
    prices,
    hasHourlyCache: true,
    areRequestsTold,
    bucketMs: 60_000,
  });
}

function randomOf(seed: number): () => number {
  let state = seed * 2_654_435_761;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The share of the USD that differ which stands at the right bucket, key, model and cause. */
function shareRight(world: World, { bookings }: Reconciliation): number {
  const found = new Map<string, bigint>();
  for (const { startMs, key, model, reason, picoUsd } of bookings) {
    const id = truthId({ startMs, key, model: prices.familyOf(model) }, reason.cause);
    found.set(id, (found.get(id) ?? 0n) + picoUsd);
  }
  let [wrong, whole] = [0, 0];
  for (const id of new Set([...found.keys(), ...world.truth.keys()])) {
    const [is, ought] = [Number(found.get(id) ?? 0n), Number(world.truth.get(id) ?? 0n)];
    wrong += Math.abs(is - ought);
    whole += Math.abs(ought);
  }
  return whole === 0 ? 1 : 1 - wrong / whole;
}

describe('reconcile', () => {
  for (const fault of FAULTS) {
    test(`at least 99 % of what ${fault} makes differ is booked to it`, () => {
      for (const seed of SEEDS) {
        const world = worldOf(seed, [fault]);
        const share = shareRight(world, reconcile(world.question));
        assert.ok(share >= 0.99, `seed ${seed}: ${share}`);
      }
    });
  }

  test('at least 99 % is booked to the right cause when all faults happen at once, in each bucket and model', () => {
    const shares = Array.from({ length: 12 }, (_, index) => {
      const world = worldOf(index + 1, FAULTS, index % 2 === 0);
      return shareRight(world, reconcile(world.question));
    });
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    assert.ok(mean >= 0.99, `${mean}`);
    // Two faults in one minute and series may show only their sum.
    assert.ok(
      shares.every((share) => share >= 0.97),
      shares.join(' '),
    );
  });

  test('at least 98 % is booked to the right cause where calls that are billed twice read a cache that ours never tell', () => {
    const faults = ['cache_reads', 'retries', 'never_seen', 'billed_failures', 'second_application'] as const;
    for (const seed of SEEDS) {
      // Where ours tell no reads of the dearest model, these are most of what differs; no bill says whose they are.
      const world = worldOf(seed, faults, false, ['mini', 'small', 'large']);
      const share = shareRight(world, reconcile(world.question));
      assert.ok(share >= 0.98, `seed ${seed}: ${share}`);
    }
  });

  test('bookings add up to the whole difference, whatever the faults', () => {
    for (const seed of SEEDS) {
      for (const areRequestsTold of [true, false]) {
        const random = randomOf(seed + 1_000);
        const world = worldOf(
          seed,
          FAULTS.filter(() => random() < 0.5),
          areRequestsTold,
        );
        const { theirs, ours, bookings } = reconcile(world.question);
        const charged = (world.question.charges ?? []).reduce((sum, { picoUsd }) => sum + picoUsd, 0n);
        const tokens = world.question.theirs.reduce((sum, row) => plus(sum, row.tokens), [...NO_TOKENS]);
        const booked = bookings.reduce((sum, { picoUsd }) => sum + picoUsd, 0n);
        assert.equal(ours.picoUsd + booked, charged, `seed ${seed}`);
        assert.equal(theirs.picoUsd, charged, `seed ${seed}`);
        assert.deepEqual(theirs.tokens, tokens, `seed ${seed}`);
      }
    }
  });

  test('a charge may come in several lines, such as one for each workspace or size of prompt', () => {
    for (const seed of SEEDS.slice(0, 8)) {
      const { question } = worldOf(seed, FAULTS);
      const lines = (question.charges ?? []).flatMap((charge) => {
        const picoUsd = charge.picoUsd / 3n;
        return [
          { ...charge, picoUsd },
          { ...charge, picoUsd: charge.picoUsd - picoUsd },
        ];
      });
      const [whole, split] = [reconcile(question), reconcile({ ...question, charges: lines })];
      assert.equal(split.theirs.picoUsd, whole.theirs.picoUsd, `seed ${seed}`);
      assert.deepEqual(usdByCause(split), usdByCause(whole), `seed ${seed}`);
      for (const { theirs } of split.rows) assert.ok(theirs.picoUsd >= 0n, `seed ${seed}`);
    }
  });

  test('lines that are for overlapping usage add up to what is charged', () => {
    for (const seed of SEEDS.slice(0, 8)) {
      const { question } = worldOf(seed, FAULTS);
      const random = randomOf(seed);
      const charges = (question.charges ?? []).map((charge) => ({
        ...charge,
        startMs: random() < 0.2 ? question.fromMs : charge.startMs,
        key: random() < 0.3 ? null : charge.key,
        model: random() < 0.2 ? null : charge.model,
        tier: random() < 0.3 ? null : charge.tier,
        part: random() < 0.3 ? null : charge.part,
      }));
      const { theirs, rows } = reconcile({ ...question, charges });
      assert.equal(
        theirs.picoUsd,
        charges.reduce((sum, { picoUsd }) => sum + picoUsd, 0n),
        `seed ${seed}`,
      );
      for (const row of rows) assert.ok(row.theirs.picoUsd >= 0n, `seed ${seed}: ${row.theirs.picoUsd}`);
    }
  });

  test('bills of single calls add up to what each of them was charged', () => {
    const { question } = worldOf(1, []);
    const calls = question.theirs.slice(0, 50).flatMap((row) => [row, row]);
    const charges = calls.map(({ startMs, model }, index) => ({
      startMs,
      endMs: startMs + question.bucketMs,
      key: null,
      model,
      tier: null,
      part: null,
      isForTokens: true,
      picoUsd: BigInt(index) * 1_000_000n,
      label: `call ${index}`,
    }));
    const { theirs, rows } = reconcile({ ...question, theirs: calls, charges });
    assert.equal(
      theirs.picoUsd,
      charges.reduce((sum, { picoUsd }) => sum + picoUsd, 0n),
    );
    for (const row of rows) assert.ok(row.theirs.picoUsd >= 0n, `${row.theirs.picoUsd}`);
  });

  test('two equal ledgers have nothing to explain', () => {
    const { bookings, ours, theirs } = reconcile(worldOf(1, []).question);
    assert.deepEqual(bookings, []);
    assert.deepEqual(ours, theirs);
    assert.ok(ours.picoUsd > 0n);
  });

  test('days by a local clock are told as such, and nothing else is made of them', () => {
    const { question } = worldOf(1, []);
    const [hourMs, dayMs] = [3_600_000, 86_400_000];
    const ours = question.ours.map((row, index) => ({ ...row, startMs: FROM_MS + (index % 72) * hourMs }));
    const theirs = ours.map((row) => ({
      ...row,
      startMs: Math.floor((row.startMs + 2 * hourMs) / dayMs) * dayMs,
      isPromptWhole: false,
    }));
    const days = { fromMs: FROM_MS, toMs: FROM_MS + 3 * dayMs, bucketMs: dayMs, mayDaysBeLocal: true };
    const inside = theirs.filter(({ startMs }) => startMs < days.toMs);
    const local = { ...question, ...days, ours, theirs: inside, calls: [], areCallsWhole: false, charges: null };
    const { bookings } = reconcile(local);
    assert.deepEqual([...new Set(bookings.map(({ reason }) => reason.cause))], ['boundary']);
    assert.match(bookings[0]?.reason.evidence ?? '', /days are those of UTC\+2;/);
  });
});

function usdByCause({ bookings }: Reconciliation): Readonly<Record<string, bigint>> {
  const byCause: Record<string, bigint> = {};
  for (const { reason, picoUsd } of bookings) byCause[reason.cause] = (byCause[reason.cause] ?? 0n) + picoUsd;
  return byCause;
}
