import type { FastifyInstance } from 'fastify';
import { isInScope, scopeInWords } from '../events/tenant-scope.ts';
import { Problem } from '../http/problem.ts';
import { requireRole } from './caller.ts';
import type { CallerCheck } from './key-check.ts';

/**
 * Asks for a caller that may read on everything below `/v1/`, and lets it read its own tenants only. Where the tenant
 * may be left out and means all of them, such a caller means its own.
 *
 * Goes by the route that was found, not by the URL: `/%761/metrics` is the same route.
 */
export function addTenantGuard(server: FastifyInstance, checkCaller: CallerCheck): void {
  server.addHook('preValidation', async (request) => {
    const { url, config } = request.routeOptions;
    if (url?.startsWith('/v1/') !== true || config.isOpen === true) return;
    const caller = await checkCaller(request.headers);
    requireRole(caller, 'read');
    const { tenants } = caller;
    request.tenants = tenants;
    if (tenants === null) return;
    const query = request.query as Record<string, unknown>;
    query['tenant_id'] ??= tenants.length === 1 ? tenants[0] : tenants;
    // A parameter that was given more than once is an array.
    const asked = [query['tenant_id']].flat();
    if (asked.every((tenantId) => typeof tenantId === 'string' && isInScope(tenants, tenantId))) return;
    throw new Problem(403, `This API key may read ${scopeInWords(tenants)} only`);
  });
}
