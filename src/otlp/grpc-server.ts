import grpc from '@grpc/grpc-js';
import { type Signal, statusWithRetryInfo } from './export-answer.ts';

/** What became of one export. The names are the gRPC statuses that OTLP gives a meaning. */
export type GrpcAnswer =
  | { readonly outcome: 'ok'; readonly body: Uint8Array }
  /** The body cannot be read: the exporter drops it. */
  | { readonly outcome: 'invalid'; readonly reason: string }
  | { readonly outcome: 'unauthenticated'; readonly reason: string }
  | { readonly outcome: 'forbidden'; readonly reason: string }
  /** Overload or a rate limit: the exporter sends it again after the delay. */
  | { readonly outcome: 'exhausted'; readonly reason: string; readonly retryAfterMs: number }
  /** The log cannot take it now: the exporter sends it again after the delay. */
  | { readonly outcome: 'unavailable'; readonly reason: string; readonly retryAfterMs: number };

/** One export: its protobuf body, decompressed, and its metadata with lower-case names. */
export interface GrpcExport {
  readonly signal: Signal;
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** The address of the other end, without its port. */
  readonly address: string;
}

export interface GrpcServerOptions {
  readonly host: string;
  /** 4317 by convention; 0 takes any free port. */
  readonly port: number;
  /** Must not throw for anything that came from outside. What it throws is answered UNAVAILABLE and told to `onError`. */
  readonly handle: (exported: GrpcExport) => Promise<GrpcAnswer>;
  readonly onError: (cause: unknown) => void;
}

export interface GrpcServer {
  readonly port: number;
  /** Takes no new calls, waits for the running ones. */
  close(): Promise<void>;
}

/** The limit of one batch, on the decompressed size, as on HTTP. */
const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
const RETRY_AFTER_MS = 1000;
const CLOSE_MS_MAX = 8000;

const SERVICES: readonly (readonly [service: string, signal: Signal])[] = [
  ['opentelemetry.proto.collector.trace.v1.TraceService', 'traces'],
  ['opentelemetry.proto.collector.metrics.v1.MetricsService', 'metrics'],
  ['opentelemetry.proto.collector.logs.v1.LogsService', 'logs'],
];

/**
 * OTLP/gRPC: the three Export methods, with bytes in and bytes out, so that the same decoder and the same answers
 * serve gRPC and HTTP. gzip is undone by grpc-js, which also refuses what is too large.
 *
 * @throws {Error} when the port cannot be bound; the message names the address.
 */
export async function startGrpcServer({ host, port, handle, onError }: GrpcServerOptions): Promise<GrpcServer> {
  const server = new grpc.Server({
    'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
    'grpc.max_concurrent_streams': 256,
  });
  for (const [service, signal] of SERVICES) {
    server.addService(definitionOf(service), {
      Export(call: grpc.ServerUnaryCall<Buffer, Buffer>, reply: grpc.sendUnaryData<Buffer>) {
        answerOf(handle, exportOf(signal, call)).then(
          (answer) => replyWith(answer, reply),
          (error: unknown) => {
            onError(error);
            replyWith(UNEXPECTED, reply);
          },
        );
      },
    });
  }
  const boundPort = await bind(server, `${host.includes(':') ? `[${host}]` : host}:${port}`);
  return { port: boundPort, close: () => close(server) };
}

/** A failure of ours must not cost the sender its batch, so it is told to come back. */
const UNEXPECTED: GrpcAnswer = { outcome: 'unavailable', reason: 'internal error', retryAfterMs: RETRY_AFTER_MS };

/** Async, so that a handler which throws at once is caught like one that rejects. */
async function answerOf(handle: GrpcServerOptions['handle'], exported: GrpcExport): Promise<GrpcAnswer> {
  return handle(exported);
}

function definitionOf(service: string): grpc.ServiceDefinition {
  const same = (bytes: Buffer) => bytes;
  return {
    Export: {
      path: `/${service}/Export`,
      requestStream: false,
      responseStream: false,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    },
  };
}

function exportOf(signal: Signal, call: grpc.ServerUnaryCall<Buffer, Buffer>): GrpcExport {
  // `127.0.0.1:53412` or `[::1]:53412`
  const address = call
    .getPeer()
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1');
  return { signal, body: call.request, headers: headersOf(call.metadata), address };
}

function headersOf(metadata: grpc.Metadata): Readonly<Record<string, string>> {
  const texts = Object.entries(metadata.getMap()).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(texts) as Record<string, string>;
}

function replyWith(answer: GrpcAnswer, reply: grpc.sendUnaryData<Buffer>): void {
  switch (answer.outcome) {
    case 'ok':
      reply(null, Buffer.from(answer.body));
      return;
    case 'invalid':
      reply({ code: grpc.status.INVALID_ARGUMENT, details: answer.reason });
      return;
    case 'unauthenticated':
      reply({ code: grpc.status.UNAUTHENTICATED, details: answer.reason });
      return;
    case 'forbidden':
      reply({ code: grpc.status.PERMISSION_DENIED, details: answer.reason });
      return;
    case 'exhausted':
      reply(retryable(grpc.status.RESOURCE_EXHAUSTED, answer));
      return;
    case 'unavailable':
      reply(retryable(grpc.status.UNAVAILABLE, answer));
      return;
  }
}

/** RESOURCE_EXHAUSTED is retried only with RetryInfo, which gRPC carries in `grpc-status-details-bin`. */
function retryable(code: grpc.status, { reason, retryAfterMs }: { reason: string; retryAfterMs: number }) {
  const metadata = new grpc.Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(statusWithRetryInfo(code, reason, retryAfterMs)));
  return { code, details: reason, metadata };
}

async function bind(server: grpc.Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(new Error(`cannot listen for OTLP/gRPC on ${address}: ${error.message}`, { cause: error }));
    });
  });
}

async function close(server: grpc.Server): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.forceShutdown(), CLOSE_MS_MAX);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}
