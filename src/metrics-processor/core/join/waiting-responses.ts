import { ArrivalList } from './arrival-list.ts';
import type { Fingerprint } from './fingerprint.ts';
import { keptBytes, keptSize } from './kept-record.ts';
import type { Sightings } from './sightings.ts';

/**
 * A response that came before its request. Rare, so it is kept as its sender wrote it, as far as we know the fields,
 * and read again when its request comes.
 */
export interface PendingResponse {
  readonly place: number;
  readonly loggedAtMs: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Whose call it answers, by its sender's key or its own word; null where neither says. */
  readonly tenantId: string | null;
}

interface Waiting {
  readonly pending: PendingResponse;
  readonly id: readonly [number, number, number, number];
  readonly sightings: Sightings;
}

/** Responses without a request so far, in slots as in `WaitingRequests`, and found by their id in order of arrival. */
export class WaitingResponses {
  readonly arrivals = new ArrivalList();
  /** What they take in memory. */
  bytes = 0;
  readonly #slots: (Waiting | undefined)[] = [];
  readonly #free: number[] = [];
  /** By the first 32 bits of the fingerprint. */
  readonly #byHash = new Map<number, number[]>();

  get size(): number {
    return this.arrivals.length;
  }

  add(id: Fingerprint, pending: PendingResponse, sightings: Sightings): void {
    const slot = this.#free.pop() ?? this.#slots.length;
    const kept = { ...pending, ...keptBytes('response', pending) };
    this.bytes += keptSize(kept);
    this.#slots[slot] = { pending: kept, id: [id.h1, id.h2, id.h3, id.h4], sightings };
    this.arrivals.push(slot);
    const slots = this.#byHash.get(id.h1);
    if (slots === undefined) this.#byHash.set(id.h1, [slot]);
    else slots.push(slot);
  }

  at(slot: number): Waiting {
    return this.#slots[slot] as Waiting;
  }

  /** Slots of those that wait for a request of this id, earliest first. */
  ofId(id: Fingerprint): readonly number[] {
    if (this.size === 0) return NOBODY;
    return (this.#byHash.get(id.h1) ?? NOBODY).filter((slot) => {
      const [, h2, h3, h4] = this.at(slot).id;
      return h2 === id.h2 && h3 === id.h3 && h4 === id.h4;
    });
  }

  take(slot: number): PendingResponse {
    const { pending, id } = this.at(slot);
    this.bytes -= keptSize(pending);
    const others = (this.#byHash.get(id[0]) ?? []).filter((other) => other !== slot);
    if (others.length === 0) this.#byHash.delete(id[0]);
    else this.#byHash.set(id[0], others);
    this.#slots[slot] = undefined;
    this.arrivals.remove(slot);
    this.#free.push(slot);
    return pending;
  }

  /** Where those lie that have seen such a call, in order of arrival. */
  placesOf(sighting: keyof Sightings): number[] {
    const places: number[] = [];
    for (const slot of this.arrivals) if (this.at(slot).sightings[sighting]) places.push(this.at(slot).pending.place);
    return places;
  }
}

const NOBODY: readonly number[] = [];
