import { Problem } from '../http/problem.ts';

/** Senders that are remembered: one number each. Only who sent more than a second's worth has to be. */
const SENDERS_MAX = 100_000;

/**
 * Limits the events per second of each sender, by the generic cell rate algorithm: one instant per sender, until which
 * what it sent has been paid for. A sender may be a second ahead.
 *
 * A batch is taken whole, however large, and what it is ahead is waited for before the next one: limiters that count
 * per window (among them rate-limiter-flexible) would have to refuse a batch of more than a second's events for ever.
 * What is charged is the work that was asked for, whether it was of use or not.
 */
export class RateLimit {
  readonly #msPerEvent: number;
  readonly #nowMs: () => number;
  readonly #paidUntilMs = new Map<string, number>();

  constructor(eventsPerSecond: number, nowMs: () => number) {
    this.#msPerEvent = 1000 / eventsPerSecond;
    this.#nowMs = nowMs;
  }

  /** @throws {Problem} 429 while the sender is ahead of its rate */
  admit(sender: string): void {
    const aheadMs = (this.#paidUntilMs.get(sender) ?? 0) - this.#nowMs();
    if (aheadMs < AHEAD_MS_MAX) return;
    const retryAfterS = Math.max(1, Math.ceil((aheadMs - AHEAD_MS_MAX) / 1000));
    const rate = Math.round(1000 / this.#msPerEvent);
    throw new Problem(429, `More than ${rate} events a second; send the next ones in ${retryAfterS} s`, {
      retryAfterS,
      rateLimit: { perSecond: rate, resetS: retryAfterS },
    });
  }

  charge(sender: string, events: number): void {
    const nowMs = this.#nowMs();
    const fromMs = Math.max(nowMs, this.#paidUntilMs.get(sender) ?? 0);
    this.#paidUntilMs.delete(sender);
    this.#paidUntilMs.set(sender, Math.min(fromMs + events * this.#msPerEvent, nowMs + AHEAD_MS_MAX + WAIT_MS_MAX));
    if (this.#paidUntilMs.size > SENDERS_MAX) this.#forget(nowMs);
  }

  /** Who owes nothing; and, should all owe something, who sent longest ago. */
  #forget(nowMs: number): void {
    for (const [sender, untilMs] of this.#paidUntilMs) if (untilMs <= nowMs) this.#paidUntilMs.delete(sender);
    for (const sender of this.#paidUntilMs.keys()) {
      if (this.#paidUntilMs.size <= SENDERS_MAX) return;
      this.#paidUntilMs.delete(sender);
    }
  }
}

const AHEAD_MS_MAX = 1000;

/** Nobody waits longer, whatever he sent at once: a sender that flushes a backlog must not be locked out for hours. */
const WAIT_MS_MAX = 5 * 60_000;
