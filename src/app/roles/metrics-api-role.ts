import type { FastifyInstance } from 'fastify';
import { scrapedTenants } from '../../api-keys/scraped-tenants.ts';
import { addSessionRoutes, OIDC_PATH, type SessionDoor } from '../../api-keys/session-routes.ts';
import { SignIns } from '../../api-keys/sign-ins.ts';
import { addTenantGuard } from '../../api-keys/tenant-guard.ts';
import type { MetricSource } from '../../exposition/metric-family.ts';
import { TrustedProxies } from '../../http/client-address.ts';
import { compressAnswers } from '../../http/compress-answers.ts';
import { addDocsRoutes } from '../../http/docs-routes.ts';
import type { Draining } from '../../http/draining.ts';
import { addHealthRoutes, type Dependency } from '../../http/health-routes.ts';
import { createHttpServer } from '../../http/http-server.ts';
import { KnownHosts } from '../../http/known-hosts.ts';
import type { Logger } from '../../http/logger.ts';
import { processMetrics } from '../../http/process-metrics.ts';
import { RequestMetrics } from '../../http/request-metrics.ts';
import type { ServerCertificate } from '../../http/server-certificate.ts';
import { traceRequests } from '../../http/trace-requests.ts';
import { addDashboardRoute, type IngestionPorts } from '../../metrics-api/dashboard-route.ts';
import { MetricsQueries } from '../../metrics-api/metrics-queries.ts';
import { metricsOpenApi } from '../../metrics-api/openapi.ts';
import { LlmMetrics } from '../../metrics-api/prometheus/llm-metrics.ts';
import type { Answerer } from '../../metrics-api/questions.ts';
import { addCallRoutes } from '../../metrics-api/routes/call-routes.ts';
import { addExportRoute } from '../../metrics-api/routes/export-route.ts';
import { addMetricsRoutes } from '../../metrics-api/routes/metrics-routes.ts';
import { addOverviewRoutes } from '../../metrics-api/routes/overview-routes.ts';
import { addScrapeRoutes } from '../../metrics-api/routes/scrape-routes.ts';
import { addStreamRoute } from '../../metrics-api/routes/stream-route.ts';
import { TimeZones } from '../../metrics-api/time-zones.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import type { OpenKeyCheck } from '../open/open-key-check.ts';
import { openOtlpPush } from '../open/open-otlp-push.ts';
import { PACKAGE_ROOT } from '../package-root.ts';
import { VERSION } from '../version.ts';
import { listen } from './listen.ts';
import type { RunningRole } from './running-role.ts';

/** The metrics API takes no bodies. */
const BODY_BYTES_MAX = 64 * 1024;

export interface MetricsApiPorts {
  readonly answerer: Answerer;
  readonly logger: Logger;
  readonly access: Pick<OpenKeyCheck, 'keys' | 'sessions'>;
  readonly draining: Draining;
  /** Absent: it speaks without TLS. */
  readonly certificate?: ServerCertificate | undefined;
  /** What else in this process must work, and has numbers: in `up`, the processor. */
  readonly dependencies?: readonly Dependency[];
  readonly sources?: readonly (MetricSource | undefined)[];
  /** Absent where nothing is traced. */
  readonly tracing?: Tracing | undefined;
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
  const { answerer, logger, draining, dependencies = [], sources = [], ingestion = null } = ports;
  const limits = { timeoutMs: settings.queryTimeoutMs, rowsMax: settings.queryRowsMax };
  const queries = new MetricsQueries({ answerer, logger, nowMs: Date.now, ...limits });
  const dimensions = { names: settings.metricDimensions ?? [], areMinutesKept: settings.metricDimensionMinutes };
  const context = { queries, nowMs: Date.now, zones: new TimeZones(), dimensions };
  const door = doorOf(settings, ports);
  const checkCaller = door?.signIns.check ?? null;
  const hosts = checkCaller === null ? new KnownHosts(settings.allowedHosts ?? []) : undefined;
  const requests = new RequestMetrics();
  const server = createHttpServer({
    logger,
    bodyBytesMax: BODY_BYTES_MAX,
    hosts,
    certificate: ports.certificate,
    elsewhere: 'Events and OTLP are taken by the ingestion API, on port 8080 unless it is set otherwise',
  });
  compressAnswers(server);
  addHealthRoutes(server, {
    dependencies: [
      // The embedded store is read by threads of this process.
      {
        name: 'metrics store',
        check: () => queries.checkHealth(),
        silence: settings.postgresDsn === undefined ? 'busy' : 'away',
      },
      ...dependencies,
    ],
    sources: null,
    draining,
  });
  // What was counted of a tenant is for who asked, and for now; a proxy may keep what says nothing about it.
  server.addHook('onRequest', async ({ url }, reply) => {
    if (url.startsWith('/v1/') || url.startsWith('/metrics')) void reply.header('cache-control', 'no-store');
  });
  const llm = new LlmMetrics({
    seriesMax: settings.prometheusMaxSeries,
    idleMsMax: settings.prometheusIdleAfterMs,
    nowMs: Date.now,
    readTotals: (range, signal) => answerer.llmTotals(range, { signal, isLong: true }),
  });
  addScrapeRoutes(server, {
    ofProcess: [processMetrics(VERSION), requests, ...sources],
    ofCalls: (tenants) => llm.source(tenants),
    tenantsOf: ({ headers }) => scrapedTenants(headers, checkCaller),
  });
  if (checkCaller !== null) addTenantGuard(server, checkCaller);
  addSessionRoutes(server, door);
  if (door !== null) await addOidc(server, settings, door);
  addMetricsRoutes(server, context);
  addCallRoutes(server, context);
  addOverviewRoutes(server, context);
  addExportRoute(server, context, checkCaller);
  addStreamRoute(server, context, checkCaller);
  addDashboardRoute(server, { directory: DASHBOARD, ingestion });
  addDocsRoutes(server, metricsOpenApi(VERSION));
  traceRequests(server, ports.tracing);
  const boundPort = await listen(server, { host: settings.host, port, draining, requests });
  const push = await openOtlpPush(settings, logger, () => llm.reading());
  return {
    port: boundPort,
    async stop(): Promise<void> {
      await push?.stop();
      await server.close();
    },
  };
}

/** How readers get in; null where they need no key. */
function doorOf(
  { allowedHosts = [], trustedProxies = [], sessionLifetimeMs, oidcIssuer, ...at }: SettingsOf<'up' | 'metrics-api'>,
  { access: { keys, sessions } }: MetricsApiPorts,
): SessionDoor | null {
  if (keys === null || sessions === null) return null;
  return {
    signIns: new SignIns({ keys, sessions, nowMs: Date.now, lifetimeMs: sessionLifetimeMs }),
    hosts: new KnownHosts(allowedHosts),
    proxies: new TrustedProxies(trustedProxies),
    isSecure: at.tlsCert !== undefined || at.publicUrl?.startsWith('https:') === true,
    nowMs: Date.now,
    otherSignIn: oidcIssuer === undefined ? null : OIDC_PATH,
  };
}

async function addOidc(
  server: FastifyInstance,
  settings: SettingsOf<'up' | 'metrics-api'>,
  { signIns, isSecure }: SessionDoor,
): Promise<void> {
  const { oidcIssuer: issuer, oidcClientId: clientId, publicUrl } = settings;
  if (issuer === undefined || clientId === undefined || publicUrl === undefined) return;
  const [{ OidcSignIn }, { addOidcRoutes }] = await Promise.all([
    import('../../api-keys/oidc-sign-in.ts'),
    import('../../api-keys/oidc-routes.ts'),
  ]);
  const roleOf = new Map(
    (settings.oidcRoleMap ?? []).map((pair) => {
      const at = pair.lastIndexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)] as const;
    }),
  );
  const oidc = new OidcSignIn({
    issuer,
    clientId,
    clientSecret: settings.oidcClientSecret,
    scopes: settings.oidcScopes,
    publicUrl,
    claims: { roles: settings.oidcRolesClaim, tenants: settings.oidcTenantsClaim, roleOf },
  });
  addOidcRoutes(server, { signIns, oidc, isSecure });
}
