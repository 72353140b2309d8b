import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RateLimit } from './rate-limit.ts';
import { type NamedDebt, type SharedDebts, tellDebts } from './share-limits.ts';

const clock = { nowMs: 0 };

/** What Postgres does, by the one clock of this test. */
class MemoryDebts implements SharedDebts {
  readonly #paidUntilMs = new Map<string, number>();
  isAway = false;

  async add(debts: readonly NamedDebt[]): Promise<readonly NamedDebt[]> {
    if (this.isAway) throw new Error('away');
    return debts.map(({ name, ms }) => {
      const untilMs = Math.max(clock.nowMs, this.#paidUntilMs.get(name) ?? 0) + ms;
      this.#paidUntilMs.set(name, untilMs);
      return { name, ms: untilMs - clock.nowMs };
    });
  }
}

function aLimit(): RateLimit {
  return new RateLimit({ name: 'events', unit: 'events', perSecond: 100 }, () => clock.nowMs, true);
}

function isAdmitted(limit: RateLimit): boolean {
  try {
    limit.admit('a');
    return true;
  } catch {
    return false;
  }
}

test('a sender that goes to three processes gets its rate once, and what they had not told yet on top', async () => {
  const [debts, processes] = [new MemoryDebts(), [aLimit(), aLimit(), aLimit()]];
  let taken = 0;
  for (clock.nowMs = 0; clock.nowMs < 60_000; clock.nowMs += 10) {
    for (const limit of processes) {
      if (!isAdmitted(limit)) continue;
      limit.charge('a', 5);
      taken += 5;
    }
    if (clock.nowMs % 500 === 0) for (const limit of processes) await tellDebts(limit, debts);
  }
  // Alone each would take 6,100. A sender may be a second ahead, and each process takes what it has not heard of.
  assert.ok(taken >= 6_000 && taken <= 6_000 + 3 * 150, `${taken} events were taken`);
});

test('while nobody answers a process limits by itself', async () => {
  clock.nowMs = 0;
  const [debts, limit] = [new MemoryDebts(), aLimit()];
  debts.isAway = true;
  limit.charge('a', 250);
  await assert.rejects(tellDebts(limit, debts));
  assert.equal(isAdmitted(limit), false);
  clock.nowMs = 1_501;
  assert.equal(isAdmitted(limit), true);
});

test('nothing is told where nobody sent', async () => {
  let told = 0;
  const debts = { add: async (each: readonly NamedDebt[]) => (told++, each) };
  await tellDebts(aLimit(), debts);
  assert.equal(told, 0);
});
