import type { IncomingHttpHeaders } from 'node:http';
import type { KeyCheck } from '../api-keys/key-check.ts';
import type { RateLimit } from './rate-limit.ts';

/** Who sends. Without API keys anybody may speak for every tenant. */
export interface Sender {
  /** The tenant that the sender's key belongs to; null for all. */
  readonly tenantId: string | null;
  /** Notes how many events came, for the rate limit. */
  charge(events: number): void;
}

export interface SenderOrigin {
  readonly headers: IncomingHttpHeaders;
  /** The address of the other end of the connection. */
  readonly address: string;
}

/** @throws {Problem} 401 for a missing or unknown key, 403 for one that was revoked, 429 beyond the rate limit */
export type SenderCheck = (origin: SenderOrigin) => Promise<Sender>;

export const anybody: SenderCheck = async () => ({ tenantId: null, charge: () => undefined });

/** The key decides the tenant. */
export function apiKeySenders(checkKey: KeyCheck, limit: RateLimit | null): SenderCheck {
  return async ({ headers }) => {
    const { id, tenantId } = await checkKey(headers);
    return { tenantId, charge: charger(limit, id) };
  };
}

/** Anybody, each at a limited rate. An IPv6 customer has at least a /64, so its addresses count as one. */
export function addressedSenders(limit: RateLimit): SenderCheck {
  return async ({ address }) => ({ tenantId: null, charge: charger(limit, networkOf(address)) });
}

function charger(limit: RateLimit | null, name: string): Sender['charge'] {
  if (limit === null) return () => undefined;
  limit.admit(name);
  return (events) => limit.charge(name, events);
}

/** `2001:db8:0:1` of `2001:db8:0:1::7`; an IPv4 address as it is, also where it is written as IPv6. */
function networkOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address;
  const [head = [], tail = []] = address.split('::').map((part) => (part === '' ? [] : part.split(':')));
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0');
  return [...head, ...zeros, ...tail].slice(0, 4).join(':');
}
