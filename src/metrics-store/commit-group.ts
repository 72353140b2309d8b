import type { Commit, CommitOutcome, Progress } from './commit.ts';

/**
 * What a partition's stored progress says about a commit: it is the next one, was applied before, or somebody else went
 * on.
 */
export type Standing = 'next' | 'applied' | 'fenced';

/**
 * Each part of a group is judged by its own partition's row, in the transaction that adds it and moves that row; what
 * is added is the sum over the parts that are `next`. So a part is added at most once, however often its group is sent
 * and wherever answers get lost. Say that the group of partitions 1 and 2 was sent, nobody knows how that ended, and
 * another processor took 1 over and committed:
 *
 * - The group had been applied: now 1 is `fenced` and 2 `applied`, so nothing is added. The deltas of both are there,
 *   once.
 * - It had not: 1 is `fenced` and 2 is `next`, and the sums are made again without 1, whose records the other processor
 *   has read itself.
 * - It arrives only now, after its second sending: no part is `next` any more.
 *
 * The owner of a fenced part never learns which of the first two it was and need not: it drops what it holds and begins
 * from the row.
 *
 * Rows never move back: what is `fenced` stays so, and what is `applied` is never `next` again. So a store may judge a
 * group in one transaction and add the rest in another, as long as that one judges again.
 */
export function standingOf(commit: Commit, stored: Pick<Progress, 'seq' | 'token'> | null): Standing {
  const seq = stored?.seq ?? 0;
  if (seq === commit.expectedSeq) return 'next';
  return seq === commit.expectedSeq + 1 && stored?.token === commit.token ? 'applied' : 'fenced';
}

/** What the owner of a part hears, once everything that was `next` is applied. */
export function outcomeOf(standing: Standing): CommitOutcome {
  return standing === 'fenced' ? 'fenced' : 'applied';
}

/**
 * What several commits add together, and when rows count as changed. Stores fold deltas of one row, as only they know
 * which series share one.
 */
export function additionsOf(commits: readonly Commit[]): Additions {
  return {
    committedAtMs: Math.max(...commits.map(({ committedAtMs }) => committedAtMs)),
    tallies: commits.flatMap(({ tallies }) => tallies),
    usages: commits.flatMap(({ usages }) => usages),
    dimensions: commits.flatMap(({ dimensions }) => dimensions),
    calls: commits.flatMap(({ calls }) => calls),
    removedCalls: commits.flatMap(({ removedCalls }) => removedCalls),
    evaluations: commits.flatMap(({ evaluations }) => evaluations),
    deadLetters: commits.flatMap(({ deadLetters }) => deadLetters),
    audits: commits.flatMap(({ audits }) => audits),
    senderCalls: commits.flatMap(({ senderCalls }) => senderCalls),
    meters: commits.flatMap(({ meters }) => meters),
  };
}

export type Additions = Pick<
  Commit,
  | 'committedAtMs'
  | 'tallies'
  | 'usages'
  | 'dimensions'
  | 'calls'
  | 'removedCalls'
  | 'evaluations'
  | 'deadLetters'
  | 'audits'
  | 'senderCalls'
  | 'meters'
>;
