import type { NewRecord } from '../event-log/event-log.ts';
import type { Correlation } from '../events/correlation-key.ts';
import { EventScanner } from '../events/event-scanner.ts';
import type { FieldError } from '../events/event-validator.ts';
import { EVENT_BYTES_MAX } from '../events/fields.ts';
import { isInScope, scopeInWords } from '../events/tenant-scope.ts';
import type { EventType } from '../events/topics.ts';
import type { PostAnswer, PostedBody, PostHandler, RequestHead } from '../http/post-routes.ts';
import { Problem } from '../http/problem.ts';
import { mediaType, readBody } from '../http/read-body.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { accept } from './accept.ts';
import type { AppendQueue } from './append-queue.ts';
import type { Sender, SenderCheck } from './authenticate.ts';
import type { IngestionMetrics } from './ingestion-metrics.ts';
import { type ReadEvent, readEvent, readJsonBatch, readNdjsonBatch } from './read-events.ts';

export const BATCH_BYTES_MAX = 16 * 1024 * 1024;

/** A batch of 16 MiB holds some 60,000 events of the usual size. What has more holds none of use. */
export const BATCH_EVENTS_MAX = 100_000;

/** A batch with more of them is refused as a whole: it is no batch of events. */
export const BATCH_INVALID_MAX = 10_000;

/** So many errors of a batch are told; the count tells of the rest. */
const BATCH_ERRORS_MAX = 100;

export interface RouteContext {
  readonly correlation: Correlation;
  readonly queue: AppendQueue;
  readonly metrics: IngestionMetrics;
  readonly checkSender: SenderCheck;
  /** Absent where nothing is traced. */
  readonly tracing?: Tracing | undefined;
}

const SINGLE_ROUTES: Readonly<Record<string, EventType>> = {
  '/v1/llm/request': 'request',
  '/v1/llm/response': 'response',
  '/v1/llm/evaluation': 'evaluation',
};

const ACCEPTED = accepted('{"status":"accepted"}');

interface EventContext extends RouteContext {
  readonly scanner: EventScanner;
}

/** The routes that take events, by path. */
export function eventRoutes(routes: RouteContext): ReadonlyMap<string, PostHandler> {
  const context = { ...routes, scanner: new EventScanner() };
  const handlers = new Map<string, PostHandler>();
  for (const [url, type] of Object.entries(SINGLE_ROUTES)) {
    handlers.set(url, async (head) => {
      const sender = await context.checkSender(head);
      mediaType(head.headers, 'application/json');
      const event = { type, headers: head.headers, sender };
      return { bodyBytesMax: EVENT_BYTES_MAX, take: (posted) => acceptOne(event, posted, context) };
    });
  }
  handlers.set('/v1/llm/events', async (head) => {
    const sender = await context.checkSender(head);
    const isJson = mediaType(head.headers, 'application/json', ...NDJSON_TYPES) === 'application/json';
    const batch = { isJson, headers: head.headers, sender };
    return { bodyBytesMax: BATCH_BYTES_MAX, take: (posted) => acceptBatch(batch, posted, context) };
  });
  return handlers;
}

const NDJSON_TYPES = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'] as const;

function accepted(body: string): PostAnswer {
  return { status: 202, contentType: 'application/json', body };
}

interface PostedEvent extends Pick<RequestHead, 'headers'> {
  readonly type: EventType;
  readonly sender: Sender;
}

async function acceptOne(
  { type, headers, sender }: PostedEvent,
  { body, lease }: PostedBody,
  context: EventContext,
): Promise<PostAnswer> {
  sender.charge(1, body.length);
  const bytes = await readBody({ headers, body, lease }, EVENT_BYTES_MAX);
  const event = forSender(readEvent(type, bytes, context.scanner), sender);
  if (!event.ok) {
    context.metrics.rejected(event.reason, 1);
    if (event.reason === 'too_large') throw new Problem(413, `The event ${event.errors[0]?.message ?? ''}`);
    throw new Problem(400, `The ${type} is not valid: ${inWords(event.errors)}`, { errors: event.errors });
  }
  sender.chargeTenants([event.record]);
  await accept([event.record], context);
  context.metrics.accepted(type, 1);
  const left = sender.limitHeaders();
  return left === undefined ? ACCEPTED : { ...ACCEPTED, headers: left };
}

interface BatchAnswer {
  readonly accepted: number;
  readonly rejected: number;
  readonly errors: readonly { readonly index: number; readonly detail: string }[];
}

interface PostedBatch extends Pick<RequestHead, 'headers'> {
  readonly isJson: boolean;
  readonly sender: Sender;
}

async function acceptBatch(posted: PostedBatch, body: PostedBody, context: EventContext): Promise<PostAnswer> {
  const { records, counts, rejected, items } = await readBatch(posted, body, context);
  if (records.length === 0) throw noneValid(items, rejected);
  posted.sender.chargeTenants(records);
  await accept(records, context);
  for (const eventType of ['request', 'response', 'evaluation'] as const) {
    if (counts[eventType] > 0) context.metrics.accepted(eventType, counts[eventType]);
  }
  const answer: BatchAnswer = {
    accepted: records.length,
    rejected,
    errors: items.map(({ index, errors }) => ({ index, detail: inWords(errors) })),
  };
  return { ...accepted(JSON.stringify(answer)), headers: posted.sender.limitHeaders() };
}

/** In a function of its own: the events themselves are not kept while their records are written. */
async function readBatch(
  { isJson, headers, sender }: PostedBatch,
  { body, lease }: PostedBody,
  { scanner, metrics }: EventContext,
): Promise<Batch> {
  const batch = new Batch(sender);
  try {
    const bytes = await readBody({ headers, body, lease }, BATCH_BYTES_MAX);
    const read = isJson ? readJsonBatch : readNdjsonBatch;
    const error = await read(bytes, scanner, (event) => batch.take(event));
    if (error !== null) throw new Problem(400, `The batch ${error.message}`, { errors: [error] });
    return batch;
  } finally {
    // The work was done, whatever became of it.
    sender.charge(Math.max(1, batch.records.length + batch.rejected), body.length);
    if (batch.rejected > 0) metrics.rejected('invalid', batch.rejected);
  }
}

interface RejectedItem {
  readonly index: number;
  readonly errors: readonly FieldError[];
}

/** What a batch holds, of which no more is kept than will be used. */
class Batch {
  readonly records: NewRecord[] = [];
  readonly counts: Record<EventType, number> = { request: 0, response: 0, evaluation: 0 };
  /** The first of the rejected. */
  readonly items: RejectedItem[] = [];
  rejected = 0;
  readonly #sender: Sender;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  /** @throws {Problem} where the batch has too many events, or too many that are not valid */
  take(read: ReadEvent): void {
    const index = this.records.length + this.rejected;
    if (index === BATCH_EVENTS_MAX) {
      throw new Problem(413, `The batch has more than ${BATCH_EVENTS_MAX} events; send several smaller ones`);
    }
    const event = forSender(read, this.#sender);
    if (event.ok) {
      this.records.push(event.record);
      this.counts[event.type]++;
      return;
    }
    this.rejected++;
    if (this.items.length < BATCH_ERRORS_MAX) this.items.push({ index, errors: event.errors });
    if (this.rejected > BATCH_INVALID_MAX) {
      const first = `the first, event ${this.items[0]?.index}: ${inWords(this.items[0]?.errors ?? [])}`;
      throw new Problem(400, `The batch has more than ${BATCH_INVALID_MAX} events that are not valid; ${first}`);
    }
  }
}

/**
 * A key that belongs to tenants may not speak for another; what it sends is marked as that tenant's. What names none is
 * the only tenant's; of several nobody could say which one's call a response ends, and it must not end a foreign one.
 */
function forSender(event: ReadEvent, { tenants }: Sender): ReadEvent {
  if (!event.ok || tenants === null) return event;
  const tenantId = event.tenantId ?? (tenants.length === 1 ? tenants[0] : undefined);
  if (tenantId !== undefined && isInScope(tenants, tenantId)) {
    return { ...event, record: { ...event.record, senderTenant: tenantId } };
  }
  const whose = `${tenants.length === 1 ? '' : 'one of '}${scopeInWords(tenants)} of the API key`;
  const message = tenantId === undefined ? `is needed, to be ${whose}` : `must be ${whose}`;
  return { ok: false, reason: 'invalid', errors: [{ path: '/tenant_id', message }] };
}

function noneValid(items: readonly RejectedItem[], rejected: number): Problem {
  if (rejected === 0) return new Problem(400, 'The batch holds no event');
  const errors = items.flatMap(({ index, errors: wrong }) =>
    wrong.map(({ path, message }) => ({ path: `/${index}${path}`, message })),
  );
  return new Problem(400, `None of the ${rejected} events is valid: ${inWords(errors)}`, { errors });
}

/** `/model is required; /timestamp must be …` */
function inWords(errors: readonly FieldError[]): string {
  return errors
    .slice(0, 5)
    .map(({ path, message }) => (path === '' ? `it ${message}` : `${path} ${message}`))
    .join('; ');
}
