import { DIMENSION_SETTINGS } from './dimension-settings.ts';
import { DOOR_SETTINGS } from './door-settings.ts';
import { JOIN_SETTINGS } from './join-settings.ts';
import { KAFKA_SECURITY_SETTINGS, WITH_KAFKA } from './kafka-security-settings.ts';
import { RECONCILE_SETTINGS } from './reconcile-settings.ts';
import { REGISTRY_SETTINGS } from './registry-settings.ts';
import { RETENTION_SETTINGS } from './retention-settings.ts';
import { type Command, setting } from './setting.ts';
import * as is from './setting-kinds.ts';
import { TELEMETRY_SETTINGS } from './telemetry-settings.ts';
import { TRAFFIC_SETTINGS } from './traffic-settings.ts';

const PORT = is.integer(0, 65_535);

const SERVERS = ['up', 'ingestion-api', 'metrics-processor', 'metrics-api'] as const;
const PROCESSING = ['up', 'metrics-processor'] as const;
const QUERYING = ['up', 'metrics-api'] as const;
/** The ingestion API asks the store for API keys, and for nothing else. */
const WITH_STORE = [
  'up',
  'ingestion-api',
  'metrics-processor',
  'metrics-api',
  'migrate',
  'log',
  'prices',
  'dead-letters',
  'reconcile',
  'export',
  'keys',
  'delete',
  'doctor',
] as const;
const BROKERS = 'localhost:19092';
const DSN = 'postgres://streamlens:streamlens@localhost:5432/streamlens?sslmode=disable';

/**
 * Every setting: its name, default, check, `--help` and row in `docs/settings.md` all come from here. The flag is the
 * name in lower case with dashes; a flag wins over the environment.
 */
export const SETTINGS = {
  dataDir: setting({
    env: 'STREAMLENS_DATA_DIR',
    kind: is.text,
    fallback: './streamlens-data',
    commands: [
      'up',
      'migrate',
      'log',
      'prices',
      'dead-letters',
      'reconcile',
      'export',
      'keys',
      'backup',
      'restore',
      'delete',
      'doctor',
    ],
    about: 'where the embedded log and store keep their files',
  }),
  host: setting({
    env: 'HOST',
    kind: is.text,
    fallback: 'auto',
    commands: [...SERVERS, 'doctor'],
    about: 'the address to bind to; auto is 127.0.0.1, so that nobody else gets in, and 0.0.0.0 with API_KEYS=required',
  }),
  allowedHosts: setting({
    env: 'ALLOWED_HOSTS',
    kind: is.hostNames,
    commands: ['up', 'ingestion-api', 'metrics-api'],
    about:
      'names by which browsers may call it without API keys, beside addresses, localhost and names without a dot; and hosts whose pages may send',
  }),
  trustedProxies: setting({
    env: 'TRUSTED_PROXIES',
    kind: is.networks,
    commands: ['up', 'ingestion-api', 'metrics-api'],
    about:
      'proxies whose X-Forwarded-For tells who calls, for limits by address, and whose X-Forwarded-Proto tells whether it came by TLS',
  }),
  tlsCert: setting({
    env: 'TLS_CERT',
    kind: is.text,
    commands: [...SERVERS, 'doctor'],
    about:
      'file with the certificate (PEM, with those that link it to its authority), to speak TLS on every port; read again when it changes',
  }),
  tlsKey: setting({
    env: 'TLS_KEY',
    kind: is.text,
    commands: [...SERVERS, 'doctor'],
    about: 'file with the key of the certificate (PEM)',
  }),
  ingestionPort: setting({
    env: 'INGESTION_PORT',
    kind: PORT,
    fallback: '8080',
    commands: ['up', 'doctor'],
    about: 'port of the ingestion API',
  }),
  metricsPort: setting({
    env: 'METRICS_PORT',
    kind: PORT,
    fallback: '8081',
    commands: ['up', 'doctor'],
    about: 'port of the metrics API and the dashboard',
  }),
  httpPort: setting({
    env: 'HTTP_PORT',
    kind: PORT,
    fallback: { 'ingestion-api': '8080', 'metrics-api': '8081', 'metrics-processor': '8082' },
    commands: ['ingestion-api', 'metrics-processor', 'metrics-api'],
    about: 'port of this role',
  }),
  otlpGrpcPort: setting({
    env: 'OTLP_GRPC_PORT',
    kind: PORT,
    fallback: '4317',
    commands: ['up', 'ingestion-api', 'doctor'],
    about: 'port for OTLP over gRPC; 0 turns it off',
  }),
  kafkaBrokers: setting({
    env: 'KAFKA_BROKERS',
    kind: is.brokers,
    fallback: { 'ingestion-api': BROKERS, 'metrics-processor': BROKERS, topics: BROKERS },
    commands: [...WITH_KAFKA, 'delete'],
    about: 'Kafka or Redpanda; up without it keeps its events in the data directory',
  }),
  kafkaPartitions: setting({
    env: 'KAFKA_PARTITIONS',
    kind: is.integer(1, 10_000),
    fallback: '12',
    commands: ['up', 'topics', 'doctor'],
    about: 'partitions of each topic that is created',
  }),
  kafkaReplicationFactor: setting({
    env: 'KAFKA_REPLICATION_FACTOR',
    kind: is.integer(1, 10),
    commands: ['up', 'topics'],
    about: "replicas of each topic that is created; the brokers' default where absent",
  }),
  kafkaCompression: setting({
    env: 'KAFKA_COMPRESSION',
    kind: is.oneOf('none', 'gzip', 'snappy', 'lz4', 'zstd'),
    fallback: 'lz4',
    commands: ['up', 'ingestion-api', 'metrics-processor', 'dead-letters'],
    about: 'how records are compressed',
  }),
  ...KAFKA_SECURITY_SETTINGS,
  ...REGISTRY_SETTINGS,
  consumerGroup: setting({
    env: 'CONSUMER_GROUP',
    kind: is.text,
    fallback: 'metrics-processor-group',
    commands: [...PROCESSING, 'doctor'],
    about: "the processors' consumer group",
  }),
  postgresDsn: setting({
    env: 'POSTGRES_DSN',
    kind: is.postgresDsn,
    fallback: { 'metrics-processor': DSN, 'metrics-api': DSN },
    commands: WITH_STORE,
    about: 'the metrics store; up without it keeps its metrics in the data directory',
  }),
  postgresPoolMax: setting({
    env: 'POSTGRES_POOL_MAX',
    kind: is.integer(1, 500),
    fallback: '10',
    commands: WITH_STORE,
    about: 'connections to Postgres per process, at most',
  }),
  migrate: setting({
    env: 'MIGRATE',
    kind: is.flag,
    fallback: 'true',
    commands: ['up', 'ingestion-api', 'metrics-processor', 'metrics-api', 'keys'],
    about: "create or upgrade the store's schema at the start (--no-migrate turns it off)",
  }),
  queryTimeoutMs: setting({
    env: 'QUERY_TIMEOUT',
    kind: is.duration(100, 3_600_000),
    fallback: '10s',
    commands: QUERYING,
    about: 'how long one question to the metrics API may take; beyond it the answer says what to narrow',
  }),
  queryRowsMax: setting({
    env: 'QUERY_ROWS_MAX',
    kind: is.integer(1, 1_000_000_000),
    fallback: '20000000',
    commands: QUERYING,
    about:
      'rows, of a series and window each, that one question to the metrics API may read; beyond it the answer says what to narrow',
  }),
  prometheusMaxSeries: setting({
    env: 'PROMETHEUS_MAX_SERIES',
    kind: is.integer(0, 100_000),
    fallback: '1000',
    commands: QUERYING,
    about: 'series of tenant, route and model that /metrics shows at most; 0 shows none',
  }),
  prometheusIdleAfterMs: setting({
    env: 'PROMETHEUS_IDLE_AFTER',
    kind: is.duration(60_000, 86_400_000),
    fallback: '1h',
    commands: QUERYING,
    about: 'a series without a new call for so long is no longer shown by /metrics and makes room for another',
  }),
  ...JOIN_SETTINGS,
  commitIntervalMs: setting({
    env: 'COMMIT_INTERVAL',
    kind: is.duration(1, 60_000),
    fallback: '100ms',
    commands: PROCESSING,
    about:
      'the least time between two commits of a process: smaller is fresher, larger is cheaper; for a backlog at least 1s',
  }),
  callsPerSecondMax: setting({
    env: 'CALLS_PER_SECOND_MAX',
    kind: is.integer(0, 10_000_000),
    fallback: '1000',
    commands: PROCESSING,
    about: 'calls a second and partition that are kept one by one; above it a share of them, and every error',
  }),
  maxSeriesPerTenant: setting({
    env: 'MAX_SERIES_PER_TENANT',
    kind: is.integer(1, 10_000_000),
    fallback: '10000',
    commands: PROCESSING,
    about: 'distinct (route, model) pairs per tenant; what comes after is added up under __overflow__',
  }),
  ...DIMENSION_SETTINGS,
  pricesFile: setting({
    env: 'PRICES_FILE',
    kind: is.text,
    commands: ['up', 'metrics-processor', 'metrics-api', 'prices', 'reconcile', 'export', 'doctor'],
    about: 'your own prices (YAML), which win over the built-in ones; reloaded when it changes',
  }),
  priceListFile: setting({
    env: 'PRICE_LIST_FILE',
    kind: is.text,
    commands: ['up', 'metrics-processor', 'metrics-api', 'prices', 'reconcile', 'export', 'doctor'],
    about:
      'the newer price list that "streamlens prices update" writes; reloaded when it changes. Absent: price-list.json in STREAMLENS_DATA_DIR',
  }),
  pricesRefreshHours: setting({
    env: 'PRICES_REFRESH_HOURS',
    kind: is.integer(0, 500),
    fallback: '0',
    commands: PROCESSING,
    about:
      'hours between looks for a newer price list, by what "streamlens prices update" does: checked, and refused where a price moves by more than a factor of 5. 0: never',
  }),
  ...RETENTION_SETTINGS,
  queueBytesMax: setting({
    env: 'QUEUE_BYTES_MAX',
    kind: is.integer(1_048_576, 17_179_869_184),
    fallback: '67108864',
    commands: ['up', 'ingestion-api'],
    about: 'bytes of events that may wait for the log; beyond it senders get 503 with Retry-After',
  }),
  bodyBytesMaxTotal: setting({
    env: 'BODY_BYTES_MAX_TOTAL',
    kind: is.integer(33_554_432, 17_179_869_184),
    fallback: '134217728',
    commands: ['up', 'ingestion-api'],
    about: 'bytes of all bodies that are being read and decoded, over HTTP and gRPC; beyond it 503 with Retry-After',
  }),
  ...DOOR_SETTINGS,
  baseUrl: setting({
    env: 'BASE_URL',
    kind: is.httpUrl,
    fallback: 'http://localhost:8080',
    commands: ['backfill', 'import', 'generate-traffic', 'replay-trace'],
    about: 'the ingestion API to send to',
  }),
  metricsUrl: setting({
    env: 'METRICS_URL',
    kind: is.httpUrl,
    fallback: 'http://localhost:8081',
    commands: ['import'],
    about: 'the metrics API, which is asked what is there already',
  }),
  apiKey: setting({
    env: 'API_KEY',
    kind: is.secret,
    commands: ['backfill', 'import', 'generate-traffic', 'replay-trace'],
    about: 'the API key to send with, where the server needs one',
  }),
  otlpCorrelation: setting({
    env: 'OTLP_CORRELATION',
    kind: is.oneOf('sender', 'trace'),
    fallback: 'sender',
    commands: ['up', 'ingestion-api'],
    about:
      'by what spans are spread over partitions: all of a sender together, or trace by trace, where calls that two traces report are not always found',
  }),
  tenantAttributes: setting({
    env: 'TENANT_ATTRIBUTES',
    kind: is.list,
    fallback: 'streamlens.tenant_id,tenant.id,tenant_id,tenantId,tenant',
    commands: ['up', 'ingestion-api'],
    about: 'span attributes that name the tenant, first wins',
  }),
  routeAttributes: setting({
    env: 'ROUTE_ATTRIBUTES',
    kind: is.list,
    fallback: 'streamlens.route,route',
    commands: ['up', 'ingestion-api'],
    about: 'span attributes that name the route, before those that SDKs write themselves',
  }),
  keepUserEmail: setting({
    env: 'KEEP_USER_EMAIL',
    kind: is.flag,
    fallback: 'false',
    commands: ['up', 'ingestion-api'],
    about:
      'keep the e-mail addresses by which coding agents name their users; without it their SHA-256 digests are kept',
  }),
  shutdownDelayMs: setting({
    env: 'SHUTDOWN_DELAY',
    kind: is.duration(0, 600_000),
    fallback: '500ms',
    commands: SERVERS,
    about:
      'how long a process that was told to stop goes on answering, with /ready at 503, so that load balancers notice',
  }),
  logLevel: setting({
    env: 'LOG_LEVEL',
    kind: is.oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal'),
    fallback: 'info',
    commands: SERVERS,
    about: 'what is logged',
  }),
  ...TELEMETRY_SETTINGS,
  ...TRAFFIC_SETTINGS,
  ...RECONCILE_SETTINGS,
};

export type SettingName = keyof typeof SETTINGS;

type Table = typeof SETTINGS;

type ValueOf<K extends SettingName> = Table[K]['kind'] extends is.Kind<infer T> ? T : never;

/** Names of the settings that each of the commands reads. */
type NameOf<C extends Command> = {
  [K in SettingName]: [C] extends [Table[K]['commands'][number]] ? K : never;
}[SettingName];

/** Names of the settings that each of the commands finds a value for where none was given. */
type FilledName<C extends Command> = {
  [K in SettingName]: Table[K] extends { readonly fallback: infer F }
    ? F extends string
      ? K
      : [C] extends [keyof F]
        ? K
        : never
    : never;
}[SettingName];

/**
 * What a command reads; for a union of commands, what all of them read. A setting that one of them does not read does
 * not exist here, and one without a default for each of them may be undefined.
 */
export type SettingsOf<C extends Command> = Pick<FilledSettings, NameOf<C> & FilledName<C>> &
  Pick<SettingsAsGiven, Exclude<NameOf<C>, FilledName<C>>> &
  SecretFiles<NameOf<C>>;

/** Beside each secret the path of the file that it came from, where one was named, so that it can be read again. */
type SecretFiles<N extends SettingName> = {
  readonly [K in N as Table[K]['kind'] extends is.SecretKind ? `${K}File` : never]?: string;
};

type FilledSettings = { readonly [K in SettingName]: ValueOf<K> };
type SettingsAsGiven = { readonly [K in SettingName]: ValueOf<K> | undefined };

/** Any settings of any command, for what looks at several of them where they are there. */
export type SomeSettings = Partial<SettingsAsGiven> & SecretFiles<SettingName>;
