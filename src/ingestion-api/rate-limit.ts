import { Problem, type RateLimitState } from '../http/problem.ts';

/** Senders that are remembered: one number each. Only who sent more than a second's worth has to be. */
const SENDERS_MAX = 100_000;

export interface RatePolicy {
  /** What it is called in the headers. */
  readonly name: string;
  readonly unit: 'events' | 'bytes';
  readonly perSecond: number;
}

/** What one sender owes, in ms of its rate. */
export interface Debt {
  readonly sender: string;
  readonly ms: number;
}

/**
 * Limits the events or bytes per second of each sender, by the generic cell rate algorithm: one instant per sender,
 * until which what it sent has been paid for. A sender may be a second ahead.
 *
 * A batch is taken whole, however large, and what it is ahead is waited for before the next one: limiters that count
 * per window (among them rate-limiter-flexible) would have to refuse a batch of more than a second's events for ever.
 * What is charged is the work that was asked for, whether it was of use or not.
 *
 * Processes share a limit without a question per request: each tells every so often what its senders came to owe, and
 * learns what they owe to all (`share-limits.ts`).
 */
export class RateLimit {
  readonly policy: RatePolicy;
  readonly #nowMs: () => number;
  readonly #paidUntilMs = new Map<string, number>();
  /** What came since others were told. */
  readonly #untold = new Map<string, number>();
  readonly #isShared: boolean;

  constructor(policy: RatePolicy, nowMs: () => number, isShared = false) {
    this.policy = policy;
    this.#nowMs = nowMs;
    this.#isShared = isShared;
  }

  /** @throws {Problem} 429 while the sender is ahead of its rate */
  admit(sender: string): void {
    const aheadMs = this.#aheadMs(sender);
    if (aheadMs < AHEAD_MS_MAX) return;
    const retryAfterS = Math.max(1, Math.ceil((aheadMs - AHEAD_MS_MAX) / 1000));
    const { unit, perSecond, name } = this.policy;
    const whose = name.startsWith('tenant') ? ' for this tenant' : '';
    throw new Problem(429, `More than ${perSecond} ${unit} a second${whose}; send the next ones in ${retryAfterS} s`, {
      retryAfterS,
      rateLimit: this.state(sender),
    });
  }

  charge(sender: string, units: number): void {
    if (units === 0) return;
    const ms = (units * 1000) / this.policy.perSecond;
    this.#owe(sender, this.#aheadMs(sender) + ms);
    if (this.#isShared) this.#untold.set(sender, Math.min((this.#untold.get(sender) ?? 0) + ms, OWED_MS_MAX));
  }

  /** What is left of it now. */
  state(sender: string): RateLimitState {
    const aheadMs = this.#aheadMs(sender);
    const remaining = Math.floor((Math.max(0, AHEAD_MS_MAX - aheadMs) * this.policy.perSecond) / 1000);
    // Over the limit: when it may send again; else when all of it is free again.
    const waitMs = aheadMs < AHEAD_MS_MAX ? aheadMs : Math.max(1, aheadMs - AHEAD_MS_MAX);
    return { ...this.policy, remaining, resetS: Math.ceil(waitMs / 1000) };
  }

  /** What senders came to owe since this was asked last. */
  takeUntold(): readonly Debt[] {
    const untold = Array.from(this.#untold, ([sender, ms]) => ({ sender, ms }));
    this.#untold.clear();
    return untold;
  }

  /** @param debts what each owes to all processes together, with what this one told */
  learn(debts: readonly Debt[]): void {
    for (const { sender, ms } of debts) this.#owe(sender, ms + (this.#untold.get(sender) ?? 0));
  }

  #aheadMs(sender: string): number {
    return Math.max(0, (this.#paidUntilMs.get(sender) ?? 0) - this.#nowMs());
  }

  #owe(sender: string, ms: number): void {
    const nowMs = this.#nowMs();
    this.#paidUntilMs.delete(sender);
    this.#paidUntilMs.set(sender, nowMs + Math.min(ms, OWED_MS_MAX));
    if (this.#paidUntilMs.size > SENDERS_MAX) this.#forget(nowMs);
  }

  /** Who owes nothing; and, should all owe something, who sent longest ago. */
  #forget(nowMs: number): void {
    for (const [sender, untilMs] of this.#paidUntilMs) if (untilMs <= nowMs) this.#paidUntilMs.delete(sender);
    for (const sender of this.#paidUntilMs.keys()) {
      if (this.#paidUntilMs.size <= SENDERS_MAX) return;
      this.#paidUntilMs.delete(sender);
      this.#untold.delete(sender);
    }
  }
}

const AHEAD_MS_MAX = 1000;

/** Nobody waits longer, whatever he sent at once: a sender that flushes a backlog must not be locked out for hours. */
const WAIT_MS_MAX = 5 * 60_000;
const OWED_MS_MAX = AHEAD_MS_MAX + WAIT_MS_MAX;
