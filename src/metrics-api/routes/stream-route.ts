import { once } from 'node:events';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { formatSecond } from '../../events/timestamp.ts';
import { queryParser } from '../../http/parse-query.ts';
import { Problem } from '../../http/problem.ts';
import { ChangeFeeds, type ChangeFilter, LOOK_BACK_MS, SentChanges } from '../change-feed.ts';
import { StreamParameters } from '../contract/parameters.ts';
import type { ChangeEvent } from '../questions.ts';
import { SharedAnswers } from '../shared-answers.ts';
import { type CheckReader, limitStream } from '../stream-life.ts';
import type { QueryContext } from './query-context.ts';
import { tenantsOf } from './tenants-of.ts';

const KEEP_ALIVE_MS = 15_000;
const STREAMS_MAX = 500;
const PAGE_MAX = 1000;
/** A client that is further behind is let go; it resumes by itself. */
const UNSENT_CHARACTERS_MAX = 8 * 1024 * 1024;
/** What was missed is remembered so long, as a change may become visible after a later one. */
const REMEMBERED_MS = 2 * LOOK_BACK_MS;

/** Server-sent events: each changed row, with its totals and revision. The id of an event is where to resume. */
export function addStreamRoute(server: FastifyInstance, context: QueryContext, checkReader: CheckReader | null): void {
  const { queries, nowMs } = context;
  const parse = queryParser(StreamParameters);
  const streams = new Set<AbortController>();
  const feeds = new ChangeFeeds(queries, nowMs);
  const pages = new SharedAnswers<readonly ChangeEvent[]>();
  server.addHook('preClose', async () => {
    for (const stream of streams) stream.abort();
  });
  server.get('/v1/metrics/stream', async (request, reply) => {
    const { tenant_id: named, route = null, model = null, rows = true } = parse(request.query);
    const sinceMs = Math.max(0, resumeAtMs(request, nowMs()) - LOOK_BACK_MS);
    if (streams.size >= STREAMS_MAX) {
      throw new Problem(503, `There are ${STREAMS_MAX} streams open already`, { retryAfterS: 5 });
    }
    // While the store is away this is a 503, as any other question.
    await queries.stateId();
    reply.hijack();
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      ...(reply.getHeaders() as Record<string, string>),
    });
    // Who asks for the head alone waits for its end, and no stream has one.
    if (request.method === 'HEAD') {
      reply.raw.end();
      return;
    }
    const closed = new AbortController();
    streams.add(closed);
    request.raw.on('close', () => closed.abort());
    reply.raw.write(': changed rows follow\n\n');
    const filter = { tenantId: tenantsOf(named), route, model };
    const missed = (fromMs: number): Promise<readonly ChangeEvent[]> =>
      pages.ask(JSON.stringify([filter, fromMs]), () =>
        queries.changes({ ...filter, sinceMs: fromMs, limit: PAGE_MAX }),
      );
    const release = limitStream({ headers: request.headers, checkReader, end: () => closed.abort() });
    try {
      await sendChanges({ filter, sinceMs, areRowsSent: rows, missed }, feeds, reply.raw, closed.signal);
    } catch (error) {
      request.log.info({ reason: (error as Error).message }, 'A metrics stream ended; its client resumes by itself');
    } finally {
      release();
      streams.delete(closed);
      reply.raw.end();
    }
  });
}

interface Stream {
  readonly filter: ChangeFilter;
  /** From when on changes are wanted. */
  readonly sinceMs: number;
  readonly areRowsSent: boolean;
  readonly missed: (sinceMs: number) => Promise<readonly ChangeEvent[]>;
}

async function sendChanges(
  { filter, sinceMs, areRowsSent, missed }: Stream,
  feeds: ChangeFeeds,
  out: NodeJS.WritableStream & { readonly writableLength: number },
  signal: AbortSignal,
): Promise<void> {
  const sent = new SentChanges();
  const send = (changes: readonly ChangeEvent[]): void => {
    const news = sent.unseen(changes);
    const text = areRowsSent ? rowsText(news) : noticeText(news);
    if (text !== '') out.write(text);
    const latestMs = changes.at(-1)?.changedAtMs;
    if (latestMs !== undefined) sent.forgetBefore(latestMs - REMEMBERED_MS);
  };
  // What comes while the missed changes are read waits for them, so that ids only grow.
  let waiting: ChangeEvent[] | null = [];
  let stop: () => unknown = () => undefined;
  const keepAlive = setInterval(() => out.write(': still here\n\n'), KEEP_ALIVE_MS);
  try {
    await new Promise<void>((resolve, reject) => {
      const changed = (changes: readonly ChangeEvent[]): void => {
        if (waiting !== null) waiting.push(...changes);
        else send(changes);
        if (out.writableLength > UNSENT_CHARACTERS_MAX || (waiting?.length ?? 0) > WAITING_MAX) {
          reject(new Error('the client reads too slowly'));
        }
      };
      stop = feeds.listen(filter, { changed, failed: reject });
      signal.addEventListener('abort', () => resolve(), { once: true });
      if (signal.aborted) resolve();
      const follow = async (): Promise<void> => {
        await catchUp(sinceMs, missed, { send, signal, out });
        send(waiting ?? []);
        waiting = null;
      };
      follow().catch(reject);
    });
  } finally {
    clearInterval(keepAlive);
    stop();
  }
}

function rowsText(news: readonly ChangeEvent[]): string {
  return news.map(({ changedAtMs, json }) => `id: ${changedAtMs}\nevent: metrics\ndata: ${json}\n\n`).join('');
}

/** For who asks for the rows anyway, of the windows that he shows: a busy tenant's rows are a hundred times as much. */
function noticeText(news: readonly ChangeEvent[]): string {
  if (news.length === 0) return '';
  const latestMs = Math.max(...news.map(({ changedAtMs }) => changedAtMs));
  const startMs = Math.min(...news.map(({ windowStartMs }) => windowStartMs));
  const data = JSON.stringify({ window_start: formatSecond(startMs), rows: news.length });
  return `id: ${latestMs}\nevent: change\ndata: ${data}\n\n`;
}

const WAITING_MAX = 100_000;

async function catchUp(
  sinceMs: number,
  missed: Stream['missed'],
  to: {
    readonly send: (changes: readonly ChangeEvent[]) => void;
    readonly signal: AbortSignal;
    readonly out: NodeJS.WritableStream & { readonly writableNeedDrain?: boolean };
  },
): Promise<void> {
  for (let nextMs = sinceMs; !to.signal.aborted; ) {
    const changes = await missed(nextMs);
    to.send(changes);
    const last = changes.at(-1);
    if (last === undefined || changes.length < PAGE_MAX) return;
    // All changes of one instant come together.
    nextMs = last.changedAtMs + 1;
    if (to.out.writableNeedDrain === true) await drained(to.out, to.signal);
  }
}

/** The browser sends `Last-Event-ID` by itself when it reconnects. */
function resumeAtMs(request: FastifyRequest, nowMs: number): number {
  const id = Number(request.headers['last-event-id'] ?? Number.NaN);
  return Number.isSafeInteger(id) && id >= 0 ? id : nowMs;
}

/** A slow client lets this wait many times: each leaves nothing behind that listens. */
async function drained(out: NodeJS.WritableStream, signal: AbortSignal): Promise<void> {
  await once(out, 'drain', { signal }).catch(() => undefined);
}
