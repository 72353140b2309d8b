import type { IncomingHttpHeaders } from 'node:http';
import type { TenantScope } from '../events/tenant-scope.ts';
import { requireRole } from './caller.ts';
import type { CallerCheck } from './key-check.ts';

/**
 * Whose calls a scraper may see: as on `/v1/`, all without keys, else those of a key that may read.
 *
 * @throws {Problem} 401, 403 or 503
 */
export async function scrapedTenants(
  headers: IncomingHttpHeaders,
  checkCaller: CallerCheck | null,
): Promise<TenantScope> {
  if (checkCaller === null) return null;
  const caller = await checkCaller(headers);
  requireRole(caller, 'read');
  return caller.tenants;
}
