import type { InputTopic } from '../events/topics.ts';
import type { AuditDelta } from '../metrics-store/audit.ts';
import type { CorrectionReason } from './core/reports/correction-reason.ts';

/** What a processor tells about itself; Prometheus and the log listen. */
export interface ProcessorEvents {
  recovered(partition: number, fact: { recordsRead: number; tookMs: number }): void;
  /** `logPartition`: where the topics have grown, a shard reads several partitions of the log. */
  folded(partition: number, topic: InputTopic, fact: { logPartition: number; records: number; lag: number }): void;
  committed(partition: number, fact: CommitFact): void;
  /** Once for all partitions that were committed together. `rows`: the minute rows that they added to, each once. */
  groupCommitted(fact: { tookMs: number; rows: number }): void;
  fenced(partition: number): void;
  retrying(what: string, error: Error, fact: { attempt: number; waitMs: number }): void;
  /** Nothing more is told of it, but by a commit that was given up and ends late. */
  revoked(partition: number): void;
  /** Another member was killed, and the group was told: its partitions go to the others now. */
  fellowEnded(memberId: string): void;
  published(fact: { rows: number; deadLetters: number }): void;
}

export interface CommitFact {
  readonly calls: number;
  readonly deadLetters: number;
  readonly waiting: number;
  /** How far the partition is complete, in log time. */
  readonly completeThroughMs: number;
  readonly checkpointBytes: number;
  /** What became of the records that the commit accounts for. */
  readonly audits: readonly AuditDelta[];
  /** How many calls are counted otherwise than before, by what was learnt about them. */
  readonly corrections: ReadonlyMap<CorrectionReason, number>;
}
