import type { InputTopic } from '../events/topics.ts';
import type { Series } from '../tally/series.ts';
import type { Tally } from '../tally/tally.ts';
import type { TallyList } from '../tally/tally-list.ts';
import type { BilledModel, Usage } from '../tally/usage.ts';
import type { ResolutionMs } from '../tally/window.ts';
import type { AuditDelta } from './audit.ts';
import type { CallIdentity, CallWrite } from './call.ts';
import type { EvaluationDelta } from './evaluation.ts';
import type { DeadLetter } from './outbox.ts';
import type { MeterDelta, SenderCallsDelta } from './sender-use.ts';

/**
 * The next offset to read, per input topic. Where the topics have grown, a shard has more partitions than its first;
 * those are kept under `topic/partition`.
 */
export type Positions = Readonly<Record<InputTopic, number>> & { readonly [key: `${string}/${number}`]: number };

/** Under which key a commit keeps the position of a shard's lane, see `lane.ts` of the processor. */
export function positionKey(topic: InputTopic, lane: number, partition: number): keyof Positions {
  return lane === 0 ? topic : `${topic}/${partition}`;
}

/** What a partition's owner needs to go on, and what readers may know about how far it is. */
export interface Progress {
  /** Grows by one with every commit: the value that is compared and set. */
  readonly seq: number;
  /** Identifies the commit that wrote this, so that a lost answer can be told from a foreign commit. */
  readonly token: string;
  readonly positions: Positions;
  /** Log time up to which every event is included in the rows. */
  readonly completeThroughMs: number;
  readonly committedAtMs: number;
  /** The join's last checkpoint, opaque here; empty before the first. */
  readonly checkpoint: Uint8Array;
}

/** One partition's part of a group that is committed together. */
export interface Commit {
  readonly partition: number;
  /** 0 for the first commit of a partition. The stored `seq` becomes this plus one. */
  readonly expectedSeq: number;
  readonly token: string;
  readonly positions: Positions;
  readonly completeThroughMs: number;
  readonly committedAtMs: number;
  /** Null keeps the stored checkpoint. */
  readonly checkpoint: Uint8Array | null;
  readonly tallies: readonly TallyDelta[];
  readonly usages: readonly UsageDelta[];
  readonly dimensions: readonly DimensionDelta[];
  readonly calls: readonly CallWrite[];
  /** Calls that are none any more, removed before `calls` are written. */
  readonly removedCalls: readonly CallIdentity[];
  readonly evaluations: readonly EvaluationDelta[];
  readonly deadLetters: readonly DeadLetter[];
  readonly audits: readonly AuditDelta[];
  /** What was seen of senders as calls, and what their own metrics say. */
  readonly senderCalls: readonly SenderCallsDelta[];
  readonly meters: readonly MeterDelta[];
}

/** What a commit without effects writes: it moves a partition, and changes no figure. */
export const NO_EFFECTS = {
  tallies: [],
  usages: [],
  dimensions: [],
  calls: [],
  removedCalls: [],
  evaluations: [],
  deadLetters: [],
  audits: [],
  senderCalls: [],
  meters: [],
} as const satisfies Partial<Commit>;

/** `fenced`: the stored `seq` is not the expected one, so somebody else owns the partition; nothing of it was added. */
export type CommitOutcome = 'applied' | 'fenced';

/** To be added to the minute row of a series; the store adds it to the hour and the day as well. */
export interface TallyDelta {
  readonly series: Series;
  readonly windowStartMs: number;
  readonly tally: Tally;
}

/** What calls of one series and window add to the values that they have in their dimensions. */
export interface DimensionDelta {
  /** METRIC_DIMENSIONS; no name twice. */
  readonly dimensions: readonly string[];
  readonly series: Series;
  readonly windowStartMs: number;
  /** How long the window is: an hour, or a minute where minutes are kept. It is added to this and all longer ones. */
  readonly windowMs: ResolutionMs;
  /** Of values; deltas of one commit may have the same list. */
  readonly texts: readonly string[];
  /**
   * Where in it the value of each tally is: that of the first in each dimension, in their order, then those of the
   * next. `__none__` for calls that have none.
   */
  readonly values: Int32Array;
  /** There are tens of thousands in a commit, of a call or two each, which as objects cost the most. */
  readonly tallies: TallyList;
}

export interface UsageDelta {
  readonly series: Series;
  readonly windowStartMs: number;
  readonly billed: BilledModel;
  readonly usage: Usage;
}
