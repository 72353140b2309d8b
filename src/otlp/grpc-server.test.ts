import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, test } from 'node:test';
import grpc from '@grpc/grpc-js';
import { type GrpcAnswer, type GrpcExport, type GrpcServer, startGrpcServer } from './grpc-server.ts';

const BODY = readFileSync(new URL('../../test/fixtures/otlp/contrib-py-chat.pb', import.meta.url));
const TRACES = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

const running: { server?: GrpcServer; client?: grpc.Client } = {};

afterEach(async () => {
  running.client?.close();
  await running.server?.close();
});

interface Reply {
  readonly error: grpc.ServiceError | null;
  readonly body: Buffer | undefined;
}

/** Starts a server with this handler on a real socket, and calls it as an exporter would. */
async function exportTo(
  handle: (exported: GrpcExport) => Promise<GrpcAnswer>,
  body: Buffer,
  { path = TRACES, options = {} }: { path?: string; options?: grpc.ClientOptions } = {},
): Promise<Reply> {
  const server = await startGrpcServer({ host: '127.0.0.1', port: 0, handle, onError: () => {} });
  const client = new grpc.Client(`127.0.0.1:${server.port}`, grpc.credentials.createInsecure(), options);
  Object.assign(running, { server, client });
  const metadata = new grpc.Metadata();
  metadata.set('authorization', 'Bearer secret');
  const same = (bytes: Buffer) => bytes;
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, same, same, body, metadata, (error, answer) => resolve({ error, body: answer }));
  });
}

test('an export reaches the handler as the bytes that were sent, with its headers and address', async () => {
  const seen: GrpcExport[] = [];
  const reply = await exportTo(async (exported) => {
    seen.push(exported);
    return { outcome: 'ok', body: Buffer.from('0a00', 'hex') };
  }, BODY);
  assert.equal(reply.error, null);
  assert.equal(reply.body?.toString('hex'), '0a00');
  assert.equal(seen[0]?.signal, 'traces');
  assert.deepEqual(Buffer.from(seen[0]?.body ?? []), BODY);
  assert.equal(seen[0]?.headers['authorization'], 'Bearer secret');
  assert.equal(seen[0]?.address, '127.0.0.1');
});

test('a gzip export is decompressed before the handler sees it', async () => {
  let bytes = 0;
  const handle = async ({ body }: GrpcExport): Promise<GrpcAnswer> => {
    bytes = body.length;
    return { outcome: 'ok', body: Buffer.alloc(0) };
  };
  const options = { 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip };
  assert.equal((await exportTo(handle, BODY, { options })).error, null);
  assert.equal(bytes, BODY.length);
});

test('metrics and logs have their services too', async () => {
  const handle = async ({ signal }: GrpcExport): Promise<GrpcAnswer> => ({ outcome: 'ok', body: Buffer.from(signal) });
  const path = '/opentelemetry.proto.collector.logs.v1.LogsService/Export';
  assert.equal((await exportTo(handle, BODY, { path })).body?.toString(), 'logs');
});

test('overload is RESOURCE_EXHAUSTED with the delay after which the exporter may come back', async () => {
  const { error } = await exportTo(
    async () => ({ outcome: 'exhausted', reason: 'queue is full', retryAfterMs: 1500 }),
    BODY,
  );
  assert.equal(error?.code, grpc.status.RESOURCE_EXHAUSTED);
  const [details] = error?.metadata.get('grpc-status-details-bin') ?? [];
  assert.match(String(details), /google\.rpc\.RetryInfo/);
});

test('a handler that throws is UNAVAILABLE, so that the exporter keeps its batch', async () => {
  const { error } = await exportTo(() => Promise.reject(new Error('bug')), BODY);
  assert.equal(error?.code, grpc.status.UNAVAILABLE);
});

test('a body that cannot be read is INVALID_ARGUMENT with the reason', async () => {
  const { error } = await exportTo(async () => ({ outcome: 'invalid', reason: 'cut off' }), BODY);
  assert.deepEqual([error?.code, error?.details], [grpc.status.INVALID_ARGUMENT, 'cut off']);
});

test('a message over 16 MiB never reaches the handler', async () => {
  let isCalled = false;
  const handle = async (): Promise<GrpcAnswer> => {
    isCalled = true;
    return { outcome: 'ok', body: Buffer.alloc(0) };
  };
  const { error } = await exportTo(handle, Buffer.alloc(16 * 1024 * 1024 + 1));
  assert.equal(error?.code, grpc.status.RESOURCE_EXHAUSTED);
  assert.equal(isCalled, false);
});

test('a small gzip message that grows over 16 MiB is refused as well', async () => {
  const options = { 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip };
  const handle = async (): Promise<GrpcAnswer> => ({ outcome: 'ok', body: Buffer.alloc(0) });
  const { error } = await exportTo(handle, Buffer.alloc(16 * 1024 * 1024 + 1), { options });
  assert.equal(error?.code, grpc.status.RESOURCE_EXHAUSTED);
});

test('a port that is taken is an error that names the address', async () => {
  const handle = async (): Promise<GrpcAnswer> => ({ outcome: 'ok', body: Buffer.alloc(0) });
  const server = await startGrpcServer({ host: '127.0.0.1', port: 0, handle, onError: () => {} });
  running.server = server;
  await assert.rejects(
    startGrpcServer({ host: '127.0.0.1', port: server.port, handle, onError: () => {} }),
    new RegExp(`OTLP/gRPC on 127\\.0\\.0\\.1:${server.port}`),
  );
});
