import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from './seeded-random.ts';
import { type CallPlan, makeCall, requestLine, responseLine, type SentCall } from './sent-call.ts';

export interface TrafficOptions {
  readonly plan: CallPlan;
  readonly seed: number;
  /** Ingestion APIs; a batch that one does not take goes to the next. */
  readonly urls: readonly string[];
  readonly callsPerSecond?: number;
}

const SENDERS = 3;
const CALLS_PER_BATCH = 40;
/** Longer than ingestion itself waits for the log. */
const ANSWER_MS_MAX = 25_000;
/** After the stop: how long what is still unanswered is sent again. */
const STOP_MS_MAX = 90_000;

/**
 * Applications that send batches until they are told to stop, and send again, with the same ids, what was not answered
 * with 202. So at the end everything in `calls` was acknowledged, and must count exactly once.
 *
 * Some events are sent twice on purpose, some responses long after or before their request.
 */
export class Traffic {
  readonly calls: SentCall[] = [];
  /** How often each status came; `none` where no answer did. */
  readonly answers = new Map<string, number>();
  /** Answers that break the contract: anything but 202, 503 with Retry-After, or no answer. */
  readonly lies: string[] = [];
  /** The longest time without a single 202. */
  silenceMsMax = 0;

  readonly #options: TrafficOptions;
  readonly #senders: Promise<void>[];
  #isStopping = false;
  #stoppedAtMs = Number.POSITIVE_INFINITY;
  #acceptedAtMs = performance.now();

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#senders = Array.from({ length: SENDERS }, (_, sender) => this.#run(sender));
  }

  /** Resolves when all that was sent is acknowledged. @throws when that takes too long, or ingestion broke its word */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#stoppedAtMs = performance.now();
    await Promise.all(this.#senders);
    assert.deepEqual(this.lies, [], 'ingestion answers 202, or 503 with Retry-After');
  }

  /** For a test that failed: nothing more is sent, or it would go on into the next test. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    this.#stoppedAtMs = Number.NEGATIVE_INFINITY;
    await Promise.allSettled(this.#senders);
  }

  /** Resolves when so many more calls were acknowledged, which proves that ingestion works again. */
  async flows(calls = 200): Promise<void> {
    const goal = this.calls.length + calls;
    const giveUpAtMs = performance.now() + STOP_MS_MAX;
    while (this.calls.length < goal) {
      assert.ok(performance.now() < giveUpAtMs, `traffic does not flow; answers: ${this.#summary()}`);
      await sleep(50);
    }
  }

  async #run(sender: number): Promise<void> {
    const { plan, seed, callsPerSecond = 600 } = this.#options;
    const random = new SeededRandom(seed * 1_000 + sender);
    const paceMs = (1_000 * CALLS_PER_BATCH * SENDERS) / callsPerSecond;
    let late: string[] = [];
    for (let batch = 0; !this.#isStopping || late.length > 0; batch++) {
      const calls = this.#isStopping
        ? []
        : Array.from({ length: CALLS_PER_BATCH }, (_, i) => makeCall(plan, `${sender}-${batch}-${i}`, random));
      const lines = [...late];
      late = [];
      for (const call of calls) cut(call, random, { lines, late });
      const startedMs = performance.now();
      await this.#insist(lines.join('\n'), sender);
      this.calls.push(...calls);
      if (!this.#isStopping) await sleep(Math.max(1, paceMs - (performance.now() - startedMs)));
    }
  }

  /** Until it is taken. */
  async #insist(body: string, sender: number): Promise<void> {
    const { urls } = this.#options;
    for (let attempt = 0; ; attempt++) {
      if (await this.#post(`${urls[(sender + attempt) % urls.length]}/v1/llm/events`, body)) return;
      assert.ok(
        performance.now() - this.#stoppedAtMs < STOP_MS_MAX,
        `events were not taken after the stop; answers: ${this.#summary()}`,
      );
      await sleep(200);
    }
  }

  async #post(url: string, body: string): Promise<boolean> {
    const headers = { 'content-type': 'application/x-ndjson' };
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(ANSWER_MS_MAX) });
      text = await response.text();
    } catch {
      this.#count('none');
      return false;
    }
    this.#count(String(response.status));
    if (response.status === 202) {
      if ((JSON.parse(text) as { rejected: number }).rejected > 0) this.lies.push(text);
      this.silenceMsMax = Math.max(this.silenceMsMax, performance.now() - this.#acceptedAtMs);
      this.#acceptedAtMs = performance.now();
      return true;
    }
    if (response.status !== 503 || response.headers.get('retry-after') === null)
      this.lies.push(`${response.status} ${JSON.stringify(Object.fromEntries(response.headers))} ${text}`);
    return false;
  }

  #count(status: string): void {
    this.answers.set(status, (this.answers.get(status) ?? 0) + 1);
  }

  #summary(): string {
    return JSON.stringify(Object.fromEntries(this.answers));
  }
}

/** Cuts a call into its events: for this batch, or for the sender's next one. */
function cut(call: SentCall, random: SeededRandom, { lines, late }: { lines: string[]; late: string[] }): void {
  const events = [requestLine(call), ...(call.answer === undefined ? [] : [responseLine(call)])];
  // The response overtakes its request.
  if (random.next() < 0.1) events.reverse();
  const [first = '', second] = events;
  lines.push(first);
  if (second !== undefined) (random.next() < 0.3 ? late : lines).push(second);
  // An application that retries without need.
  if (random.next() < 0.05) (random.next() < 0.5 ? late : lines).push(random.pick(events));
}
