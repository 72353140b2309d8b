import type { IncomingHttpHeaders } from 'node:http';
import {
  type Context,
  context,
  createContextKey,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { atMost } from './at-most.ts';
import { FoldedTraces } from './folded-traces.ts';
import { contextOf, traceparentOf } from './traceparent.ts';
import {
  type CommitTrace,
  type Exchange,
  OWN_EXPORT_HEADER,
  type ReadSlice,
  type SentRecord,
  type Tracing,
} from './tracing.ts';

export interface TracingOptions {
  /** Spans are sent there as they are, by OTLP/HTTP in protobuf. */
  readonly url: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly sampler: string;
  readonly samplerArg: number;
  readonly scheduleDelayMs: number;
  /** `kafka`, or what the embedded log is called. */
  readonly messagingSystem: string;
}

/** A process has 10 s to stop, most of them for its last commits. */
const FLUSH_MS_MAX = 2000;

/** Asked every few seconds by machines, so that their spans would bury the others. */
const UNTRACED_PATHS = new Set(['/health', '/ready', '/metrics']);

/** The active server span, below which others may be active. */
const SERVER_SPAN = createContextKey('streamlens server span');

/** Set where a request has no span, and what it sends has none either. */
const UNTRACED = createContextKey('streamlens untraced');

/** Tracing by OpenTelemetry's SDK, which is loaded with this file and so only where it is wanted. */
export class OtelTracing implements Tracing {
  readonly logIds = (): Readonly<Record<string, string>> => {
    const active = trace.getActiveSpan()?.spanContext();
    return active === undefined ? NO_IDS : { trace_id: active.traceId, span_id: active.spanId };
  };

  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;
  readonly #folded: FoldedTraces;
  readonly #system: string;

  constructor(options: TracingOptions) {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const exporter = new OTLPTraceExporter({ url: options.url, headers: { [OWN_EXPORT_HEADER]: 'traces' } });
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes(options.attributes),
      sampler: samplerOf(options),
      spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: options.scheduleDelayMs })],
    });
    this.#tracer = this.#provider.getTracer('streamlens', options.attributes['service.version']);
    this.#system = options.messagingSystem;
    this.#folded = new FoldedTraces(this.#tracer, this.#system);
  }

  serve({ request, response, route }: Exchange, handle: () => void): void {
    const { method = 'GET', url = '/', headers } = request;
    const path = url.split('?', 1)[0] ?? '/';
    if (UNTRACED_PATHS.has(path) || headers[OWN_EXPORT_HEADER] !== undefined) {
      return context.with(ROOT_CONTEXT.setValue(UNTRACED, true), handle);
    }
    const span = this.#tracer.startSpan(
      route === undefined ? method : `${method} ${route}`,
      {
        kind: SpanKind.SERVER,
        attributes: {
          'http.request.method': method,
          'url.path': path,
          'url.scheme': 'encrypted' in request.socket ? 'https' : 'http',
          ...(route === undefined ? {} : { 'http.route': route }),
        },
      },
      incoming(headers),
    );
    response.once('close', () => {
      const { statusCode } = response;
      span.setAttribute('http.response.status_code', statusCode);
      if (statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      else if (!response.writableFinished) span.setAttribute('error.type', 'aborted');
      span.end();
    });
    const active = trace.setSpan(ROOT_CONTEXT, span).setValue(SERVER_SPAN, { span, method });
    context.with(active, handle);
  }

  routed(route: string): void {
    const serving = context.active().getValue(SERVER_SPAN) as { span: Span; method: string } | undefined;
    serving?.span.updateName(`${serving.method} ${route}`).setAttribute('http.route', route);
  }

  async send<T extends SentRecord>(
    records: readonly T[],
    append: (records: readonly T[]) => Promise<void>,
  ): Promise<void> {
    if (context.active().getValue(UNTRACED) === true) return append(records);
    const topics = [...new Set(records.map(({ topic }) => topic))];
    const span = this.#tracer.startSpan(topics.length === 1 ? `send ${topics[0]}` : 'send', {
      kind: SpanKind.PRODUCER,
      attributes: {
        'messaging.system': this.#system,
        'messaging.operation.type': 'send',
        'messaging.operation.name': 'send',
        'messaging.batch.message_count': records.length,
        ...(topics.length === 1 ? { 'messaging.destination.name': topics[0] ?? '' } : {}),
      },
    });
    const traceparent = span.isRecording() ? traceparentOf(span.spanContext()) : null;
    const traced = traceparent === null ? records : records.map((record) => ({ ...record, traceparent }));
    try {
      await context.with(trace.setSpan(context.active(), span), () => append(traced));
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).message });
      throw error;
    } finally {
      span.end();
    }
  }

  fold<S extends ReadSlice>(shard: number, slice: S, work: (slice: S) => void): void {
    this.#folded.fold(shard, slice, work);
  }

  committing(shards: readonly number[]): CommitTrace {
    return this.#folded.committing(shards);
  }

  async close(): Promise<void> {
    await atMost(FLUSH_MS_MAX, this.#provider.shutdown());
    context.disable();
  }
}

const NO_IDS: Readonly<Record<string, string>> = {};

function incoming({ traceparent, tracestate }: IncomingHttpHeaders): Context {
  if (typeof traceparent !== 'string') return ROOT_CONTEXT;
  return contextOf(traceparent, typeof tracestate === 'string' ? tracestate : undefined) ?? ROOT_CONTEXT;
}

function samplerOf({ sampler, samplerArg }: TracingOptions): Sampler {
  const root = rootSampler(sampler.replace(/^parentbased_/, ''), samplerArg);
  return sampler.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}

function rootSampler(name: string, samplerArg: number): Sampler {
  if (name === 'always_off') return new AlwaysOffSampler();
  return name === 'traceidratio' ? new TraceIdRatioBasedSampler(samplerArg) : new AlwaysOnSampler();
}
