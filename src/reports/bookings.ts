/** What became of a report that is no repetition. `agent` is context of which a call is expected, and none is known. */
export type ReportOutcome = 'call' | 'folded' | 'context' | 'agent';

/** One object per tenant and outcome, so that a change is told by identity. */
export interface Booking {
  readonly tenantId: string;
  readonly outcome: ReportOutcome;
}

/** Beyond this many it starts again; then a report may be booked anew as what it was, which changes nothing. */
const TENANTS_MAX = 20_000;

export class Bookings {
  readonly #byTenant = new Map<string, Readonly<Record<ReportOutcome, Booking>>>();

  of(tenantId: string, outcome: ReportOutcome): Booking {
    let ofTenant = this.#byTenant.get(tenantId);
    if (ofTenant === undefined) {
      if (this.#byTenant.size >= TENANTS_MAX) this.#byTenant.clear();
      ofTenant = {
        call: { tenantId, outcome: 'call' },
        folded: { tenantId, outcome: 'folded' },
        context: { tenantId, outcome: 'context' },
        agent: { tenantId, outcome: 'agent' },
      };
      this.#byTenant.set(tenantId, ofTenant);
    }
    return ofTenant[outcome];
  }
}
