import type { DeadLetter } from './outbox.ts';

/**
 * Which dead letters were replayed, and when. A small port beside the metrics store, in the same file or database.
 *
 * A letter is claimed before its record is appended again, so that of two replays at once only one appends it, and a
 * replay that dies in between leaves a claim without a record, never a record without a claim: what was not
 * replayed can be claimed again by hand, what was counted twice could not be taken back.
 */
export interface DeadLetterReplays {
  /** Claims what nobody has claimed; returns those claimed now. */
  claim(letters: readonly DeadLetterPlace[], atMs: number): Promise<readonly DeadLetterPlace[]>;

  /** Gives back claims whose records were not appended. */
  release(letters: readonly DeadLetterPlace[]): Promise<void>;

  /** When each of these was claimed, by `placeKey`; without those that were not. */
  read(letters: readonly DeadLetterPlace[]): Promise<ReadonlyMap<string, number>>;

  close(): Promise<void>;
}

export type DeadLetterPlace = Pick<DeadLetter, 'topic' | 'partition' | 'offset'>;

/** `llm.responses/3/42` */
export function placeKey({ topic, partition, offset }: DeadLetterPlace): string {
  return `${topic}/${partition}/${offset}`;
}
