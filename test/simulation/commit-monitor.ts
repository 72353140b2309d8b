import assert from 'node:assert/strict';
import type { Commit, CommitOutcome, Progress } from '../../src/metrics-store/commit.ts';
import { storedTallies } from './compare.ts';
import { isMarker } from './marker.ts';
import { numbersText } from './numbers-text.ts';
import { batchOracle, INPUTS } from './oracle/batch-oracle.ts';
import type { World } from './world.ts';

const ALL_TIME = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };

/** What must hold at every commit, whatever is going wrong. */
export class CommitMonitor {
  /** The first broken invariant; checks run inside the store, whose errors the processor would retry. */
  failure: Error | null = null;
  commits = 0;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  async committed(
    commits: readonly Commit[],
    before: ReadonlyMap<number, Progress>,
    outcomes: readonly CommitOutcome[],
  ): Promise<void> {
    if (this.failure !== null) return;
    try {
      const after = await this.#world.store.readProgress();
      for (const [index, commit] of commits.entries()) {
        const { partition } = commit;
        this.#checkProgress(commit, before.get(partition) ?? null, after.get(partition) ?? null, outcomes[index] ?? '');
      }
      if (outcomes.every((outcome) => outcome === 'fenced')) return;
      this.commits++;
      if (commits.some(({ audits }) => audits.length > 0)) await this.#checkAudit();
      // The oracle reads the whole log, so it is asked now and then only.
      if (this.commits % 16 === 0) await this.#checkAgainstOracle();
    } catch (error) {
      this.failure = error as Error;
    }
  }

  #checkProgress(commit: Commit, before: Progress | null, after: Progress | null, outcome: string): void {
    const seq = before?.seq ?? 0;
    if (outcome === 'fenced' || (seq === commit.expectedSeq + 1 && before?.token === commit.token)) {
      assert.deepEqual(after, before, 'a commit that is fenced or was applied before changes nothing');
      return;
    }
    assert.equal(after?.seq, seq + 1, 'seq grows by one');
    assert.equal(commit.expectedSeq, seq, 'only the commit that follows the last one is applied');
    for (const partition of this.#world.partitionsOf(commit.partition)) this.#checkPositions(commit, before, partition);
    assert.ok(commit.completeThroughMs >= (before?.completeThroughMs ?? 0), 'completeness went back');
  }

  #checkPositions(commit: Commit, before: Progress | null, partition: number): void {
    for (const topic of INPUTS) {
      const position = this.#world.positionIn(commit, topic, partition);
      assert.ok(position >= this.#world.positionIn(before, topic, partition), `position of ${topic} went back`);
      const records = this.#world.broker.records(topic, partition);
      assert.ok(position <= records.length, `position of ${topic} lies beyond the log`);
      if (topic === 'llm.evaluations') continue;
      const next = records.slice(position).find((record) => !isMarker(record) && !this.#world.isUnheardOf(record));
      assert.ok(
        next === undefined || next.loggedAtMs >= commit.completeThroughMs,
        `${topic} was called complete through ${commit.completeThroughMs}, but ${next?.loggedAtMs} was not read`,
      );
    }
  }

  /** accepted = counted + waiting + duplicates + dead letters, in every row and for all that was read. */
  async #checkAudit(): Promise<void> {
    const { store } = this.#world;
    const accepted = { Requests: 0, Responses: 0, Evaluations: 0, Reports: 0 };
    for (const { counts } of await store.readAudit({ tenantId: null, ...ALL_TIME })) {
      for (const kind of ['Requests', 'Responses', 'Evaluations'] as const) {
        const waiting = kind === 'Requests' ? 0 : counts[`waiting${kind}`];
        const sum = counts[`counted${kind}`] + waiting + counts[`duplicate${kind}`] + counts[`dead${kind}`];
        assert.equal(counts[`accepted${kind}`], sum, `the audit of ${kind} does not balance`);
        accepted[kind] += counts[`accepted${kind}`];
      }
      const { countedReports, foldedReports, contextReports, duplicateReports, deadReports } = counts;
      const sum = countedReports + foldedReports + contextReports + duplicateReports + deadReports;
      assert.equal(counts.acceptedReports, sum, 'the audit of reports does not balance');
      accepted.Reports += counts.acceptedReports;
    }
    const read = { 'llm.requests': 0, 'llm.responses': 0, 'llm.evaluations': 0, 'llm.reports': 0 };
    for (const [shard, progress] of await store.readProgress()) {
      for (const partition of this.#world.partitionsOf(shard)) {
        for (const topic of INPUTS) {
          const records = this.#world.broker
            .records(topic, partition)
            .slice(0, this.#world.positionIn(progress, topic, partition));
          read[topic] += records.filter((record) => !isMarker(record)).length;
        }
      }
    }
    assert.deepEqual(Object.values(accepted), Object.values(read), 'every record read is in the books');
  }

  /** Sums that only grow are exactly the oracle's for what was read; what time decides is at most that. */
  async #checkAgainstOracle(): Promise<void> {
    const { world, isExact } = { world: this.#world, isExact: this.#world.plan.pendingMax > 1000 };
    if (!isExact) return;
    const progress = await world.store.readProgress();
    const log = world.logContents((topic, partition) =>
      world.positionIn(progress.get(partition % world.plan.partitionCount) ?? null, topic, partition),
    );
    const stored = await storedTallies(world.store);
    let failure: unknown = null;
    for (const reading of world.readings(log)) {
      try {
        return assertSameSoFar(stored, numbersText(batchOracle(log, { ...world.plan, reading }).tallies));
      } catch (error) {
        failure ??= error;
      }
    }
    throw failure;
  }
}

function assertSameSoFar(stored: ReadonlyMap<string, string>, expected: ReadonlyMap<string, string>): void {
  const withoutWaiting = (text: string | undefined) => text?.replace(/ ?unanswered=\d+/, '');
  const unanswered = (text: string) => Number(/unanswered=(\d+)/.exec(text)?.[1] ?? 0);
  for (const key of new Set([...stored.keys(), ...expected.keys()])) {
    assert.equal(withoutWaiting(stored.get(key)), withoutWaiting(expected.get(key)), `row ${key} while running`);
    assert.ok(unanswered(stored.get(key) ?? '') <= unanswered(expected.get(key) ?? ''), `unanswered of ${key}`);
  }
}
