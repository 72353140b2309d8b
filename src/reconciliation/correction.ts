import type { Cause, Certainty } from './causes.ts';
import { Ledger } from './ledger.ts';
import type { Place } from './question.ts';
import type { RateTable } from './rate-table.ts';
import { at, type ByPart, OUTPUT_PARTS, PROMPT_PARTS, plus, valueOf } from './tokens.ts';

/** A part of the difference, at the place where it shows. Theirs minus ours. */
export interface Booking extends Place {
  readonly reason: Reason;
  readonly requests: number;
  readonly tokens: ByPart;
  readonly picoUsd: bigint;
}

export interface Reason {
  readonly cause: Cause;
  readonly certainty: Certainty;
  /** The other causes that fit as well, where the certainty is `one_of`. */
  readonly orElse?: readonly Cause[];
  /** What was found, for people: bookings of one cause and one evidence are added up. */
  readonly evidence: string;
}

/** Requests, and tokens of the prompt and of the answer, whatever their part. */
export interface Amount {
  readonly requests: number;
  readonly prompt: number;
  readonly output: number;
  /** Of which parts the tokens are, where it is known whose they are. */
  readonly parts?: ByPart;
}

/**
 * Our ledger on its way to theirs. Each step changes it and books what the change is worth at the list, so that all
 * bookings together are the whole difference in tokens, however the steps judge.
 */
export class Correction {
  readonly ours: Ledger;
  readonly theirs: Ledger;
  readonly rates: RateTable;
  readonly bookings: Booking[] = [];

  constructor({ ours, theirs, rates }: { ours: Ledger; theirs: Ledger; rates: RateTable }) {
    this.ours = ours;
    this.theirs = theirs;
    this.rates = rates;
  }

  /** Adds to ours at a place what theirs has there, or takes away what it has not. */
  change(place: Place, { tokens, requests }: { tokens: ByPart; requests: number }, reason: Reason): void {
    this.ours.add(place, tokens, requests);
    this.book(place, { tokens, requests, picoUsd: valueOf(tokens, this.rates.at(place)) }, reason);
  }

  book(place: Place, { tokens, requests, picoUsd }: Pick<Booking, 'tokens' | 'requests' | 'picoUsd'>, reason: Reason) {
    const { startMs, key, model, tier } = place;
    this.bookings.push({ startMs, key, model, tier, tokens, requests, picoUsd, reason });
  }

  /** Theirs minus ours. */
  gap(place: Place): { readonly tokens: ByPart; readonly requests: number } {
    const [ours, theirs] = [this.ours.at(place), this.theirs.at(place)];
    return { tokens: plus(theirs.tokens, ours.tokens, -1), requests: theirs.requests - ours.requests };
  }

  /**
   * Moves an amount from places of ours to others: the parts that it says, then those of which ours has more than
   * theirs, then any.
   *
   * @param counterpart where what stands at a place goes
   */
  move(from: readonly Place[], counterpart: (place: Place) => Place, amount: Amount, reason: Reason): void {
    const left = { ...amount };
    const parts = amount.parts === undefined ? null : [...amount.parts];
    for (const choice of parts === null ? (['excess', 'any'] as const) : (['parts', 'excess', 'any'] as const)) {
      for (const place of from) this.#movePlace(place, counterpart(place), { left, parts, choice, reason });
    }
  }

  #movePlace(from: Place, to: Place, { left, parts, choice, reason }: MovePlace): void {
    const entry = this.ours.at(from);
    const gap = this.gap(from);
    const most = (index: number): number => {
      const there = at(entry.tokens, index);
      if (choice === 'parts') return Math.min(there, at(parts ?? [], index));
      return choice === 'excess' ? Math.min(Math.max(0, -at(gap.tokens, index)), there) : there;
    };
    const tokens = entry.tokens.map(() => 0);
    for (const index of PROMPT_PARTS) left.prompt -= tokens[index] = Math.max(0, Math.min(most(index), left.prompt));
    for (const index of OUTPUT_PARTS) left.output -= tokens[index] = Math.max(0, Math.min(most(index), left.output));
    if (choice === 'parts')
      for (const [index, count] of tokens.entries()) if (parts !== null) parts[index] = at(parts, index) - count;
    const excess = choice === 'excess' ? Math.max(0, -gap.requests) : entry.requests;
    const requests = Math.max(0, Math.min(excess, entry.requests, left.requests));
    left.requests -= requests;
    if (requests === 0 && tokens.every((count) => count === 0)) return;
    this.change(from, { tokens: tokens.map((count) => -count), requests: -requests }, reason);
    this.change(to, { tokens, requests }, reason);
  }
}

interface MovePlace {
  readonly left: { requests: number; prompt: number; output: number };
  readonly parts: number[] | null;
  readonly choice: 'parts' | 'excess' | 'any';
  readonly reason: Reason;
}
