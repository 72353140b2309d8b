import type { NewRecord } from '../event-log/event-log.ts';
import { TOPIC_OF } from '../events/topics.ts';
import type { PostAnswer, PostHandler, RequestHead } from '../http/post-routes.ts';
import { Problem } from '../http/problem.ts';
import { readBody } from '../http/read-body.ts';
import { decodeTraces, type OtlpFormat, otlpFormatOf } from '../otlp/decode/decode-traces.ts';
import { EXPLAIN_LIMITS, type ExportLimits, excessOf } from '../otlp/decode/export-limits.ts';
import type { KeyTable } from '../otlp/decode/key-table.ts';
import { explainExport } from '../otlp/explain.ts';
import { exportAnswer, notKeptAnswer, partialSuccessOf, type Signal } from '../otlp/export-answer.ts';
import type { RecentCalls } from '../otlp/fold/recent-calls.ts';
import { spansToEvents } from '../otlp/spans-to-events.ts';
import type { CallEvent } from '../otlp/to-events/call-events.ts';
import { eventText } from '../otlp/to-events/event-text.ts';
import type { DimensionFinder } from '../otlp/to-events/tenant-and-route.ts';
import { accept } from './accept.ts';
import type { Sender } from './authenticate.ts';
import { BATCH_BYTES_MAX, type RouteContext } from './event-routes.ts';

export interface OtlpContext extends RouteContext {
  readonly keys: KeyTable;
  readonly dimensions: DimensionFinder;
  readonly recent: RecentCalls;
}

/** Langfuse SDKs post below a path of their own. */
const TRACE_URLS = ['/v1/traces', '/api/public/otel/v1/traces'];

/** An export to be explained is one that a person looks at. */
const EXPLAIN_BYTES_MAX = 1024 * 1024;

/** The routes of OTLP over HTTP, by path. */
export function otlpRoutes(context: OtlpContext): ReadonlyMap<string, PostHandler> {
  const handlers = new Map<string, PostHandler>();
  for (const url of TRACE_URLS) {
    handlers.set(url, async ({ headers, address }) => {
      const sender = await context.checkSender({ headers, address });
      const format = formatOf(headers);
      return {
        bodyBytesMax: BATCH_BYTES_MAX,
        async take(posted) {
          const body = await readBody({ headers, ...posted }, BATCH_BYTES_MAX);
          return answer(format, await acceptTraces(body, format, sender, context));
        },
      };
    });
  }
  for (const signal of ['metrics', 'logs'] as const) {
    handlers.set(`/v1/${signal}`, async ({ headers, address }) => {
      const sender = await context.checkSender({ headers, address });
      const format = formatOf(headers);
      return {
        bodyBytesMax: BATCH_BYTES_MAX,
        async take() {
          sender.charge(1);
          return answer(format, notKeptAnswer(signal, format));
        },
      };
    });
  }
  handlers.set('/v1/otlp/explain', async ({ headers, address }) => {
    const sender = await context.checkSender({ headers, address });
    const format = formatOf(headers);
    return {
      bodyBytesMax: EXPLAIN_BYTES_MAX,
      async take(posted) {
        return explain(await readBody({ headers, ...posted }, EXPLAIN_BYTES_MAX), format, sender, context);
      },
    };
  });
  return handlers;
}

function explain(body: Uint8Array, format: OtlpFormat, sender: Sender, { dimensions }: OtlpContext): PostAnswer {
  sender.charge(1);
  refuseExcess(body, format, EXPLAIN_LIMITS);
  const explained = explainExport(body, format, { tenantOfKey: sender.tenantId, dimensions });
  if (!explained.ok) throw new Problem(400, explained.reason);
  sender.charge(Math.max(0, explained.value.length - 1));
  return { status: 200, contentType: 'application/json', body: JSON.stringify({ spans: explained.value }) };
}

/** @throws {Problem} 413 before anything is decoded */
function refuseExcess(body: Uint8Array, format: OtlpFormat, limits?: ExportLimits): void {
  const excess = excessOf(body, format, { signal: 'traces', ...(limits === undefined ? {} : { limits }) });
  if (excess !== null) throw new Problem(413, excess);
}

/**
 * Counts the calls of one export and answers when they are durable: the one way for HTTP and gRPC.
 *
 * @returns the body of the answer. @throws {Problem} 400 for a body that cannot be read, 413 for one that holds too
 *   much, 503 when the log cannot take it
 */
export async function acceptTraces(
  body: Uint8Array,
  format: OtlpFormat,
  sender: Sender,
  context: OtlpContext,
): Promise<Uint8Array> {
  sender.charge(1);
  refuseExcess(body, format);
  const { records, marks, calls, ignored, rejected } = recordsOf(body, format, sender, context);
  sender.charge(Math.max(0, records.length + ignored + rejected.length - 1));
  await accept(records, context);
  const { recent, metrics } = context;
  recent.remember(marks, Date.now());
  if (calls > 0) {
    metrics.accepted('request', calls);
    metrics.accepted('response', records.length - calls);
  }
  metrics.spans({ counted: calls, ignored, rejected: rejected.length });
  return exportAnswer('traces', format, partialSuccessOf(rejected));
}

/** In a function of its own, so that spans and events are garbage while the log takes the records. */
function recordsOf(body: Uint8Array, format: OtlpFormat, sender: Sender, context: OtlpContext) {
  const decoded = decodeTraces(body, format, context.keys);
  if (!decoded.ok) {
    context.metrics.rejected('invalid', 1);
    throw new Problem(400, decoded.reason);
  }
  const { dimensions, recent } = context;
  const options = { tenantOfKey: sender.tenantId, dimensions, recent };
  const { events, marks, calls, ignored, rejected } = spansToEvents(decoded.value, options);
  return { records: events.map((event) => toRecord(event, sender)), marks, calls, ignored, rejected };
}

export function notKept(signal: Exclude<Signal, 'traces'>): Uint8Array {
  return notKeptAnswer(signal, 'protobuf');
}

function toRecord(event: CallEvent, { tenantId: senderTenant }: Sender): NewRecord {
  const value = Buffer.from(eventText(event));
  return { topic: TOPIC_OF[event.type], key: event.request_id, value, senderTenant };
}

function formatOf(headers: RequestHead['headers']): OtlpFormat {
  const format = otlpFormatOf(headers['content-type']);
  if (format === null) {
    throw new Problem(415, 'OTLP is taken as application/x-protobuf or application/json, which Content-Type must say');
  }
  return format;
}

function answer(format: OtlpFormat, body: Uint8Array): PostAnswer {
  return { status: 200, contentType: format === 'json' ? 'application/json' : 'application/x-protobuf', body };
}
