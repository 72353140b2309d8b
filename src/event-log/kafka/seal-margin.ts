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
  /** By partition and topic: up to when it was called complete, and where it ended then. */
  readonly #seals = new Map<string, Seal>();
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

  /** What may be said of a partition whose end was found at `endOffset` by a fetch that began at `fetchedAtMs`. */
  seal(partition: string, { fetchedAtMs, endOffset }: { fetchedAtMs: number; endOffset: number }): number {
    const sealedMs = fetchedAtMs - this.marginMs;
    const before = this.#seals.get(partition);
    if (before === undefined || sealedMs >= before.sealedMs) this.#seals.set(partition, { sealedMs, endOffset });
    return sealedMs;
  }

  /**
   * From where on records came after the partition was called complete. Those before it say nothing about clocks,
   * however old they are: whoever takes a partition over reads them again, after a look at its end.
   */
  sealedOffset(partition: string): number {
    return this.#seals.get(partition)?.endOffset ?? 0;
  }

  /** The stamp of the first record that was read from `sealedOffset` on. */
  saw(partition: string, stampMs: number): void {
    const lateMs = (this.#seals.get(partition)?.sealedMs ?? 0) - stampMs;
    if (lateMs <= 0) return;
    // It was late against the greatest seal, which later ones may not have reached again.
    this.#seals.delete(partition);
    this.#raisedMs = Math.min(MARGIN_MS_MAX, 1.5 * (this.marginMs + lateMs));
    this.#raisedAtMs = this.#nowMs();
  }
}

interface Seal {
  readonly sealedMs: number;
  readonly endOffset: number;
}
