import type { FastifyInstance, FastifyRequest } from 'fastify';
import { formatSecond } from '../events/timestamp.ts';
import { queryParser } from '../http/parse-query.ts';
import { Problem } from '../http/problem.ts';
import type { ChangeEvent } from './metrics-queries.ts';
import type { QueryContext } from './query-routes.ts';
import { StreamQueryString } from './query-schema.ts';
import { type CheckReader, limitStream } from './stream-life.ts';

const POLL_MS = 200;
const KEEP_ALIVE_MS = 15_000;
const STREAMS_MAX = 500;
const CHANGES_MAX = 1000;

/**
 * Commits of several processors become visible out of the order of their clocks by a little, so each look reaches
 * back this far; what was sent already is known by its revision.
 */
const LOOK_BACK_MS = 2000;

/** Server-sent events: each changed row, with its totals and revision. The id of an event is where to resume. */
export function addStreamRoute(server: FastifyInstance, context: QueryContext, checkReader: CheckReader | null): void {
  const parse = queryParser(StreamQueryString);
  const streams = new Set<AbortController>();
  server.addHook('preClose', async () => {
    for (const stream of streams) stream.abort();
  });
  server.get('/v1/metrics/stream', async (request, reply) => {
    const query = parse(request.query);
    const sinceMs = resumeAtMs(request, context.nowMs());
    if (streams.size >= STREAMS_MAX) {
      throw new Problem(503, `There are ${STREAMS_MAX} streams open already`, { retryAfterS: 5 });
    }
    const closed = new AbortController();
    streams.add(closed);
    request.raw.on('close', () => closed.abort());
    reply.hijack();
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      ...(reply.getHeaders() as Record<string, string>),
    });
    reply.raw.write(': changed rows follow\n\n');
    const tenant = { tenantId: query.tenant_id, route: query.route ?? null, model: query.model ?? null };
    const release = limitStream({ headers: request.headers, checkReader, end: () => closed.abort() });
    try {
      await sendChanges({ ...tenant, sinceMs, areRowsSent: query.rows !== false }, context, reply.raw, closed.signal);
    } catch (error) {
      request.log.warn({ err: error }, 'A metrics stream ended; its client resumes by itself');
    } finally {
      release();
      streams.delete(closed);
      reply.raw.end();
    }
  });
}

interface Stream {
  readonly tenantId: string;
  readonly route: string | null;
  readonly model: string | null;
  readonly sinceMs: number;
  readonly areRowsSent: boolean;
}

async function sendChanges(
  { sinceMs, areRowsSent, ...filter }: Stream,
  { queries, nowMs }: QueryContext,
  out: NodeJS.WritableStream,
  signal: AbortSignal,
): Promise<void> {
  let latestMs = sinceMs;
  let quietSinceMs = nowMs();
  const sent = new Map<string, { revision: number; changedAtMs: number }>();
  while (!signal.aborted) {
    const reachBackMs = sent.size === 0 ? latestMs : latestMs - LOOK_BACK_MS;
    const changes = await queries.changes({ ...filter, sinceMs: reachBackMs, limit: CHANGES_MAX });
    const news = changes.filter(({ key, revision }) => (sent.get(key)?.revision ?? 0) < revision);
    for (const { key, revision, changedAtMs } of news) {
      sent.set(key, { revision, changedAtMs });
      latestMs = Math.max(latestMs, changedAtMs);
    }
    let text = areRowsSent ? rowsText(news) : noticeText(news, latestMs);
    for (const [key, { changedAtMs }] of sent) if (changedAtMs < latestMs - 2 * LOOK_BACK_MS) sent.delete(key);
    if (text === '' && nowMs() - quietSinceMs >= KEEP_ALIVE_MS) text = ': still here\n\n';
    if (text !== '') {
      quietSinceMs = nowMs();
      if (!out.write(text)) await drained(out, signal);
    }
    await pause(POLL_MS, signal);
  }
}

function rowsText(news: readonly ChangeEvent[]): string {
  return news.map(({ changedAtMs, json }) => `id: ${changedAtMs}\nevent: metrics\ndata: ${json}\n\n`).join('');
}

/** For who asks for the rows anyway, of the windows that he shows: a busy tenant's rows are a hundred times as much. */
function noticeText(news: readonly ChangeEvent[], latestMs: number): string {
  if (news.length === 0) return '';
  const startMs = Math.min(...news.map(({ windowStartMs }) => windowStartMs));
  const data = JSON.stringify({ window_start: formatSecond(startMs), rows: news.length });
  return `id: ${latestMs}\nevent: change\ndata: ${data}\n\n`;
}

/** The browser sends `Last-Event-ID` by itself when it reconnects. */
function resumeAtMs(request: FastifyRequest, nowMs: number): number {
  const id = Number(request.headers['last-event-id'] ?? Number.NaN);
  return Number.isSafeInteger(id) && id >= 0 ? id : nowMs;
}

function drained(out: NodeJS.WritableStream, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    out.once('drain', resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
