import type { CallerCheck } from '../../api-keys/key-check.ts';
import type { EventLog } from '../../event-log/event-log.ts';
import type { MetricSource } from '../../exposition/metric-family.ts';
import { BodyBudget } from '../../http/body-budget.ts';
import { addDocsRoutes } from '../../http/docs-routes.ts';
import type { Draining } from '../../http/draining.ts';
import { addHealthRoutes, type Dependency } from '../../http/health-routes.ts';
import { createHttpServer } from '../../http/http-server.ts';
import { KnownHosts } from '../../http/known-hosts.ts';
import type { Logger } from '../../http/logger.ts';
import { addPostRoutes } from '../../http/post-routes.ts';
import { processMetrics } from '../../http/process-metrics.ts';
import { RequestMetrics } from '../../http/request-metrics.ts';
import { transportHeaders } from '../../http/security-headers.ts';
import type { ServerCertificate } from '../../http/server-certificate.ts';
import { traceRequests } from '../../http/trace-requests.ts';
import { AppendLog } from '../../ingestion-api/append-log.ts';
import { AppendQueue } from '../../ingestion-api/append-queue.ts';
import { BATCH_BYTES_MAX, eventRoutes } from '../../ingestion-api/event-routes.ts';
import { addIgnoredRoute } from '../../ingestion-api/ignored-route.ts';
import { IgnoredSignals } from '../../ingestion-api/ignored-signals.ts';
import { IngestionMetrics } from '../../ingestion-api/ingestion-metrics.ts';
import { ingestionOpenApi } from '../../ingestion-api/openapi.ts';
import { type OtlpContext, otlpRoutes } from '../../ingestion-api/otlp-routes.ts';
import type { SenderLimits } from '../../ingestion-api/sender-limits.ts';
import { retry } from '../../metrics-processor/retry.ts';
import { createFullKeyTable, createKeyTable } from '../../otlp/dialects/wanted-keys.ts';
import { GrpcCalls } from '../../otlp/grpc/grpc-calls.ts';
import { DimensionFinder } from '../../otlp/to-events/tenant-and-route.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import { SYSTEM_RUNTIME } from '../system-runtime.ts';
import { LargeOtlpExports } from '../threads/large-otlp-exports.ts';
import { VERSION } from '../version.ts';
import { listen } from './listen.ts';
import { startOtlpGrpc } from './otlp-grpc.ts';
import type { RunningIngestion } from './running-role.ts';
import { senderCheck } from './sender-check.ts';

const APPEND_BYTES_MAX = 4 * 1024 * 1024;
const APPEND_TIMEOUT_MS = 15_000;

/** Kafka takes several appends at once; the embedded log takes one after the other anyhow. */
const KAFKA_APPENDS_IN_FLIGHT = 4;

export interface IngestionPorts {
  readonly log: EventLog;
  readonly logger: Logger;
  /** Null where senders need no key. */
  readonly checkCaller: CallerCheck | null;
  readonly draining: Draining;
  readonly limits: SenderLimits;
  /** Absent: it speaks without TLS. */
  readonly certificate?: ServerCertificate | undefined;
  /** What else in this process must be right. */
  readonly dependencies?: readonly Dependency[];
  readonly sources?: readonly (MetricSource | undefined)[];
  /** Absent where nothing is traced. */
  readonly tracing?: Tracing | undefined;
  /** No port is opened before it resolves. */
  readonly opensAfter?: Promise<unknown>;
}

/** Starts the ingestion API. @throws when a port cannot be bound */
export async function startIngestion(
  settings: SettingsOf<'up' | 'ingestion-api'>,
  port: number,
  {
    log,
    logger,
    checkCaller,
    limits,
    draining,
    certificate,
    dependencies = [],
    sources = [],
    opensAfter,
    tracing,
  }: IngestionPorts,
): Promise<RunningIngestion> {
  const metrics = new IngestionMetrics();
  const queue = new AppendQueue(
    log,
    {
      queueBytesMax: settings.queueBytesMax,
      appendBytesMax: APPEND_BYTES_MAX,
      appendsInFlightMax: settings.kafkaBrokers === undefined ? 1 : KAFKA_APPENDS_IN_FLIGHT,
      appendTimeoutMs: APPEND_TIMEOUT_MS,
    },
    new AppendLog(metrics, logger),
  );
  metrics.watch(queue);
  const names = { tenant: settings.tenantAttributes, route: settings.routeAttributes };
  const large = new LargeOtlpExports({
    names,
    correlation: settings.otlpCorrelation,
    keepUserEmail: settings.keepUserEmail,
  });
  const ignored = new IgnoredSignals(({ signal, scope, reason }) =>
    logger.info({ signal, scope, reason }, 'Taken by OTLP and not counted; GET /v1/otlp/ignored shows more'),
  );
  const context: OtlpContext = {
    large,
    ignored,
    queue,
    metrics,
    checkSender: senderCheck(settings, checkCaller, { limits, metrics, logger }),
    keys: createKeyTable(names),
    allKeys: createFullKeyTable(),
    dimensions: new DimensionFinder(names),
    correlation: settings.otlpCorrelation,
    keepUserEmail: settings.keepUserEmail,
    tracing,
  };
  const hosts = new KnownHosts(settings.allowedHosts ?? []);
  const checksHost = checkCaller === null;
  const requests = new RequestMetrics();
  const grpcCalls = new GrpcCalls();
  const server = createHttpServer({
    logger,
    bodyBytesMax: BATCH_BYTES_MAX,
    hosts: checksHost ? hosts : undefined,
    certificate,
    elsewhere: 'The dashboard and queries are at the metrics API, on port 8081 unless it is set otherwise',
  });
  addHealthRoutes(server, {
    dependencies: [
      {
        name: 'event log',
        check: () => log.checkHealth(),
        // The embedded log is written by a thread of this process.
        silence: settings.kafkaBrokers === undefined ? 'busy' : 'away',
      },
      ...dependencies,
    ],
    sources: [processMetrics(VERSION), requests, metrics, grpcCalls, ...sources],
    draining,
  });
  const budget = new BodyBudget(settings.bodyBytesMaxTotal);
  const handlers = new Map([...eventRoutes(context), ...otlpRoutes(context)]);
  addPostRoutes(server, { handlers, budget, hosts, checksHost, headers: transportHeaders(certificate !== undefined) });
  addIgnoredRoute(server, context);
  addDocsRoutes(server, ingestionOpenApi(VERSION));
  traceRequests(server, tracing);
  await opensAfter;
  const starting = new AbortController();
  void tellUntilUsable(log, logger, starting.signal);
  const boundPort = await listen(server, { host: settings.host, port, draining, requests });
  const grpc = await startOtlpGrpc(settings, context, { budget, logger, certificate, calls: grpcCalls });
  return {
    port: boundPort,
    grpcPort: grpc?.port,
    async stop(): Promise<void> {
      starting.abort();
      await Promise.all([server.close(), grpc?.close()]);
      await queue.idle();
      await large.stop();
    },
  };
}

/** A log that cannot be used at the start is told at once, not first when a sender is refused. */
async function tellUntilUsable(log: EventLog, logger: Logger, signal: AbortSignal): Promise<void> {
  const onRetry = (error: Error, { attempt }: { attempt: number }) => {
    const fact = { attempt, reason: error.message };
    if (attempt % TELL_EVERY_ATTEMPTS === 1) logger.warn(fact, 'The event log cannot be used yet; events get 503');
  };
  try {
    await retry(() => log.checkHealth(), { runtime: SYSTEM_RUNTIME, signal, onRetry });
    logger.debug('The event log can be used');
  } catch (error) {
    if (!signal.aborted) logger.error({ reason: (error as Error).message }, 'The event log cannot be used');
  }
}

/** They come every 5 s at the latest. */
const TELL_EVERY_ATTEMPTS = 12;
