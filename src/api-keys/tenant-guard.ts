import type { FastifyInstance } from 'fastify';
import { Problem } from '../http/problem.ts';
import type { KeyCheck } from './key-check.ts';

/**
 * Lets a key of one tenant read that tenant only, and asks for a key on everything below `/v1/`. Where the tenant may
 * be left out and means all of them, such a key means its own.
 *
 * Goes by the route that was found, not by the URL: `/%761/metrics` is the same route.
 */
export function addTenantGuard(server: FastifyInstance, checkKey: KeyCheck): void {
  server.addHook('preValidation', async (request) => {
    if (request.routeOptions.url?.startsWith('/v1/') !== true) return;
    const { tenantId } = await checkKey(request.headers);
    request.keyTenantId = tenantId;
    if (tenantId === null) return;
    const query = request.query as Record<string, unknown>;
    query['tenant_id'] ??= tenantId;
    // A parameter that was given twice is an array, which the route refuses as invalid; it is not this tenant either.
    if (query['tenant_id'] === tenantId) return;
    throw new Problem(403, `This API key may read the tenant "${tenantId}" only`);
  });
}
