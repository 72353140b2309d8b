import type { Place } from './question.ts';
import { type ByPart, isNothing, NO_TOKENS, plus } from './tokens.ts';

export interface Entry extends Place {
  readonly requests: number;
  readonly tokens: ByPart;
}

/** Requests and tokens by place. What is not there is nothing. */
export class Ledger {
  readonly #entries = new Map<string, Entry>();

  add(place: Place, tokens: ByPart, requests: number): void {
    const id = placeId(place);
    const known = this.#entries.get(id);
    const { startMs, key, model, tier } = place;
    this.#entries.set(id, {
      startMs,
      key,
      model,
      tier,
      requests: (known?.requests ?? 0) + requests,
      tokens: plus(known?.tokens ?? NO_TOKENS, tokens),
    });
  }

  at(place: Place): Entry {
    const { startMs, key, model, tier } = place;
    return this.#entries.get(placeId(place)) ?? { startMs, key, model, tier, requests: 0, tokens: NO_TOKENS };
  }

  /** Those that hold something. */
  entries(): Entry[] {
    return [...this.#entries.values()].filter(({ tokens, requests }) => requests !== 0 || !isNothing(tokens));
  }
}

export function placeId({ startMs, key, model, tier }: Place): string {
  return `${startMs}\0${key}\0${model}\0${tier}`;
}

/** A bucket, key and model, whatever it is spelled like and whichever tier served. */
export function spotId({ startMs, key, model }: Omit<Place, 'tier'>, familyOf: (model: string) => string): string {
  return `${startMs}\0${key}\0${familyOf(model)}`;
}

/** The places of both, in the order of time, then by key, model and tier. */
export function placesOf(...ledgers: readonly Ledger[]): Place[] {
  const places = new Map<string, Place>();
  for (const ledger of ledgers) for (const entry of ledger.entries()) places.set(placeId(entry), entry);
  return [...places]
    .sort(([idA, a], [idB, b]) => a.startMs - b.startMs || (idA < idB ? -1 : 1))
    .map(([, place]) => place);
}
