/** Clocks in step by NTP, and what a broker takes to make a stamped record readable. */
const MARGIN_MS_MIN = 500;
/** Beyond it a topic keeps its senders' stamps, or a broker has no clock to speak of. */
const MARGIN_MS_MAX = 30_000;
/** How soon half of a margin that was needed once is forgotten. */
const HALF_LIFE_MS = 10 * 60_000;

/**
 * How far behind this machine's clock a silent partition is called complete: later records are taken to be stamped no
 * earlier than the fetch that found the end, minus this.
 *
 * A broker does not tell its clock, but its stamps do: a record stamped before what was sealed shows by how much the
 * margin was too small, and it grows to half more than it should have been. Clocks differ and change by little, so it
 * falls slowly again. One record that came too late for its seal does no harm: log time never falls, and no half is
 * given up before another 20 s (the slack of the processor).
 */
export class SealMargin {
  readonly #nowMs: () => number;
  /** By partition and topic: up to where it was called complete. */
  readonly #sealedMs = new Map<string, number>();
  #raisedMs = MARGIN_MS_MIN;
  #raisedAtMs = 0;

  /** @param nowMs any clock that does not jump */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  get marginMs(): number {
    const halvings = (this.#nowMs() - this.#raisedAtMs) / HALF_LIFE_MS;
    return Math.max(MARGIN_MS_MIN, Math.round(this.#raisedMs * 0.5 ** halvings));
  }

  /** What may be said of a partition whose end was found by a fetch that began at `fetchedAtMs`. */
  seal(partition: string, fetchedAtMs: number): number {
    const sealedMs = fetchedAtMs - this.marginMs;
    this.#sealedMs.set(partition, Math.max(sealedMs, this.#sealedMs.get(partition) ?? 0));
    return sealedMs;
  }

  /** The stamp of the first record that was read after that. */
  saw(partition: string, stampMs: number): void {
    const lateMs = (this.#sealedMs.get(partition) ?? 0) - stampMs;
    if (lateMs <= 0) return;
    // It was late against the greatest seal, which later ones may not have reached again.
    this.#sealedMs.delete(partition);
    this.#raisedMs = Math.min(MARGIN_MS_MAX, 1.5 * (this.marginMs + lateMs));
    this.#raisedAtMs = this.#nowMs();
  }
}
