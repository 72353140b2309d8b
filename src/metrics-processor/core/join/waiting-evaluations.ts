import type { LlmEvaluation } from '../../../events/llm-evaluation.ts';
import { ArrivalList } from './arrival-list.ts';
import { ownBytes } from './own-bytes.ts';

/** An evaluation without dimensions of its own, whose request was not seen so far. */
export interface EvaluationHalf {
  readonly event: LlmEvaluation;
  readonly place: number;
  readonly loggedAtMs: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Waiting evaluations in order of the log, found by their request id. */
export class WaitingEvaluations {
  readonly arrivals = new ArrivalList();
  readonly #slots: (EvaluationHalf | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #byRequestId = new Map<string, number[]>();

  get size(): number {
    return this.arrivals.length;
  }

  add(half: EvaluationHalf): void {
    const slot = this.#free.pop() ?? this.#slots.length;
    this.#slots[slot] = { ...half, ...ownBytes(half) };
    this.arrivals.push(slot);
    const id = half.event.request_id;
    const slots = this.#byRequestId.get(id);
    if (slots === undefined) this.#byRequestId.set(id, [slot]);
    else slots.push(slot);
  }

  at(slot: number): EvaluationHalf {
    return this.#slots[slot] as EvaluationHalf;
  }

  take(slot: number): EvaluationHalf {
    const half = this.at(slot);
    const id = half.event.request_id;
    const others = (this.#byRequestId.get(id) ?? []).filter((other) => other !== slot);
    if (others.length === 0) this.#byRequestId.delete(id);
    else this.#byRequestId.set(id, others);
    this.#slots[slot] = undefined;
    this.arrivals.remove(slot);
    this.#free.push(slot);
    return half;
  }

  /** Slots of those that wait for this id. */
  ofRequest(requestId: string): readonly number[] {
    return this.#byRequestId.get(requestId) ?? [];
  }
}
