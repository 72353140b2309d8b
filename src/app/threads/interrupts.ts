/**
 * Where a thread is told which of its calls nobody waits for any more: a number for each call under way, 1 for those.
 * The thread cannot be told by a message, which it would read only after its work.
 */
export type InterruptNumbers = Int32Array<SharedArrayBuffer>;

/** That of a call which cannot be interrupted. */
export const NO_SLOT = -1;
/** More calls at a time wait in line in a thread for longer than anybody should. */
const SLOTS = 64;

/** Gives the calls of one thread their places. */
export class Interrupts {
  readonly numbers: InterruptNumbers = new Int32Array(new SharedArrayBuffer(4 * SLOTS));
  readonly #free = Array.from({ length: SLOTS }, (_, index) => SLOTS - 1 - index);

  /** To be given back; nobody else has it until then. */
  take(): number {
    return this.#free.pop() ?? NO_SLOT;
  }

  giveBack(slot: number): void {
    if (slot === NO_SLOT) return;
    Atomics.store(this.numbers, slot, 0);
    this.#free.push(slot);
  }

  interrupt(slot: number): void {
    if (slot !== NO_SLOT) Atomics.store(this.numbers, slot, 1);
  }

  /** All calls that are under way. */
  interruptAll(): void {
    for (let slot = 0; slot < SLOTS; slot++) if (!this.#free.includes(slot)) this.interrupt(slot);
  }
}
