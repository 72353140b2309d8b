import { SeededRandom } from '../../src/commands/traffic/seeded-random.ts';
import type { LlmRequest } from '../../src/events/llm-request.ts';
import type { LlmResponse } from '../../src/events/llm-response.ts';

/** One line of a batch. */
export type LoadItem =
  | { readonly type: 'request'; readonly event: LlmRequest; readonly line: string }
  | { readonly type: 'response'; readonly event: LlmResponse; readonly line: string }
  | { readonly type: 'malformed'; readonly line: string };

export const TENANTS = ['acme', 'globex', 'Ünïcode & "quotes"'] as const;
const ROUTES = ['chat', 'search', 'summary', 'agent'] as const;
const MODELS = ['gpt-4.1-mini', 'claude-sonnet-4-5', 'nobody-knows-its-price'] as const;
const MINUTES = 30;
const FROM_MS = Date.UTC(2026, 0, 10, 12);

const MALFORMED = [
  '{"type":"request"',
  '{"type":"request","request_id":"m"}',
  '{"type":"invoice","request_id":"m"}',
  '{"type":"response","request_id":"m","timestamp":"yesterday"}',
  '{"type":"response","request_id":"m","timestamp":"2026-01-10T12:00:00Z","completion_tokens":-1}',
  '{"type":"response","request_id":"","timestamp":"2026-01-10T12:00:00Z"}',
  '[]',
  'null',
  '"\\u0000"',
] as const;

/**
 * Traffic with everything that goes wrong: requests and responses sent twice, responses that never come or come
 * first, responses to nobody, lines that are no events.
 */
export class MixedLoad {
  readonly #random: SeededRandom;
  readonly #prefix: string;
  #calls = 0;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.#prefix = `load-${seed}`;
  }

  /** The events of the next `count` calls, shuffled. */
  next(count: number): LoadItem[] {
    const items: LoadItem[] = [];
    for (let i = 0; i < count; i++) items.push(...this.#call());
    for (let i = items.length - 1; i > 0; i--) {
      const j = Math.floor(this.#random.next() * (i + 1));
      [items[i], items[j]] = [items[j] as LoadItem, items[i] as LoadItem];
    }
    return items;
  }

  #call(): LoadItem[] {
    const random = this.#random;
    const id = `${this.#prefix}-${this.#calls++}`;
    const atMs = FROM_MS + Math.floor(random.next() * MINUTES * 60_000);
    const request = lineOf({ type: 'request', event: this.#request(id, atMs) });
    const response = lineOf({ type: 'response', event: this.#response(id, atMs) });
    const items: LoadItem[] = [];
    if (!random.isTrue(0.02)) items.push(request);
    if (!random.isTrue(0.03)) items.push(response);
    items.push(...items.filter(() => random.isTrue(0.05)));
    if (random.isTrue(0.01)) items.push({ type: 'malformed', line: this.#one(MALFORMED) });
    return items;
  }

  #request(id: string, atMs: number): LlmRequest {
    const random = this.#random;
    return {
      request_id: id,
      tenant_id: this.#one(TENANTS),
      route: this.#one(ROUTES),
      model: this.#one(MODELS),
      timestamp: new Date(atMs).toISOString(),
      ...(random.isTrue(0.9) ? { prompt_tokens: random.isTrue(0.02) ? null : this.#upTo(5000) } : {}),
      ...(random.isTrue(0.2) ? { metadata: { note: 'x'.repeat(this.#upTo(200)) } } : {}),
    };
  }

  #response(id: string, atMs: number): LlmResponse {
    const random = this.#random;
    const latencyMs = this.#upTo(90_000);
    return {
      request_id: id,
      timestamp: new Date(atMs + latencyMs).toISOString(),
      ...(random.isTrue(0.8) ? { latency_ms: latencyMs } : {}),
      ...(random.isTrue(0.95) ? { completion_tokens: random.isTrue(0.02) ? null : this.#upTo(1000) } : {}),
      ...(random.isTrue(0.1) ? { prompt_tokens: this.#upTo(5000) } : {}),
      ...(random.isTrue(0.1) ? { reasoning_tokens: this.#upTo(100) } : {}),
      finish_reason: 'stop',
      ...(random.isTrue(0.05) ? { error: random.isTrue(0.2) ? '' : 'rate_limit_exceeded' } : {}),
    };
  }

  #upTo(max: number): number {
    return Math.floor(this.#random.next() * (max + 1));
  }

  #one<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#random.next() * choices.length)] as T;
  }
}

function lineOf(typed: { type: 'request'; event: LlmRequest } | { type: 'response'; event: LlmResponse }): LoadItem {
  return { ...typed, line: JSON.stringify({ type: typed.type, ...typed.event }) };
}
