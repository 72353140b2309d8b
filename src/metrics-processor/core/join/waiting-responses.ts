import { ArrivalList } from './arrival-list.ts';
import { ownBytes } from './own-bytes.ts';

/** A response that came before its request. Rare, so it is kept as it was sent, and read again when its request comes. */
export interface ResponseHalf {
  readonly place: number;
  readonly loggedAtMs: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

interface Waiting {
  readonly half: ResponseHalf;
  readonly entry: number;
  nextOfId: number;
}

/** Responses without a request so far, in slots as in `WaitingRequests`. */
export class WaitingResponses {
  readonly arrivals = new ArrivalList();
  readonly #slots: (Waiting | undefined)[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.arrivals.length;
  }

  add(entry: number, half: ResponseHalf, none: number): number {
    const slot = this.#free.pop() ?? this.#slots.length;
    this.#slots[slot] = { half: ownHalf(half), entry, nextOfId: none };
    this.arrivals.push(slot);
    return slot;
  }

  at(slot: number): Waiting {
    return this.#slots[slot] as Waiting;
  }

  take(slot: number): ResponseHalf {
    const { half } = this.at(slot);
    this.#slots[slot] = undefined;
    this.arrivals.remove(slot);
    this.#free.push(slot);
    return half;
  }
}

function ownHalf(half: ResponseHalf): ResponseHalf {
  return { place: half.place, loggedAtMs: half.loggedAtMs, ...ownBytes(half) };
}
