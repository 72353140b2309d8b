import type { NewRecord } from '../event-log/event-log.ts';
import { EventScanner } from '../events/event-scanner.ts';
import type { FieldError } from '../events/event-validator.ts';
import { EVENT_BYTES_MAX } from '../events/fields.ts';
import type { EventType } from '../events/topics.ts';
import type { PostAnswer, PostedRequest, PostHandler } from '../http/post-routes.ts';
import { Problem } from '../http/problem.ts';
import { mediaType, readBody } from '../http/read-body.ts';
import { accept } from './accept.ts';
import type { AppendQueue } from './append-queue.ts';
import type { Sender, SenderCheck } from './authenticate.ts';
import type { IngestionMetrics } from './ingestion-metrics.ts';
import { type ReadEvent, readEvent, readJsonBatch, readNdjsonBatch } from './read-events.ts';

export const BATCH_BYTES_MAX = 16 * 1024 * 1024;

/** So many errors of a batch are told; the count tells of the rest. */
const BATCH_ERRORS_MAX = 100;

export interface RouteContext {
  readonly queue: AppendQueue;
  readonly metrics: IngestionMetrics;
  readonly checkSender: SenderCheck;
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
    handlers.set(url, async (request) => {
      await acceptOne(type, request, context);
      return ACCEPTED;
    });
  }
  handlers.set('/v1/llm/events', async (request) => accepted(JSON.stringify(await acceptBatch(request, context))));
  return handlers;
}

function accepted(body: string): PostAnswer {
  return { status: 202, contentType: 'application/json', body };
}

async function acceptOne(type: EventType, request: PostedRequest, context: EventContext): Promise<void> {
  const sender = await context.checkSender(request);
  mediaType(request, 'application/json');
  const event = forSender(readEvent(type, await readBody(request, EVENT_BYTES_MAX), context.scanner), sender);
  if (!event.ok) {
    context.metrics.rejected(event.reason, 1);
    if (event.reason === 'too_large') throw new Problem(413, `The event ${event.errors[0]?.message ?? ''}`);
    throw new Problem(400, `The ${type} is not valid: ${inWords(event.errors)}`, { errors: event.errors });
  }
  sender.charge(1);
  await accept([event.record], context);
  context.metrics.accepted(type, 1);
}

interface BatchAnswer {
  readonly accepted: number;
  readonly rejected: number;
  readonly errors: readonly { readonly index: number; readonly detail: string }[];
}

async function acceptBatch(request: PostedRequest, context: EventContext): Promise<BatchAnswer> {
  const sender = await context.checkSender(request);
  const { records, counts, rejected, items } = await readBatch(request, sender, context.scanner);
  if (rejected > 0) context.metrics.rejected('invalid', rejected);
  if (records.length === 0) throw noneValid(items, rejected);
  sender.charge(records.length + rejected);
  await accept(records, context);
  for (const eventType of ['request', 'response', 'evaluation'] as const) {
    if (counts[eventType] > 0) context.metrics.accepted(eventType, counts[eventType]);
  }
  return {
    accepted: records.length,
    rejected,
    errors: items.map(({ index, errors }) => ({ index, detail: inWords(errors) })),
  };
}

/** What a batch holds. The events themselves are not kept while their records are written. */
interface Batch {
  readonly records: readonly NewRecord[];
  readonly counts: Readonly<Record<EventType, number>>;
  readonly rejected: number;
  /** The first of the rejected. */
  readonly items: readonly RejectedItem[];
}

interface RejectedItem {
  readonly index: number;
  readonly errors: readonly FieldError[];
}

/** @throws {Problem} where it cannot be read at all */
async function readBatch(request: PostedRequest, sender: Sender, scanner: EventScanner): Promise<Batch> {
  const type = mediaType(
    request,
    'application/json',
    'application/x-ndjson',
    'application/ndjson',
    'application/jsonl',
  );
  const body = await readBody(request, BATCH_BYTES_MAX);
  const read = type === 'application/json' ? await readJsonBatch(body) : await readNdjsonBatch(body, scanner);
  if (!Array.isArray(read)) {
    const error = read as FieldError;
    throw new Problem(400, `The batch ${error.message}`, { errors: [error] });
  }
  return divide(read as readonly ReadEvent[], sender);
}

function divide(events: readonly ReadEvent[], sender: Sender): Batch {
  const records: NewRecord[] = [];
  const items: RejectedItem[] = [];
  const counts = { request: 0, response: 0, evaluation: 0 };
  for (let index = 0; index < events.length; index++) {
    const event = forSender(events[index] as ReadEvent, sender);
    if (event.ok) {
      records.push(event.record);
      counts[event.type]++;
    } else if (items.length < BATCH_ERRORS_MAX) items.push({ index, errors: event.errors });
  }
  return { records, counts, rejected: events.length - records.length, items };
}

/** A key that belongs to a tenant may not speak for another; what it sends is marked as that tenant's. */
function forSender(event: ReadEvent, sender: Sender): ReadEvent {
  if (!event.ok || sender.tenantId === null) return event;
  if (event.tenantId === null || event.tenantId === sender.tenantId) {
    return { ...event, record: { ...event.record, senderTenant: sender.tenantId } };
  }
  const message = `must be "${sender.tenantId}", the tenant of the API key`;
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
