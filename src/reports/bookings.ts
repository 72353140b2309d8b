/** What became of a report that is no repetition. */
export type ReportFate = 'call' | 'folded' | 'context';

/** One object per tenant and fate, so that a change is told by identity. */
export interface Booking {
  readonly tenantId: string;
  readonly fate: ReportFate;
}

/** Beyond this many it starts again; then a report may be booked anew as what it was, which changes nothing. */
const TENANTS_MAX = 20_000;

export class Bookings {
  readonly #byTenant = new Map<string, Readonly<Record<ReportFate, Booking>>>();

  of(tenantId: string, fate: ReportFate): Booking {
    let ofTenant = this.#byTenant.get(tenantId);
    if (ofTenant === undefined) {
      if (this.#byTenant.size >= TENANTS_MAX) this.#byTenant.clear();
      ofTenant = {
        call: { tenantId, fate: 'call' },
        folded: { tenantId, fate: 'folded' },
        context: { tenantId, fate: 'context' },
      };
      this.#byTenant.set(tenantId, ofTenant);
    }
    return ofTenant[fate];
  }
}
