import type { LlmResponse } from '../../events/llm-response.ts';
import { ArrivalList } from './arrival-list.ts';
import { ownBytes } from './own-bytes.ts';

/** A response that came before its request. Rare, so it is kept as it was sent. */
export interface ResponseHalf {
  readonly event: LlmResponse;
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
    this.#slots[slot] = { half: { ...half, ...ownBytes(half) }, entry, nextOfId: none };
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
