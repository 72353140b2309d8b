import { setImmediate as nextTurn } from 'node:timers/promises';

const TURN_MS_MAX = 8;
/** Looking at the clock takes as long as reading a small event. */
const STEPS_PER_LOOK = 32;

/** Divides long work into turns of the event loop, so that one large body does not hold up everybody's small ones. */
export class Turns {
  #startedMs = performance.now();
  #steps = 0;

  /** To be asked after each small step: whether it is time to let others go on. */
  isOver(): boolean {
    if (++this.#steps % STEPS_PER_LOOK !== 0) return false;
    return performance.now() - this.#startedMs > TURN_MS_MAX;
  }

  async next(): Promise<void> {
    await nextTurn();
    this.#startedMs = performance.now();
  }
}
