import type { IncomingHttpHeaders } from 'node:http';
import { requireRole } from '../api-keys/caller.ts';
import type { CallerCheck } from '../api-keys/key-check.ts';
import type { NewRecord } from '../event-log/event-log.ts';
import type { Role } from '../events/role.ts';
import type { TenantScope } from '../events/tenant-scope.ts';
import { limitsOf, Meter, type SenderLimits } from './sender-limits.ts';

/** Who sends. Without API keys anybody may speak for every tenant. */
export interface Sender {
  /** For whom it may speak. */
  readonly tenants: TenantScope;
  /** Notes how much came, for its limits; bytes as they were sent. */
  charge(events: number, bytes: number): void;
  /**
   * Notes what came for each tenant, where the sender speaks for several.
   *
   * @throws {Problem} 429 where one of them is over its limit: then nothing of it may be taken
   */
  chargeTenants(records: readonly Pick<NewRecord, 'senderTenant' | 'value'>[]): void;
  /** What is left of its limits; undefined where there are none. */
  limitHeaders(): Readonly<Record<string, string>> | undefined;
}

export interface SenderOrigin {
  readonly headers: IncomingHttpHeaders;
  /** The address of the other end of the connection. */
  readonly address: string;
  /** What it wants to do; to send, unless it says otherwise. */
  readonly role?: Role;
}

/** @throws {Problem} 401 for a missing or unknown key, 403 for one that was revoked, 429 beyond the rate limit */
export type SenderCheck = (origin: SenderOrigin) => Promise<Sender>;

/** How a sender without limits is charged. */
const UNMETERED: Omit<Sender, 'tenants'> = {
  charge: () => undefined,
  chargeTenants: () => undefined,
  limitHeaders: () => undefined,
};

export const anybody: SenderCheck = async () => ({ tenants: null, ...UNMETERED });

/** The key decides the tenants. */
export function apiKeySenders(checkCaller: CallerCheck, limits: SenderLimits): SenderCheck {
  const isMetered = limitsOf(limits).length > 0;
  return async ({ headers, role = 'ingest' }) => {
    const caller = await checkCaller(headers);
    requireRole(caller, role);
    const { id, tenants } = caller;
    if (!isMetered) return { tenants, ...UNMETERED };
    const tenant = tenants?.length === 1 ? tenants[0] : undefined;
    return metered(tenants, new Meter(limits, { sender: id, tenant }), limits);
  };
}

/** Anybody, each at a limited rate. An IPv6 customer has at least a /64, so its addresses count as one. */
export function addressedSenders(limits: SenderLimits): SenderCheck {
  return async ({ address }) => metered(null, new Meter(limits, { sender: networkOf(address) }), limits);
}

/** @throws {Problem} 429 */
function metered(tenants: TenantScope, meter: Meter, limits: SenderLimits): Sender {
  meter.admit();
  const hasTenantLimit = limits.tenantEvents !== null || limits.tenantBytes !== null;
  return {
    tenants,
    charge: (events, bytes) => meter.charge(events, bytes),
    chargeTenants(records): void {
      // Of one tenant all was noted before; of all of them none is anybody's to limit by what a sender says.
      if (!hasTenantLimit || tenants === null || tenants.length === 1) return;
      const shares = [...Map.groupBy(records, ({ senderTenant }) => senderTenant ?? '')].map(([tenant, of]) => ({
        tenantMeter: new Meter(limits, { tenant }),
        events: of.length,
        bytes: of.reduce((sum, { value }) => sum + value.length, 0),
      }));
      for (const { tenantMeter } of shares) tenantMeter.admit();
      for (const { tenantMeter, events, bytes } of shares) tenantMeter.charge(events, bytes);
    },
    limitHeaders: () => meter.headers(),
  };
}

/** `2001:db8:0:1` of `2001:db8:0:1::7`; an IPv4 address as it is, also where it is written as IPv6. */
function networkOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address;
  const [head = [], tail = []] = address.split('::').map((part) => (part === '' ? [] : part.split(':')));
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0');
  return [...head, ...zeros, ...tail].slice(0, 4).join(':');
}
