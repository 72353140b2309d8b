import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { problemHeaders, shownPath, toProblem } from './problem-answer.ts';

/** A request whose body is there, as it was sent. */
export interface PostedRequest {
  readonly headers: IncomingHttpHeaders;
  /** Of the other end of the connection. */
  readonly address: string;
  readonly body: Buffer;
}

export interface PostAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

/** @throws {Problem} what to answer instead */
export type PostHandler = (request: PostedRequest) => Promise<PostAnswer>;

/**
 * Serves busy POST routes. Fastify's router, request, reply and logger take a quarter of the time of a small POST, so
 * ordinary ones (this very path, a Content-Length within the limit) are answered in front of it. The same handlers
 * are registered there, for all others: what is chunked, too large or has a query, and what comes while the server closes.
 */
export function addPostRoutes(server: FastifyInstance, handlers: ReadonlyMap<string, PostHandler>): void {
  for (const [url, handler] of handlers) {
    server.post(url, async (request, reply) => {
      const body = request.body instanceof Buffer ? request.body : Buffer.alloc(0);
      const answer = await handler({ headers: request.headers, address: request.ip, body });
      return reply.code(answer.status).header('content-type', answer.contentType).send(answer.body);
    });
  }
  let isClosing = false;
  server.addHook('preClose', (done) => {
    isClosing = true;
    done();
  });
  const bodyBytesMax = server.initialConfig.bodyLimit ?? 0;
  const [throughFastify, ...others] = server.server.listeners('request') as RequestListener[];
  if (throughFastify === undefined || others.length > 0)
    throw new Error('The server must have Fastify as its listener');
  server.server.off('request', throughFastify);
  server.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const handler = request.method === 'POST' && !isClosing ? handlers.get(request.url ?? '') : undefined;
    const bodyBytes = Number(request.headers['content-length'] ?? Number.NaN);
    if (handler === undefined || !(bodyBytes <= bodyBytesMax)) throughFastify(request, response);
    else answerDirectly(request, response, { handler, server });
  });
}

function answerDirectly(
  request: IncomingMessage,
  response: ServerResponse,
  { handler, server }: { handler: PostHandler; server: FastifyInstance },
): void {
  const { headers } = request;
  const address = request.socket.remoteAddress ?? '';
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  // A body that is cut off has no end and gets no answer: the connection is gone.
  request.on('end', () => {
    const body = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    handler({ headers, address, body }).then(
      ({ status, contentType, body: text }) => write(response, status, { 'content-type': contentType }, text),
      (error: unknown) => {
        const problem = toProblem(error);
        if (problem.status === 500) {
          server.log.error({ err: error, url: shownPath(request.url ?? '') }, 'A request failed');
        }
        write(response, problem.status, problemHeaders(problem), problem.toJson());
      },
    );
  });
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
