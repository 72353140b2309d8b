import type { KeyCheck } from '../../api-keys/key-check.ts';
import { addTenantGuard } from '../../api-keys/tenant-guard.ts';
import { compressAnswers } from '../../http/compress-answers.ts';
import { addDocsRoutes } from '../../http/docs-routes.ts';
import type { Draining } from '../../http/draining.ts';
import { addHealthRoutes, type Dependency, type Scrapable } from '../../http/health-routes.ts';
import { createHttpServer } from '../../http/http-server.ts';
import { KnownHosts } from '../../http/known-hosts.ts';
import type { Logger } from '../../http/logger.ts';
import { processMetrics } from '../../http/process-metrics.ts';
import { addDashboardRoute, type IngestionPorts } from '../../metrics-api/dashboard-route.ts';
import { MetricsQueries } from '../../metrics-api/metrics-queries.ts';
import { metricsOpenApi } from '../../metrics-api/openapi.ts';
import type { Answerer } from '../../metrics-api/questions.ts';
import { addCallRoutes } from '../../metrics-api/routes/call-routes.ts';
import { addMetricsRoutes } from '../../metrics-api/routes/metrics-routes.ts';
import { addOverviewRoutes } from '../../metrics-api/routes/overview-routes.ts';
import { addStreamRoute } from '../../metrics-api/routes/stream-route.ts';
import { TimeZones } from '../../metrics-api/time-zones.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { PACKAGE_ROOT } from '../package-root.ts';
import { VERSION } from '../version.ts';
import { listen } from './listen.ts';
import type { RunningRole } from './running-role.ts';

/** The metrics API takes no bodies. */
const BODY_BYTES_MAX = 64 * 1024;

export interface MetricsApiPorts {
  readonly answerer: Answerer;
  readonly logger: Logger;
  /** Null where readers need no key. */
  readonly checkKey: KeyCheck | null;
  readonly draining: Draining;
  /** What else in this process must work, and has numbers: in `up`, the processor. */
  readonly dependencies?: readonly Dependency[];
  readonly registries?: readonly Scrapable[];
  /** Where this process takes events, if it does. */
  readonly ingestion?: IngestionPorts;
}

/** The page's files, found from the sources as from the bundle: both lie two folders deep. */
const DASHBOARD = new URL('dist/dashboard/', PACKAGE_ROOT);

/** Starts the metrics API. @throws when the port cannot be bound */
export async function startMetricsApi(
  settings: SettingsOf<'up' | 'metrics-api'>,
  port: number,
  ports: MetricsApiPorts,
): Promise<RunningRole> {
  const { answerer, logger, checkKey, draining, dependencies = [], registries = [], ingestion = null } = ports;
  const queries = new MetricsQueries({ answerer, logger, nowMs: Date.now, timeoutMs: settings.queryTimeoutMs });
  const context = { queries, nowMs: Date.now, zones: new TimeZones() };
  const hosts = checkKey === null ? new KnownHosts(settings.allowedHosts ?? []) : undefined;
  const server = createHttpServer({ logger, bodyBytesMax: BODY_BYTES_MAX, hosts });
  compressAnswers(server);
  addHealthRoutes(server, {
    dependencies: [{ name: 'metrics store', check: () => queries.checkHealth() }, ...dependencies],
    registries: [processMetrics(VERSION), ...registries],
    draining,
  });
  if (checkKey !== null) addTenantGuard(server, checkKey);
  addMetricsRoutes(server, context);
  addCallRoutes(server, context);
  addOverviewRoutes(server, context);
  addStreamRoute(server, context, checkKey);
  addDashboardRoute(server, { directory: DASHBOARD, ingestion });
  addDocsRoutes(server, metricsOpenApi(VERSION));
  const boundPort = await listen(server, { host: settings.host, port, draining });
  return {
    port: boundPort,
    async stop(): Promise<void> {
      await server.close();
    },
  };
}
