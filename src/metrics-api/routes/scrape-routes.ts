import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { TenantScope } from '../../events/tenant-scope.ts';
import type { MetricSource } from '../../exposition/metric-family.ts';
import { sendMetrics } from '../../http/health-routes.ts';
import { refuseParameters } from '../../http/unknown-parameters.ts';

export interface ScrapeRoutes {
  /** What the process tells of itself, to everybody. */
  readonly ofProcess: readonly (MetricSource | undefined)[];
  /** What is told of the calls of these tenants. */
  readonly ofCalls: (tenants: TenantScope) => MetricSource;
  /** Whose calls a request may see. @throws {Problem} where it needs a key and shows none, or one that may not read */
  readonly tenantsOf: (request: FastifyRequest) => Promise<TenantScope>;
}

/**
 * `/metrics`: all that the scraper may see, of the process and of models' calls; who may read no calls sees the
 * process. `/metrics/process` and `/metrics/llm`: one of the two, as calls are the same in each replica.
 */
export function addScrapeRoutes(server: FastifyInstance, routes: ScrapeRoutes): void {
  const { ofProcess, ofCalls, tenantsOf } = routes;
  server.get('/metrics', async (request, reply) => {
    refuseParameters(request);
    const calls = await tenantsOf(request).then(ofCalls, () => undefined);
    await sendMetrics(request, reply, [...ofProcess, calls]);
  });
  server.get('/metrics/process', async (request, reply) => {
    refuseParameters(request);
    await sendMetrics(request, reply, ofProcess);
  });
  server.get('/metrics/llm', async (request, reply) => {
    refuseParameters(request);
    await sendMetrics(request, reply, [ofCalls(await tenantsOf(request))]);
  });
}
