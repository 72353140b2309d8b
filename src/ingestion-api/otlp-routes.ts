import type { PostAnswer, PostHandler, RequestHead } from '../http/post-routes.ts';
import { Problem } from '../http/problem.ts';
import { readBody } from '../http/read-body.ts';
import { type OtlpFormat, otlpFormatOf } from '../otlp/decode/decode-traces.ts';
import { countItems, EXPLAIN_LIMITS, EXPORT_LIMITS, excessOf } from '../otlp/decode/export-limits.ts';
import type { ExportLimits } from '../otlp/decode/item-count.ts';
import type { Decoded } from '../otlp/decode/trace-export.ts';
import { exportAnswer, partialSuccessOf, type Signal } from '../otlp/export-answer.ts';
import type { Uncounted } from '../otlp/uncounted.ts';
import { accept } from './accept.ts';
import type { Sender } from './authenticate.ts';
import { BATCH_BYTES_MAX, type RouteContext } from './event-routes.ts';
import type { IgnoredSignals } from './ignored-signals.ts';
import {
  type ExplainedExport,
  explainAsJson,
  type SentExport,
  type Translation,
  type TranslationContext,
  translateExport,
} from './translate-export.ts';

export interface OtlpContext extends RouteContext, TranslationContext {
  readonly large: LargeExportTranslator;
  readonly ignored: IgnoredSignals;
}

/** Does the same as `translateExport` and `explainAsJson`, where it holds up nobody. @throws {Problem} */
export interface LargeExportTranslator {
  translate(sent: SentExport): Promise<Decoded<Translation>>;
  explain(sent: SentExport): Promise<Decoded<ExplainedExport>>;
}

/** Langfuse SDKs post below a path of their own. */
const SIGNAL_OF_URL: readonly (readonly [url: string, signal: Signal])[] = [
  ['/v1/traces', 'traces'],
  ['/api/public/otel/v1/traces', 'traces'],
  ['/v1/logs', 'logs'],
  ['/v1/metrics', 'metrics'],
];

/** An export to be explained is one that a person looks at. */
const EXPLAIN_BYTES_MAX = 1024 * 1024;

/** The routes of OTLP over HTTP, by path. */
export function otlpRoutes(context: OtlpContext): ReadonlyMap<string, PostHandler> {
  const handlers = new Map<string, PostHandler>();
  for (const [url, signal] of SIGNAL_OF_URL) {
    handlers.set(url, async ({ headers, address }) => {
      const sender = await context.checkSender({ headers, address });
      const format = formatOf(headers);
      return {
        bodyBytesMax: BATCH_BYTES_MAX,
        async take(posted) {
          const body = await readBody({ headers, ...posted }, BATCH_BYTES_MAX);
          const accepted = await acceptExport({ body, format, signal }, sender, context);
          return { ...answer(format, accepted), headers: sender.limitHeaders() };
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
        const body = await readBody({ headers, ...posted }, EXPLAIN_BYTES_MAX);
        return explain({ body, format, signal: 'traces', tenants: sender.tenants }, sender, context);
      },
    };
  });
  return handlers;
}

async function explain(sent: SentExport, sender: Sender, context: OtlpContext): Promise<PostAnswer> {
  sender.charge(1, sent.body.length);
  const isLarge = judgeSize(sent, EXPLAIN_LIMITS);
  const explained = await (isLarge ? context.large.explain(sent) : explainAsJson(sent, context));
  if (!explained.ok) throw new Problem(400, explained.reason);
  sender.charge(Math.max(0, explained.value.spans - 1), 0);
  return { status: 200, contentType: 'application/json', body: explained.value.json };
}

/**
 * Counts the calls of one export and answers when they are durable: the one way for HTTP and gRPC.
 *
 * @returns the body of the answer. @throws {Problem} 400 for a body that cannot be read, 413 for one that holds too
 *   much, 503 when the log cannot take it
 */
export async function acceptExport(
  { body, format, signal }: Omit<SentExport, 'tenants'>,
  sender: Sender,
  context: OtlpContext,
): Promise<Uint8Array> {
  sender.charge(1, body.length);
  const sent = { body, format, signal, tenants: sender.tenants };
  const isLarge = judgeSize(sent, EXPORT_LIMITS);
  const translated = await (isLarge ? context.large.translate(sent) : translateExport(sent, context));
  if (!translated.ok) {
    context.metrics.rejected('invalid', 1);
    throw new Problem(400, translated.reason);
  }
  const { records, kinds, ignored, uncounted, rejected } = translated.value;
  // An application exports hundreds of points that have nothing to do with models, minute by minute.
  const passedOver = signal === 'metrics' ? 0 : ignored;
  sender.charge(Math.max(0, records.length + passedOver + rejected.length - 1), 0);
  sender.chargeTenants(records);
  await accept(records, context);
  const { metrics } = context;
  metrics.reports(signal === 'metrics' ? 'meter' : 'report', records.length);
  for (const kind of uncounted) noteIgnored(signal, kind, { sender, context });
  metrics.items(signal, { ...kinds, ignored, rejected: rejected.length });
  return exportAnswer(signal, format, partialSuccessOf(signal, rejected));
}

/** Larger ones are decoded elsewhere: this much takes some 20 ms. */
const INLINE_BYTES_MAX = 512 * 1024;
const INLINE_SPANS_MAX = 1_000;
const INLINE_PARTS_MAX = 50_000;
/** Not even the smallest spans make these slow, so they are not counted. */
const UNCOUNTED_BYTES_MAX = 32 * 1024;

/**
 * @returns whether an export is large.
 * @throws {Problem} 413 for one that holds too much, before anything is decoded
 */
function judgeSize({ body, format, signal }: SentExport, limits: ExportLimits): boolean {
  if (body.length <= UNCOUNTED_BYTES_MAX && limits.itemsMax > UNCOUNTED_BYTES_MAX) return false;
  const { items, parts } = countItems(body, { format, signal, limits });
  const excess = excessOf({ items, parts }, signal, limits);
  if (excess !== null) throw new Problem(413, excess);
  return body.length > INLINE_BYTES_MAX || items > INLINE_SPANS_MAX || parts > INLINE_PARTS_MAX;
}

interface IgnoredFrom {
  readonly sender: Sender;
  readonly context: OtlpContext;
}

function noteIgnored(signal: Signal, kind: Uncounted, { sender, context }: IgnoredFrom): void {
  context.ignored.note(sender.tenants, signal, kind, Date.now());
  context.metrics.ignored(signal, kind);
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
