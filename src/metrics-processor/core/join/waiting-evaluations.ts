import { traceIdOf } from '../../../events/correlation-key.ts';
import type { LlmEvaluation } from '../../../events/llm-evaluation.ts';
import { ArrivalList } from './arrival-list.ts';
import { keptBytes, keptSize, knownFields } from './kept-record.ts';
import type { Sightings } from './sightings.ts';

/** An evaluation without dimensions of its own, whose request was not seen so far. */
export interface PendingEvaluation {
  readonly event: LlmEvaluation;
  readonly place: number;
  readonly loggedAtMs: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Whose call it is about, by its sender's key or its own word; null where neither says. */
  readonly tenantId: string | null;
}

interface Waiting extends PendingEvaluation {
  readonly sightings: Sightings;
}

/** Waiting evaluations in order of the log, found by their request id. */
export class WaitingEvaluations {
  readonly arrivals = new ArrivalList();
  /** What they take in memory, where each is an object too. */
  bytes = 0;
  readonly #slots: (Waiting | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #byRequestId = new Map<string, number[]>();

  get size(): number {
    return this.arrivals.length;
  }

  add(pending: PendingEvaluation, sightings: Sightings): void {
    const slot = this.#free.pop() ?? this.#slots.length;
    const kept = { ...keptEvaluation(pending), sightings };
    this.bytes += 2 * keptSize(kept);
    this.#slots[slot] = kept;
    this.arrivals.push(slot);
    const id = pending.event.request_id;
    const slots = this.#byRequestId.get(id);
    if (slots === undefined) this.#byRequestId.set(id, [slot]);
    else slots.push(slot);
  }

  at(slot: number): Waiting {
    return this.#slots[slot] as Waiting;
  }

  take(slot: number): Waiting {
    const pending = this.at(slot);
    this.bytes -= 2 * keptSize(pending);
    const id = pending.event.request_id;
    const others = (this.#byRequestId.get(id) ?? []).filter((other) => other !== slot);
    if (others.length === 0) this.#byRequestId.delete(id);
    else this.#byRequestId.set(id, others);
    this.#slots[slot] = undefined;
    this.arrivals.remove(slot);
    this.#free.push(slot);
    return pending;
  }

  /** Where those lie that have seen a call of another tenant, in order of arrival. */
  foreignPlaces(): number[] {
    return Array.from(this.arrivals, (slot) => this.at(slot))
      .filter(({ sightings }) => sightings.areForeign)
      .map(({ place }) => place);
  }

  /** The request ids that have the form of spans, of what waits. */
  spanIds(): readonly string[] {
    return [...this.#byRequestId.keys()].filter((requestId) => traceIdOf(requestId) !== null);
  }

  /** Slots of those that wait for this id. */
  ofRequest(requestId: string): readonly number[] {
    return this.#byRequestId.get(requestId) ?? [];
  }
}

/** An evaluation as it is kept: without what the batch holds that it came in, and what its schema does not know. */
export function keptEvaluation(pending: PendingEvaluation): PendingEvaluation {
  const { place, loggedAtMs, tenantId } = pending;
  const event = knownFields('evaluation', pending.event);
  return { event, place, loggedAtMs, ...keptBytes('evaluation', pending), tenantId };
}
