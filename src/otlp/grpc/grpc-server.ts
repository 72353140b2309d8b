import {
  constants,
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { BodyBudget } from '../../http/body-budget.ts';
import type { ServerCertificate } from '../../http/server-certificate.ts';
import type { Signal } from '../export-answer.ts';
import type { GrpcCalls, GrpcOutcome } from './grpc-calls.ts';
import { failureOf, GRPC, GrpcFailure, outcomeOf, trailersOf } from './grpc-status.ts';
import { readMessage } from './read-message.ts';

/** What is known of an export before its message is read. */
export interface GrpcHead {
  readonly signal: Signal;
  /** The metadata, with lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** The address of the other end, without its port. */
  readonly address: string;
}

/** @returns the answer's protobuf body. @throws {Problem} what to answer instead */
export type TakeExport = (body: Buffer) => Promise<Uint8Array>;

export interface GrpcServerOptions {
  readonly host: string;
  /** 4317 by convention; 0 takes any free port. */
  readonly port: number;
  /** Shared with whoever else reads bodies. */
  readonly budget: BodyBudget;
  /**
   * Judges a call by its head: nobody who may not send makes the server hold a message. What throws anything but a
   * Problem is answered UNAVAILABLE and told to `onError`.
   */
  readonly admit: (head: GrpcHead) => Promise<TakeExport>;
  readonly onError: (cause: unknown) => void;
  /** Is told of each call. */
  readonly calls: Pick<GrpcCalls, 'begin'>;
  /** Absent: it speaks without TLS. */
  readonly certificate?: ServerCertificate | undefined;
  /** How large one message may be, as it is sent and decompressed. 16 MiB unless given, as on HTTP. */
  readonly messageBytesMax?: number;
  /** How long a message may take to arrive. 30 s unless given, as on HTTP. */
  readonly receiveMsMax?: number;
}

export interface GrpcServer {
  readonly port: number;
  /** Takes no new calls, waits for the running ones. */
  close(): Promise<void>;
}

const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
const RECEIVE_MS_MAX = 30_000;
const CLOSE_MS_MAX = 8000;
const HANDSHAKE_MS_MAX = 10_000;
const CONNECTIONS_MAX = 1000;
/** Exporters have one call under way, collectors some. Each open stream may hold 64 KiB that nobody has read yet. */
const STREAMS_MAX = 64;
const HEADERS_BYTES_MAX = 16 * 1024;
/** After this without a word a connection is closed; exporters open another. */
const IDLE_MS_MAX = 5 * 60_000;

const SIGNAL_OF_PATH: ReadonlyMap<string, Signal> = new Map([
  ['/opentelemetry.proto.collector.trace.v1.TraceService/Export', 'traces'],
  ['/opentelemetry.proto.collector.metrics.v1.MetricsService/Export', 'metrics'],
  ['/opentelemetry.proto.collector.logs.v1.LogsService/Export', 'logs'],
]);

/**
 * OTLP/gRPC: the three Export methods, with bytes in and bytes out, so that the same decoder and the same answers
 * serve gRPC and HTTP.
 *
 * On Node's HTTP/2 and not on grpc-js, which gathers a whole message before anybody sees a byte of it, lets one
 * connection hold 256 of 16 MiB each, for ever, and asks for a key only then. A unary call is headers, one message and
 * trailers.
 *
 * @throws {Error} when the port cannot be bound; the message names the address.
 */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const server = createHttp2Server(options.certificate);
  server.maxConnections = CONNECTIONS_MAX;
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    // What is no HTTP/2 ends its connection; that is no failure of the server.
    session.on('error', () => undefined);
    session.setTimeout(IDLE_MS_MAX, () => session.close());
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    void serveCounted(stream, headers, options);
  });
  const port = await bind(server, options);
  return { port, close: () => close(server, sessions) };
}

type AnyHttp2Server = Http2Server | Http2SecureServer;

function createHttp2Server(certificate: ServerCertificate | undefined): AnyHttp2Server {
  const settings = { maxConcurrentStreams: STREAMS_MAX, maxHeaderListSize: HEADERS_BYTES_MAX };
  if (certificate === undefined) return createServer({ settings });
  const server = createSecureServer({ settings, ...certificate.files, handshakeTimeout: HANDSHAKE_MS_MAX });
  certificate.serve(server);
  // Who speaks no TLS, or ends in the middle of the handshake: its connection is closed, and no more is to be done.
  server.on('tlsClientError', () => undefined);
  return server;
}

async function serveCounted(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  options: GrpcServerOptions,
): Promise<void> {
  const ended = options.calls.begin(signalOf(headers));
  let outcome: GrpcOutcome = 'CANCELLED';
  stream.once('close', () => ended(outcome));
  outcome = await serve(stream, headers, options);
}

async function serve(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  options: GrpcServerOptions,
): Promise<GrpcOutcome> {
  const refusal = httpRefusal(headers);
  if (refusal !== null) return respondAndEnd(stream, { ':status': refusal }) ? 'NOT_GRPC' : 'CANCELLED';
  try {
    return reply(stream, await answerOf(stream, headers, options)) ? 'OK' : 'CANCELLED';
  } catch (error) {
    const failure = failureOf(error);
    if (failure.message === 'internal error') options.onError(error);
    const answer = { ':status': 200, 'content-type': 'application/grpc', ...trailersOf(failure) };
    return respondAndEnd(stream, answer) ? outcomeOf(failure.code) : 'CANCELLED';
  }
}

function signalOf(headers: IncomingHttpHeaders): Signal | null {
  return SIGNAL_OF_PATH.get(headers[':path'] ?? '') ?? null;
}

/** What is no gRPC is answered in HTTP. */
function httpRefusal(headers: IncomingHttpHeaders): number | null {
  if (headers[':method'] !== 'POST') return 405;
  return headers['content-type']?.startsWith('application/grpc') === true ? null : 415;
}

async function answerOf(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  { admit, budget, messageBytesMax = MESSAGE_BYTES_MAX, receiveMsMax = RECEIVE_MS_MAX }: GrpcServerOptions,
): Promise<Uint8Array> {
  const signal = signalOf(headers);
  if (signal === null) throw new GrpcFailure(GRPC.unimplemented, `There is no method ${headers[':path']}`);
  const address = stream.session?.socket.remoteAddress ?? '';
  const take = await admit({ signal, headers: textsOf(headers), address });
  const lease = budget.lease();
  try {
    const encoding = String(headers['grpc-encoding'] ?? 'identity');
    const message = readMessage(stream, { encoding, bytesMax: messageBytesMax, lease });
    return await take(await within(receiveMsMax, message));
  } finally {
    lease.release();
  }
}

async function within<T>(ms: number, message: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    const late = new GrpcFailure(GRPC.deadlineExceeded, `The message did not arrive within ${ms / 1000} s`);
    timer = setTimeout(() => reject(late), ms);
  });
  try {
    return await Promise.race([message, timeout]);
  } finally {
    clearTimeout(timer);
    // Where the time was over first: the stream is closed next, which ends the reading.
    message.catch(() => undefined);
  }
}

function textsOf(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const texts = Object.entries(headers).filter(([name, value]) => !name.startsWith(':') && typeof value === 'string');
  return Object.fromEntries(texts) as Record<string, string>;
}

function hasGone(stream: ServerHttp2Stream): boolean {
  return stream.closed || stream.destroyed || stream.aborted;
}

/** @returns false where the sender has gone */
function reply(stream: ServerHttp2Stream, body: Uint8Array): boolean {
  if (hasGone(stream)) return false;
  const message = Buffer.alloc(5 + body.length);
  message.writeUInt32BE(body.length, 1);
  message.set(body, 5);
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(GRPC.ok) }));
  const headers = {
    ':status': 200,
    'content-type': 'application/grpc',
    'grpc-accept-encoding': 'identity,gzip,deflate',
  };
  stream.respond(headers, { waitForTrailers: true });
  stream.end(message);
  return true;
}

/** Headers alone; a sender that is still sending is told to stop. @returns false where it has gone */
function respondAndEnd(stream: ServerHttp2Stream, headers: Parameters<ServerHttp2Stream['respond']>[0]): boolean {
  if (hasGone(stream)) return false;
  stream.respond(headers, { endStream: true });
  // A turn later, or the reset would overtake the headers, and the sender would never learn why. What it has sent
  // meanwhile is thrown away: unread, it would hold up the other calls of its connection.
  stream.resume();
  setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
  return true;
}

function bind(server: AnyHttp2Server, { host, port }: GrpcServerOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
      reject(new Error(`cannot listen for OTLP/gRPC on ${address}: ${error.message}`, { cause: error }));
    });
    server.listen({ host, port }, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function close(server: AnyHttp2Server, sessions: ReadonlySet<ServerHttp2Session>): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => {
      for (const session of sessions) session.destroy();
    }, CLOSE_MS_MAX);
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    for (const session of sessions) session.close();
  });
}
