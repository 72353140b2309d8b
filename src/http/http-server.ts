import type https from 'node:https';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { TenantScope } from '../events/tenant-scope.ts';
import type { KnownHosts } from './known-hosts.ts';
import type { Logger } from './logger.ts';
import { notFound, type Route } from './not-found.ts';
import { Problem } from './problem.ts';
import { problemHeaders, shownPath, toProblem } from './problem-answer.ts';
import { securityHeaders } from './security-headers.ts';
import type { ServerCertificate } from './server-certificate.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The tenants that whoever asks may see; null: all of them, also where no key is needed. */
    tenants: TenantScope;
  }
  interface FastifyContextConfig {
    /** Below `/v1/`, and asks for no key all the same. */
    isOpen?: boolean;
  }
}

export interface HttpServerOptions {
  readonly logger: Logger;
  /** The largest body as it is sent, before decompression. */
  readonly bodyBytesMax: number;
  /** Answers under these names only; absent where everybody who calls it must show a key. */
  readonly hosts?: KnownHosts | undefined;
  /** Absent: it speaks without TLS. */
  readonly certificate?: ServerCertificate | undefined;
  /** What another role has, in a sentence for who asks for it here. */
  readonly elsewhere?: string;
}

/** A sender that dribbles is cut off; the limits are wide enough for a batch on a phone's connection. */
const REQUEST_TIMEOUT_MS = 30_000;
const CONNECTION_IDLE_MS = 65_000;
const HEADERS_BYTES_MAX = 16 * 1024;
/** An idle one takes some 3 KB. */
const CONNECTIONS_MAX = 20_000;

/** A handshake that dribbles holds a socket and nothing else. */
const HANDSHAKE_MS_MAX = 10_000;

/** A request_id has up to 128 characters, and each may take up to nine in an URL, twelve with a surrogate pair. */
const PATH_PARAMETER_MAX = 12 * 128;

/**
 * The server behind every role: bodies arrive as bytes, and every failure is answered as `application/problem+json`.
 * A handler's bug becomes a 500 without detail and a line in the log.
 */
export function createHttpServer(options: HttpServerOptions): FastifyInstance {
  const { logger, bodyBytesMax, hosts, certificate, elsewhere } = options;
  // Named by its general type, or the server's own type would carry pino's.
  const loggerInstance: FastifyBaseLogger = logger;
  const limits = { maxHeaderSize: HEADERS_BYTES_MAX, headersTimeout: REQUEST_TIMEOUT_MS };
  const server = Fastify({
    ...(certificate === undefined ? { http: limits } : { https: { ...limits, ...tlsOptions(certificate) } }),
    loggerInstance,
    // A logger of its own for each request would take a tenth of the time of a small one, and say nothing but a number.
    childLoggerFactory: (parent) => parent,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyBytesMax,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: CONNECTION_IDLE_MS,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    exposeHeadRoutes: true,
    routerOptions: { maxParamLength: PATH_PARAMETER_MAX },
    clientErrorHandler: answerUnreadable,
    frameworkErrors: (error, _request, reply) => {
      sendProblem(reply, new Problem(400, error.message));
    },
  }) as FastifyInstance;
  if (certificate !== undefined) certificate.serve(server.server as https.Server);
  server.server.maxConnections = CONNECTIONS_MAX;
  const always = securityHeaders(certificate !== undefined);
  const routes: Route[] = [];
  server.addHook('onRoute', (route) => {
    routes.push(route);
  });
  server.addHook('onRequest', async (_request, reply) => {
    void reply.headers(always);
  });
  if (hosts !== undefined) server.addHook('onRequest', async ({ headers }) => hosts.check(headers.host));
  // Where there is nothing, nobody asks for the body; Fastify would ask a QUERY for its Content-Type before it says so.
  server.addHook('onRequest', async (request, reply) => {
    if (request.is404) return sendNotFound(request, reply);
    return undefined;
  });
  function sendNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { problem, headers } = notFound(routes, request, elsewhere);
    sendProblem(reply, problem, headers);
    return reply;
  }
  server.decorateRequest('tenants', null);
  server.removeAllContentTypeParsers();
  // Left unread: whoever takes a body judges the head before, and reads within the budget of all bodies.
  server.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  server.setNotFoundHandler(sendNotFound);
  server.setErrorHandler((error, request, reply) => {
    const problem = toProblem(error);
    if (problem.status === 500) request.log.error({ err: error, url: shownPath(request.url) }, 'A request failed');
    sendProblem(reply, problem, challengeOf(problem, request));
  });
  return server;
}

function tlsOptions({ files }: ServerCertificate) {
  return { ...files, handshakeTimeout: HANDSHAKE_MS_MAX };
}

function sendProblem(
  reply: Pick<FastifyReply, 'code' | 'headers' | 'removeHeader' | 'send'>,
  problem: Problem,
  headers: Readonly<Record<string, string>> = {},
): void {
  void reply.code(problem.status);
  // Fastify would hang up on a sender that is still sending, who then sees a reset and never this answer. Without that
  // header Node reads what still comes and throws it away, until the time for a request is over.
  if (problem.status === 413) void reply.removeHeader('connection');
  void reply.headers({ ...problemHeaders(problem), ...headers });
  void reply.send(problem.toJson());
}

/** A page asks for the key itself: with Basic among the challenges the browser would put its own prompt in front. */
function challengeOf({ status }: Problem, { headers }: FastifyRequest): Readonly<Record<string, string>> {
  const isScript = headers['sec-fetch-dest'] === 'empty';
  return status === 401 && isScript ? { 'www-authenticate': 'Bearer realm="StreamLens"' } : {};
}

/** Bytes that are no HTTP, or that came too slowly: there is no request object yet. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: import('node:net').Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return;
  const problem =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? new Problem(408, 'The request did not arrive within 30 seconds')
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? new Problem(431, 'The headers take more than 16 KiB')
        : new Problem(400, 'This is not an HTTP/1.1 request');
  const body = problem.toJson();
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
