import { rateLimitHeaders } from '../http/problem-answer.ts';
import type { RateLimit } from './rate-limit.ts';

/** The limits of a process; null where there is none. Each counts its senders apart. */
export interface SenderLimits {
  /** Of each key, or of each address where there are no keys. */
  readonly events: RateLimit | null;
  readonly bytes: RateLimit | null;
  /** Of each tenant, all of its keys together. */
  readonly tenantEvents: RateLimit | null;
  readonly tenantBytes: RateLimit | null;
}

export function limitsOf({ events, bytes, tenantEvents, tenantBytes }: SenderLimits): readonly RateLimit[] {
  return [events, bytes, tenantEvents, tenantBytes].filter((limit) => limit !== null);
}

/** What one sender may send, by each limit that holds for it. */
export class Meter {
  readonly #counted: readonly { readonly limit: RateLimit; readonly name: string }[];

  constructor(limits: SenderLimits, names: { readonly sender?: string; readonly tenant?: string | undefined }) {
    const { sender, tenant } = names;
    const of = (name: string | undefined, ...each: readonly (RateLimit | null)[]) =>
      each.flatMap((limit) => (limit === null || name === undefined ? [] : { limit, name }));
    this.#counted = [
      ...of(sender, limits.events, limits.bytes),
      ...of(tenant, limits.tenantEvents, limits.tenantBytes),
    ];
  }

  /** @throws {Problem} 429 where one of them is reached */
  admit(): void {
    for (const { limit, name } of this.#counted) limit.admit(name);
  }

  charge(events: number, bytes: number): void {
    for (const { limit, name } of this.#counted) limit.charge(name, limit.policy.unit === 'events' ? events : bytes);
  }

  /** What is left, for the sender; undefined where nothing is limited. */
  headers(): Readonly<Record<string, string>> | undefined {
    if (this.#counted.length === 0) return undefined;
    return rateLimitHeaders(this.#counted.map(({ limit, name }) => limit.state(name)));
  }
}
