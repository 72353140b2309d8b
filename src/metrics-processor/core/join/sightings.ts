import { isInReach, type KnownCall, type ReachOptions } from './known-call.ts';

/**
 * Which calls of its id were seen near a response or an evaluation that waits, beginning with those that were there
 * before it. It is kept with what waits, since the calls may be forgotten before that is given up; a checkpoint keeps
 * it too.
 */
export class Sightings {
  ownTenant = false;
  otherTenant = false;

  /** It speaks of a call that is not its tenant's. */
  get areForeign(): boolean {
    return this.otherTenant && !this.ownTenant;
  }
}

/** What names no tenant may be about every call, so it sees nothing foreign. */
export function see(
  sightings: Sightings,
  { tenantId, loggedAtMs }: { readonly tenantId: string | null; readonly loggedAtMs: number },
  call: KnownCall,
  options: ReachOptions,
): void {
  if (tenantId === null || !isInReach(call, loggedAtMs, options)) return;
  if (call.series.tenantId === tenantId) sightings.ownTenant = true;
  else sightings.otherTenant = true;
}
