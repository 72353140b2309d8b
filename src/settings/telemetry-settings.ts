import { setting } from './setting.ts';
import * as is from './setting-kinds.ts';

const QUERYING = ['up', 'metrics-api'] as const;
const SERVERS = ['up', 'ingestion-api', 'metrics-processor', 'metrics-api'] as const;
const QUERYING_AND_DOCTOR = [...QUERYING, 'doctor'] as const;
const SERVERS_AND_DOCTOR = [...SERVERS, 'doctor'] as const;

/**
 * What StreamLens tells of itself by OTLP. The names are OpenTelemetry's. Those that only its exporter reads (headers,
 * timeouts, compression, certificates: OTEL_EXPORTER_OTLP_…) are taken from the environment by the exporter itself.
 */
export const TELEMETRY_SETTINGS = {
  otelSdkDisabled: setting({
    env: 'OTEL_SDK_DISABLED',
    kind: is.flag,
    fallback: 'false',
    commands: SERVERS_AND_DOCTOR,
    about: 'send nothing by OTLP, whatever else is set',
  }),
  otelTracesExporter: setting({
    env: 'OTEL_TRACES_EXPORTER',
    kind: is.oneOf('otlp', 'none'),
    commands: SERVERS_AND_DOCTOR,
    about: 'whether spans of StreamLens itself are sent by OTLP/HTTP. Absent: where an endpoint is set',
  }),
  otelEndpoint: setting({
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    kind: is.httpUrl,
    commands: SERVERS_AND_DOCTOR,
    about: 'where telemetry is sent to; /v1/traces and /v1/metrics are put behind it. Absent: http://localhost:4318',
  }),
  otelTracesEndpoint: setting({
    env: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    kind: is.httpUrl,
    commands: SERVERS_AND_DOCTOR,
    about: 'where spans are sent to, as it is',
  }),
  otelMetricsExporter: setting({
    env: 'OTEL_METRICS_EXPORTER',
    kind: is.oneOf('otlp', 'none'),
    commands: QUERYING_AND_DOCTOR,
    about: "whether metrics of models' calls are pushed by OTLP/HTTP. Absent: where an endpoint is set",
  }),
  otelMetricsEndpoint: setting({
    env: 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
    kind: is.httpUrl,
    commands: QUERYING_AND_DOCTOR,
    about: 'where metrics are pushed to, as it is',
  }),
  otelMetricExportIntervalMs: setting({
    env: 'OTEL_METRIC_EXPORT_INTERVAL',
    kind: is.integer(100, 86_400_000),
    fallback: '60000',
    commands: QUERYING,
    about: 'milliseconds between two pushes of metrics',
  }),
  otelServiceName: setting({
    env: 'OTEL_SERVICE_NAME',
    kind: is.text,
    commands: SERVERS,
    about: 'service.name of what is sent. Absent: as OTEL_RESOURCE_ATTRIBUTES says, else streamlens',
  }),
  otelResourceAttributes: setting({
    env: 'OTEL_RESOURCE_ATTRIBUTES',
    kind: is.text,
    commands: SERVERS,
    about: 'further attributes of what is sent, as key=value,key=value',
  }),
  otelTracesSampler: setting({
    env: 'OTEL_TRACES_SAMPLER',
    kind: is.oneOf(
      'always_on',
      'always_off',
      'traceidratio',
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
    ),
    fallback: 'parentbased_always_on',
    commands: SERVERS,
    about: 'which requests are traced; parentbased: as their traceparent says, if they have one',
  }),
  otelTracesSamplerArg: setting({
    env: 'OTEL_TRACES_SAMPLER_ARG',
    kind: is.decimal(0, 1),
    fallback: '1',
    commands: SERVERS,
    about: 'the share of traces that traceidratio takes',
  }),
  otelBspScheduleDelayMs: setting({
    env: 'OTEL_BSP_SCHEDULE_DELAY',
    kind: is.integer(1, 600_000),
    fallback: '5000',
    commands: SERVERS,
    about: 'milliseconds between two exports of spans',
  }),
};
