import type { InputTopic } from '../events/topics.ts';
import type { Tally } from '../tally/tally.ts';

/** A minute row as it goes to `llm.metrics`: totals, not increments, so that repeating it is harmless. */
export interface PublishableRow {
  readonly tenantId: string;
  readonly route: string;
  readonly model: string;
  readonly windowStartMs: number;
  readonly tally: Tally;
  /** Grows with every change of the row. */
  readonly revision: number;
}

/**
 * Why a record was not counted.
 * - `invalid`: its value is no valid event
 * - `key_mismatch`: its key is not its `request_id`, so it may lie in the wrong partition
 * - `no_request`: a response whose request did not come within the join timeout
 * - `too_many_pending`: the oldest waiting response or evaluation, given up because `MAX_PENDING` or
 *   `MAX_PENDING_BYTES` was reached
 * - `no_call`: an evaluation without dimensions of its own for a call that is not known
 * - `foreign_tenant`: a response or an evaluation of one tenant, where only others have a call of that id; or an event
 *   that names another tenant than the key that it was sent with
 */
export type DeadLetterReason =
  | 'invalid'
  | 'key_mismatch'
  | 'no_request'
  | 'too_many_pending'
  | 'no_call'
  | 'foreign_tenant';

/** A record that could not be processed, kept so that it can be looked at and replayed. Identified by its place. */
export interface DeadLetter {
  readonly topic: InputTopic;
  readonly partition: number;
  readonly offset: number;
  readonly loggedAtMs: number;
  readonly reason: DeadLetterReason;
  /** For people: which field, what was expected. */
  readonly detail: string;
  /** Whose it is, by its sender's key or its own word; null where neither says. A replay keeps it so. */
  readonly tenantId: string | null;
  readonly key: Uint8Array | null;
  /**
   * The refused record; of one that had waited and was longer than 1 KiB, the known fields. Null where there is none,
   * or more than an event may take.
   */
  readonly value: Uint8Array | null;
}
