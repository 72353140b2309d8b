import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import grpc from '@grpc/grpc-js';
import { BodyBudget } from '../../http/body-budget.ts';
import { Problem } from '../../http/problem.ts';
import { GrpcCalls } from './grpc-calls.ts';
import { type GrpcHead, type GrpcServerOptions, startGrpcServer } from './grpc-server.ts';

const BODY = readFileSync(new URL('../../../test/fixtures/otlp/contrib-py-chat.pb', import.meta.url));
const TRACES = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
const MIB = 1024 * 1024;

type Admit = GrpcServerOptions['admit'];

interface Reply {
  readonly error: grpc.ServiceError | null;
  readonly body: Buffer | undefined;
}

async function started(t: TestContext, admit: Admit, more: Partial<GrpcServerOptions> = {}): Promise<number> {
  const budget = new BodyBudget(64 * MIB);
  const calls = new GrpcCalls();
  const server = await startGrpcServer({
    host: '127.0.0.1',
    port: 0,
    budget,
    admit,
    calls,
    onError: () => {},
    ...more,
  });
  t.after(() => server.close());
  return server.port;
}

interface Exported {
  readonly port: number;
  readonly body?: Buffer;
  readonly path?: string;
  readonly options?: grpc.ClientOptions;
}

/** Calls the server as an exporter would. */
function exportTo(t: TestContext, { port, body = BODY, path = TRACES, options = {} }: Exported): Promise<Reply> {
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), options);
  t.after(() => client.close());
  const metadata = new grpc.Metadata();
  metadata.set('authorization', 'Bearer secret');
  const same = (bytes: Buffer) => bytes;
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, same, same, body, metadata, (error, answer) => resolve({ error, body: answer }));
  });
}

/** A connection on which calls can be left half sent. */
function connected(t: TestContext, port: number): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${port}`);
  t.after(() => session.destroy());
  return session.on('error', () => undefined);
}

/** The head of an export, and the prefix of its message. */
function begin(session: ClientHttp2Session, length: number, more: Record<string, string> = {}): ClientHttp2Stream {
  const headers = { ':method': 'POST', ':path': TRACES, 'content-type': 'application/grpc', te: 'trailers', ...more };
  const stream = session.request(headers, { endStream: false });
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(length, 1);
  stream.on('error', () => undefined).write(prefix);
  return stream;
}

function statusOf(stream: ClientHttp2Stream): Promise<number> {
  return new Promise((resolve) => {
    for (const event of ['response', 'trailers'] as const) {
      stream.on(event, (headers: Record<string, unknown>) => {
        if (headers['grpc-status'] !== undefined) resolve(Number(headers['grpc-status']));
      });
    }
    stream.resume();
  });
}

async function until(check: () => boolean): Promise<void> {
  while (!check()) await nextTurn();
}

const takes: Admit = async () => async () => Buffer.alloc(0);

test('an export reaches its handler as the bytes that were sent, with its headers and address', async (t) => {
  const heads: GrpcHead[] = [];
  const bodies: Buffer[] = [];
  const port = await started(t, async (head) => {
    heads.push(head);
    return async (body) => {
      bodies.push(body);
      return Buffer.from('0a00', 'hex');
    };
  });
  const reply = await exportTo(t, { port });
  assert.equal(reply.error, null);
  assert.equal(reply.body?.toString('hex'), '0a00');
  assert.equal(heads[0]?.signal, 'traces');
  assert.deepEqual(bodies, [BODY]);
  assert.equal(heads[0]?.headers['authorization'], 'Bearer secret');
  assert.equal(heads[0]?.address, '127.0.0.1');
});

test('a gzip export is decompressed before the handler sees it', async (t) => {
  let bytes = 0;
  const port = await started(t, async () => async (body) => {
    bytes = body.length;
    return Buffer.alloc(0);
  });
  const options = { 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip };
  assert.equal((await exportTo(t, { port, options })).error, null);
  assert.equal(bytes, BODY.length);
});

test('metrics and logs have their services too, and others are UNIMPLEMENTED', async (t) => {
  const port = await started(
    t,
    async ({ signal }) =>
      async () =>
        Buffer.from(signal),
  );
  const path = '/opentelemetry.proto.collector.logs.v1.LogsService/Export';
  assert.equal((await exportTo(t, { port, path })).body?.toString(), 'logs');
  const other = await exportTo(t, { port, path: '/opentelemetry.proto.collector.logs.v1.LogsService/Import' });
  assert.equal(other.error?.code, grpc.status.UNIMPLEMENTED);
});

test('overload is told with the delay after which the exporter may come back', async (t) => {
  const cases = [
    [429, grpc.status.RESOURCE_EXHAUSTED],
    [503, grpc.status.UNAVAILABLE],
  ] as const;
  for (const [status, code] of cases) {
    const port = await started(t, () => Promise.reject(new Problem(status, 'zu viel: 100 %', { retryAfterS: 2 })));
    const { error } = await exportTo(t, { port });
    assert.deepEqual([error?.code, error?.details], [code, 'zu viel: 100 %']);
    const [details] = error?.metadata.get('grpc-status-details-bin') ?? [];
    assert.match(String(details), /google\.rpc\.RetryInfo/);
  }
});

test('a handler that throws is UNAVAILABLE and told, so that the exporter keeps its batch', async (t) => {
  const told: unknown[] = [];
  const port = await started(t, () => Promise.reject(new Error('bug')), { onError: (cause) => told.push(cause) });
  assert.equal((await exportTo(t, { port })).error?.code, grpc.status.UNAVAILABLE);
  assert.equal(told.length, 1);
});

test('a body that cannot be read is INVALID_ARGUMENT with the reason', async (t) => {
  const port = await started(t, async () => () => Promise.reject(new Problem(400, 'cut off')));
  const { error } = await exportTo(t, { port });
  assert.deepEqual([error?.code, error?.details], [grpc.status.INVALID_ARGUMENT, 'cut off']);
});

test('a message over 16 MiB is RESOURCE_EXHAUSTED and never reaches the handler, compressed or not', async (t) => {
  let isCalled = false;
  const port = await started(t, async () => async () => {
    isCalled = true;
    return Buffer.alloc(0);
  });
  const body = Buffer.alloc(16 * MIB + 1);
  const compressed = { 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip };
  for (const options of [{}, compressed]) {
    const { error } = await exportTo(t, { port, body, options });
    assert.equal(error?.code, grpc.status.RESOURCE_EXHAUSTED);
  }
  assert.equal(isCalled, false);
});

test('a sender without a key is refused before its message', { timeout: 10_000 }, async (t) => {
  const budget = new BodyBudget(64 * MIB);
  const port = await started(t, () => Promise.reject(new Problem(401, 'no key')), { budget });
  const stream = begin(connected(t, port), MIB);
  assert.equal(await statusOf(stream), grpc.status.UNAUTHENTICATED);
  assert.equal(budget.bytes, 0);
});

test('half-sent messages hold no more than the budget, and the others are told to come back', {
  timeout: 10_000,
}, async (t) => {
  const budget = new BodyBudget(3 * MIB);
  const session = connected(t, await started(t, takes, { budget }));
  const streams = Array.from({ length: 12 }, () => begin(session, MIB));
  const refused: number[] = [];
  for (const stream of streams) {
    void statusOf(stream).then((status) => refused.push(status));
    stream.write(Buffer.alloc(MIB - 1));
  }
  await until(() => refused.length >= 8);
  assert.deepEqual(new Set(refused), new Set([grpc.status.UNAVAILABLE]));
  assert.ok(budget.bytes <= budget.bytesMax);
  session.destroy();
  await until(() => budget.bytes === 0);
});

test('a message that does not arrive in time is cut off', { timeout: 10_000 }, async (t) => {
  const budget = new BodyBudget(3 * MIB);
  const port = await started(t, takes, { budget, receiveMsMax: 20 });
  const stream = begin(connected(t, port), MIB);
  stream.write(Buffer.alloc(1000));
  assert.equal(await statusOf(stream), grpc.status.DEADLINE_EXCEEDED);
  await until(() => budget.bytes === 0 && stream.closed);
});

test('a call of no message, half a message or two is refused, and what is no gRPC is told so in HTTP', {
  timeout: 10_000,
}, async (t) => {
  const session = connected(t, await started(t, takes));
  const half = begin(session, 10);
  half.end(Buffer.alloc(3));
  assert.equal(await statusOf(half), grpc.status.INVALID_ARGUMENT);
  const two = begin(session, 2);
  two.end(Buffer.alloc(9));
  assert.equal(await statusOf(two), grpc.status.UNIMPLEMENTED);
  const none = session.request({ ':method': 'POST', ':path': TRACES, 'content-type': 'application/grpc' }).end();
  assert.equal(await statusOf(none.on('error', () => undefined)), grpc.status.INVALID_ARGUMENT);
  const json = session.request({ ':method': 'POST', ':path': TRACES, 'content-type': 'application/json' });
  const status = await new Promise((resolve) => json.on('response', (headers) => resolve(headers[':status'])));
  assert.equal(status, 415);
});

test('calls are counted by signal and code, also those that name nothing and those whose sender has gone', {
  timeout: 10_000,
}, async (t) => {
  const calls = new GrpcCalls();
  const port = await started(
    t,
    async ({ signal }) => {
      if (signal === 'logs') throw new Problem(401, 'no key');
      return async () => Buffer.alloc(0);
    },
    { calls },
  );
  const other = (name: string) => `/opentelemetry.proto.collector.${name}/Export`;
  await exportTo(t, { port });
  await exportTo(t, { port });
  await exportTo(t, { port, path: other('logs.v1.LogsService') });
  await exportTo(t, { port, path: other('profiles.v1.ProfilesService') });
  const broken = connected(t, port);
  begin(broken, MIB);
  await until(() => inFlightOf(calls) === 1);
  broken.destroy();
  await until(() => inFlightOf(calls) === 0);
  const json = connected(t, port)
    .request({ ':method': 'POST', ':path': TRACES, 'content-type': 'application/json' })
    .end();
  await new Promise((resolve) => json.on('response', resolve).resume());
  await until(() => countsOf(calls).length === 5);
  assert.deepEqual(countsOf(calls), [
    'logs UNAUTHENTICATED 1',
    'none UNIMPLEMENTED 1',
    'traces CANCELLED 1',
    'traces NOT_GRPC 1',
    'traces OK 2',
  ]);
  const [, durations] = calls.families();
  assert.ok(durations?.type === 'histogram');
  assert.deepEqual(durations.series.map(({ labels, count }) => `${labels['signal']} ${count}`).sort(), [
    'logs 1',
    'none 1',
    'traces 4',
  ]);
  assert.ok(durations.series.every(({ native }) => native !== undefined));
});

function countsOf(calls: GrpcCalls): string[] {
  const [requests] = calls.families();
  assert.ok(requests?.type === 'counter');
  return requests.series.map(({ labels, value }) => `${labels['signal']} ${labels['code']} ${value}`).sort();
}

function inFlightOf(calls: GrpcCalls): number | undefined {
  const inFlight = calls.families().at(-1);
  assert.ok(inFlight?.type === 'gauge');
  return inFlight.series[0]?.value;
}

test('a port that is taken is an error that names the address', async (t) => {
  const port = await started(t, takes);
  await assert.rejects(started(t, takes, { port }), new RegExp(`OTLP/gRPC on 127\\.0\\.0\\.1:${port}`));
});
