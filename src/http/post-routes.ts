import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { BodyBudget, BodyLease } from './body-budget.ts';
import { collectBody } from './collect-body.ts';
import type { KnownHosts } from './known-hosts.ts';
import { problemHeaders, shownPath, toProblem } from './problem-answer.ts';

/** What is known of a request before its body is read. */
export interface RequestHead {
  readonly headers: IncomingHttpHeaders;
  /** The address of the other end of the connection. */
  readonly address: string;
}

/** A request whose body is there, as it was sent. */
export interface PostedBody {
  readonly body: Buffer;
  /** Its share of the budget; released when the answer is there. */
  readonly lease: BodyLease;
}

export interface PostAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
  /** Further ones, such as what is left of a limit. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** What to do with the body of a request that was admitted. */
export interface Admitted {
  /** How large a body may be as it is sent, before decompression. */
  readonly bodyBytesMax: number;
  /** @throws {Problem} what to answer instead */
  take(posted: PostedBody): Promise<PostAnswer>;
}

/**
 * Judges a request by its head: nobody who may not send makes the server hold a body.
 *
 * @throws {Problem} what to answer instead
 */
export type PostHandler = (head: RequestHead) => Promise<Admitted>;

export interface PostRoutes {
  /** Of every answer beside its own, such as that of TLS. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly handlers: ReadonlyMap<string, PostHandler>;
  readonly budget: BodyBudget;
  /** Whose pages may send; see `KnownHosts`. */
  readonly hosts: KnownHosts;
  /** Whether it answers under known names only. */
  readonly checksHost: boolean;
}

/**
 * Serves busy POST routes. Fastify's router, request, reply and logger take a quarter of the time of a small POST, so
 * ordinary ones (this very path, a Content-Length within the limit) are answered in front of it. The same handlers are
 * registered there, for all others: what is chunked, too large or has a query, and what comes while the server closes.
 */
export function addPostRoutes(server: FastifyInstance, routes: PostRoutes): void {
  const { handlers, headers: always = {} } = routes;
  for (const [url, handler] of handlers) {
    server.post(url, async (request, reply) => {
      const answer = await answerTo(request.raw, handler, routes);
      return reply
        .code(answer.status)
        .headers({ ...answer.headers, 'content-type': answer.contentType })
        .send(answer.body);
    });
  }
  let isClosing = false;
  server.addHook('preClose', (done) => {
    isClosing = true;
    done();
  });
  // Of a request that came before the end began.
  const closing = () => (isClosing ? { connection: 'close' } : {});
  const bodyBytesMax = server.initialConfig.bodyLimit ?? 0;
  const [throughFastify, ...others] = server.server.listeners('request') as RequestListener[];
  if (throughFastify === undefined || others.length > 0)
    throw new Error('The server must have Fastify as its listener');
  server.server.off('request', throughFastify);
  server.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const handler = request.method === 'POST' && !isClosing ? handlers.get(request.url ?? '') : undefined;
    const bodyBytes = Number(request.headers['content-length'] ?? Number.NaN);
    if (handler === undefined || !(bodyBytes <= bodyBytesMax)) throughFastify(request, response);
    else {
      answerTo(request, handler, routes).then(
        ({ status, contentType, headers, body }) =>
          write(response, status, { ...always, ...headers, 'content-type': contentType, ...closing() }, body),
        (error: unknown) => {
          const problem = toProblem(error);
          if (problem.status === 500) {
            server.log.error({ err: error, url: shownPath(request.url ?? '') }, 'A request failed');
          }
          write(response, problem.status, { ...always, ...problemHeaders(problem), ...closing() }, problem.toJson());
        },
      );
    }
  });
}

async function answerTo(
  request: IncomingMessage,
  handler: PostHandler,
  { budget, hosts, checksHost }: PostRoutes,
): Promise<PostAnswer> {
  const { headers, socket } = request;
  const { origin, host } = headers;
  if (checksHost) hosts.check(host);
  const fetchSite = headers['sec-fetch-site'];
  if (origin !== undefined || fetchSite !== undefined) {
    hosts.refuseForeignPage({ origin, host, fetchSite: fetchSite?.toString() });
  }
  const admitted = await handler({ headers, address: socket.remoteAddress ?? '' });
  const lease = budget.lease();
  try {
    return await admitted.take({ body: await collectBody(request, admitted.bodyBytesMax, lease), lease });
  } finally {
    lease.release();
  }
}

function write(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array,
): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
