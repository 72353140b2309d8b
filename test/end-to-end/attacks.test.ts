import assert from 'node:assert/strict';
import { type ClientHttp2Session, connect } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { eventually, get, post, sample } from './http-calls.ts';
import { field } from './protobuf-fields.ts';
import { runServerApart, type ServerApart } from './server-apart.ts';

/**
 * Bodies that are small on the wire and large inside, alone and many at once, against a process with a small heap. Each of
 * them ended it, or stopped it for a minute, before their contents were counted.
 */
const MIB = 1024 * 1024;
const HEAP_MB = 512;
const AT_ONCE = 300;
/** Far from what a turn takes, for a machine that is busy with other tests; a frozen process takes longer. */
const HEALTH_MS_MAX = 5_000;
const GROWN_BYTES_MAX = 300 * MIB;

let server: ServerApart;
before(async () => {
  server = await runServerApart({ NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}` });
});
after(() => server.end());

const emptySpans = (bytes: number) => field(1, field(2, Buffer.alloc(bytes - 40, Buffer.of(0x12, 0))));
const jsonSpans = (bytes: number) =>
  Buffer.from(`{"resourceSpans":[{"scopeSpans":[{"spans":[${'{},'.repeat(bytes / 3 - 20)}{}]}]}]}`);

interface Attack {
  readonly path: string;
  readonly type: string;
  readonly body: Buffer;
  readonly status: number;
}

const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';
const NDJSON = 'application/x-ndjson';

const ATTACKS: Readonly<Record<string, Attack>> = {
  'empty spans to explain': { path: '/v1/otlp/explain', type: PROTOBUF, body: emptySpans(16 * MIB), status: 413 },
  'a MiB of empty spans to explain': { path: '/v1/otlp/explain', type: PROTOBUF, body: emptySpans(MIB), status: 413 },
  'empty spans as protobuf': { path: '/v1/traces', type: PROTOBUF, body: emptySpans(16 * MIB), status: 413 },
  'empty spans as JSON': { path: '/v1/traces', type: JSON_TYPE, body: jsonSpans(16 * MIB), status: 413 },
  'empty spans as JSON to explain': { path: '/v1/otlp/explain', type: JSON_TYPE, body: jsonSpans(MIB), status: 413 },
  'a batch of empty objects': {
    path: '/v1/llm/events',
    type: JSON_TYPE,
    body: Buffer.from(`[${'{},'.repeat(5_592_000)}1]`),
    status: 400,
  },
  'an event of many objects': {
    path: '/v1/llm/events',
    type: JSON_TYPE,
    body: Buffer.from(`[{"type":"request","x":[${'{},'.repeat(5_500_000)}1]}]`),
    status: 400,
  },
  'blanks around an empty batch': {
    path: '/v1/llm/events',
    type: JSON_TYPE,
    body: Buffer.concat([Buffer.alloc(16 * MIB - 2, ' '), Buffer.from('[]')]),
    status: 400,
  },
  'empty lines': { path: '/v1/llm/events', type: NDJSON, body: Buffer.alloc(16 * MIB, '\n'), status: 400 },
  'more events than a batch may have': {
    path: '/v1/llm/events',
    type: NDJSON,
    body: Buffer.from('{}\n'.repeat(5_000_000)),
    status: 400,
  },
  'spans with more values than an export may have': {
    path: '/v1/traces',
    type: JSON_TYPE,
    body: Buffer.from(`{"resourceSpans":[${'[],'.repeat(5_000_000)}[]]}`),
    status: 413,
  },
};

/** The longest that `/health` took to answer while `attack` went on. */
async function worstHealthMs(attack: Promise<unknown>): Promise<number> {
  const going = { isOver: false };
  let worstMs = 0;
  void attack
    .catch(() => undefined)
    .finally(() => {
      going.isOver = true;
    });
  while (!going.isOver) {
    const startedMs = performance.now();
    assert.equal((await get(`${server.ingestion}/health`)).status, 200);
    worstMs = Math.max(worstMs, performance.now() - startedMs);
    await sleep(20);
  }
  await attack;
  return worstMs;
}

async function residentBytes(): Promise<number> {
  return sample((await get(`${server.ingestion}/metrics`)).text, 'process_resident_memory_bytes');
}

const sendGzipped = ({ path, type }: Attack, bytes: Uint8Array<ArrayBuffer>) =>
  post(`${server.ingestion}${path}`, bytes, { 'content-type': type, 'content-encoding': 'gzip' });

async function staysSmall(what: string, attack: () => Promise<unknown>): Promise<void> {
  const earlier = await residentBytes();
  const worstMs = await worstHealthMs(attack());
  assert.ok(worstMs < HEALTH_MS_MAX, `${what}: /health took ${worstMs.toFixed(0)} ms`);
  const grown = (await residentBytes()) - earlier;
  assert.ok(grown < GROWN_BYTES_MAX, `${what}: grown by ${(grown / MIB).toFixed(0)} MiB`);
  assert.equal(server.process.exitCode, null, `${what}: ${server.output()}`);
}

for (const [what, attack] of Object.entries(ATTACKS)) {
  test(`${what}: refused, and everybody else is answered`, async () => {
    const bytes = new Uint8Array(gzipSync(attack.body));
    await staysSmall(what, async () => {
      const answer = await sendGzipped(attack, bytes);
      assert.equal(answer.status, attack.status, answer.text.slice(0, 200));
      assert.match(answer.headers.get('content-type') ?? '', /problem\+json/);
    });
  });
}

test('three hundred of each kind at once are refused, or told to come back', async () => {
  const attacks = Object.values(ATTACKS);
  const bodies = attacks.map(({ body }) => new Uint8Array(gzipSync(body)));
  await staysSmall('300 at once', async () => {
    const sent = Array.from({ length: AT_ONCE }, async (_, i) => {
      const attack = attacks[i % attacks.length] as Attack;
      const { status } = await sendGzipped(attack, bodies[i % attacks.length] as Uint8Array<ArrayBuffer>);
      assert.ok(status === attack.status || status === 503, `${attack.path}: ${status}`);
    });
    await Promise.all(sent);
  });
});

test('a hundred half-sent bodies hold no more than the budget', async (t) => {
  const head =
    'POST /v1/llm/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 16000001\r\n\r\n';
  const half = Buffer.alloc(16_000_000, ' ');
  await staysSmall('half-sent bodies', async () => {
    for (let i = 0; i < 100; i++) {
      const socket = connectTcp(Number(new URL(server.ingestion).port), '127.0.0.1');
      t.after(() => socket.destroy());
      socket.on('error', () => undefined).write(head);
      socket.write(half);
    }
    // As soon as the budget is used up the next body is told so.
    const url = `${server.ingestion}/v1/llm/events`;
    const body = new Uint8Array(Buffer.alloc(16 * MIB, ' '));
    await eventually('a body to be refused', async () => ((await post(url, body)).status === 503 ? true : undefined));
  });
});

test('half-sent messages over gRPC hold no more than the budget', async (t) => {
  const session: ClientHttp2Session = connect(`http://127.0.0.1:${server.grpcPort}`, {
    // Of the client: below what it has to send, Node would reset the calls by itself.
    maxSessionMemory: 2000,
  });
  t.after(() => session.destroy());
  session.on('error', () => undefined);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(15 * MIB, 1);
  await staysSmall('half-sent messages', async () => {
    const refused = Array.from({ length: 50 }, () => {
      const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
      const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc' };
      const stream = session.request(headers, { endStream: false }).on('error', () => undefined);
      stream.write(prefix);
      stream.write(Buffer.alloc(15 * MIB - 1));
      return new Promise<string>((resolve) => {
        stream.on('response', (answer) => resolve(String(answer['grpc-status'])));
      });
    });
    // UNAVAILABLE, which exporters send again.
    assert.equal(await Promise.race(refused), '14');
  });
});

test('after all this an event is taken and counted', async () => {
  const event = '{"request_id":"calm","tenant_id":"t","route":"r","model":"m","timestamp":"2026-01-10T12:00:00Z"}';
  await eventually('the event to be taken', async () => {
    const { status } = await post(`${server.ingestion}/v1/llm/request`, event);
    return status === 202 ? true : undefined;
  });
});
