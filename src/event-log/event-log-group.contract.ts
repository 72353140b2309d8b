import assert from 'node:assert/strict';
import { TOPICS } from '../events/topics.ts';
import type { Contract } from './event-log.contract.ts';
import type { GroupListener } from './event-log.ts';
import { endOf, slowly } from './event-log-builders.contract.ts';

/** Long enough for a broker's heartbeats (5 s by default under KIP-848, two of them for a move) and a slow machine. */
const SETTLE_MS_MAX = 40_000;

/** The part of the contract about groups. Members leave before a test ends, so that the next one finds nobody. */
export function groupContract(contract: Contract): void {
  contract('the only member of a group gets every partition', async (_, open) => {
    const log = await open();
    const alone = new Recorder();
    const member = await log.joinGroup(alone);
    await until(() => alone.owned.size > 0);
    assert.deepEqual(alone.sorted(), await allPartitions(log));
    await member.leave();
  });

  contract(
    'a second member takes a share, each partition has one owner, and what stays is not disturbed',
    async (_, open) => {
      const [logA, logB] = [await open(), await open()];
      const owners = new Map<number, Recorder>();
      const [first, second] = [new Recorder(owners), new Recorder(owners)];
      const memberA = await logA.joinGroup(first);
      const all = await allPartitions(logA);
      await until(() => first.owned.size === all.length);
      const memberB = await logB.joinGroup(second);
      await until(() => second.owned.size > 0 && first.owned.size + second.owned.size === all.length);
      assert.ok(first.owned.size > 0, 'the first member lost everything');
      assert.deepEqual(
        [...first.sorted(), ...second.sorted()].sort((a, b) => a - b),
        all,
      );
      assert.deepEqual(
        first.revoked.toSorted((a, b) => a - b),
        second.sorted(),
        'more was revoked than moved',
      );
      assert.deepEqual([...first.conflicts, ...second.conflicts], []);
      await memberB.leave();
      await memberA.leave();
    },
  );

  contract('when a member leaves, the others get its partitions', async (_, open) => {
    const [logA, logB] = [await open(), await open()];
    const [first, second] = [new Recorder(), new Recorder()];
    const memberA = await logA.joinGroup(first);
    const all = await allPartitions(logA);
    const memberB = await logB.joinGroup(second);
    await until(() => second.owned.size > 0 && first.owned.size + second.owned.size === all.length);
    await memberA.leave();
    await until(() => second.owned.size === all.length);
    assert.deepEqual(second.sorted(), all);
    assert.deepEqual(second.lost, []);
    await memberB.leave();
  });

  contract('closing a log leaves its group', async (_, open) => {
    const [logA, logB] = [await open(), await open()];
    const second = new Recorder();
    await logA.joinGroup(new Recorder());
    const all = await allPartitions(logB);
    await logA.close();
    const memberB = await logB.joinGroup(second);
    await until(() => second.owned.size === all.length);
    await memberB.leave();
  });

  contract('progress can be reported while partitions are owned', async (_, open) => {
    const log = await open();
    const alone = new Recorder();
    const member = await log.joinGroup(alone);
    await until(() => alone.owned.size > 0);
    await member.reportProgress([await endOf(log, TOPICS.requests, 0), await endOf(log, TOPICS.responses, 0)]);
    await member.leave();
  });
}

/** A listener that remembers what it was told. Revoking takes it a moment, as it takes a processor. */
class Recorder implements GroupListener {
  readonly owned = new Set<number>();
  readonly revoked: number[] = [];
  readonly conflicts: string[] = [];
  readonly lost: Error[] = [];
  readonly #owners: Map<number, Recorder>;

  /** `owners` is shared by the members of a group; it finds partitions that two own at once. */
  constructor(owners: Map<number, Recorder> = new Map()) {
    this.#owners = owners;
  }

  onAssigned(partitions: readonly number[]): void {
    for (const partition of partitions) {
      if (this.#owners.has(partition)) this.conflicts.push(`partition ${partition} is still owned`);
      this.#owners.set(partition, this);
      this.owned.add(partition);
    }
  }

  async onRevoked(partitions: readonly number[]): Promise<void> {
    await slowly(50);
    for (const partition of partitions) {
      this.#owners.delete(partition);
      this.owned.delete(partition);
      this.revoked.push(partition);
    }
  }

  onLost(cause: Error): void {
    this.lost.push(cause);
  }

  sorted(): number[] {
    return [...this.owned].sort((a, b) => a - b);
  }
}

async function allPartitions(log: { partitionCount(): Promise<number> }): Promise<number[]> {
  return Array.from({ length: await log.partitionCount() }, (_, partition) => partition);
}

async function until(holds: () => boolean): Promise<void> {
  const giveUpAtMs = performance.now() + SETTLE_MS_MAX;
  while (!holds()) {
    assert.ok(performance.now() < giveUpAtMs, `the group did not settle within ${SETTLE_MS_MAX} ms`);
    await slowly(20);
  }
}
