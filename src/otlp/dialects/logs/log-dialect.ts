import type { OtlpLog } from '../../decode/log-export.ts';
import type { AttributeValue } from '../../decode/trace-export.ts';
import type { Agent } from '../agents.ts';

/** What one log record is to the count. */
export type LogReading = CallLog | { readonly role: 'none'; readonly rule: string };

/** A record of a model call, in the words by which spans are read. */
export interface CallLog {
  readonly role: 'call';
  readonly rule: string;
  /** Put over the attributes of the record; null takes one away. */
  readonly attributes: Readonly<Record<string, AttributeValue | undefined>>;
  /** How long the call took, which ended when the record was written; null where the record does not say. */
  readonly durationMs: number | null;
  /** The record bears the time at which the call began, and not that of its end. */
  readonly isStampedAtStart?: true;
  /** What several records of this one call have in common, and those of no other. */
  readonly identity?: readonly string[];
  /** It tells the failure of a call that another record or span may tell too. */
  readonly isException?: true;
  /** Null where the call went well. */
  readonly failure: { readonly message: string | null } | null;
}

/** The log records of one reporter. */
export interface LogDialect {
  /** Null for the convention's events, which anybody may write. */
  readonly agent: Agent | null;
  /** What its records are called begins so. */
  readonly prefixes: readonly string[];
  /** Whether a record with such a name is its own, where the name alone does not tell. */
  readonly isOwn?: (log: OtlpLog) => boolean;
  /** Attributes that are read beside those of spans. */
  readonly keys: readonly string[];
  /** @param name of the event, without the prefix */
  readonly read: (log: OtlpLog, name: string) => LogReading;
}

export function noCall(rule: string): LogReading {
  return { role: 'none', rule };
}
