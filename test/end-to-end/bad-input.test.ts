import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { askedOf, encodeCursor } from '../../src/metrics-api/cursor.ts';
import { type Answer, type Body, eventually, get, getJson, post } from './http-calls.ts';
import { type Server, startServer } from './running-server.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'streamlens-bad-input-'));
let server: Server;
before(async () => {
  server = await startServer(dataDir);
});
after(async () => {
  server.process.kill('SIGKILL');
  await server.exited;
  rmSync(dataDir, { recursive: true, force: true });
});

const REQUEST = {
  request_id: 'bad-1',
  tenant_id: 'bad',
  route: 'r',
  model: 'm',
  timestamp: '2026-01-10T12:00:00Z',
};
const RESPONSE = { request_id: 'bad-1', timestamp: '2026-01-10T12:00:01Z' };
const EVALUATION = { request_id: 'bad-1', name: 'helpful', timestamp: '2026-01-10T12:00:01Z' };
const VALID = { request: REQUEST, response: RESPONSE, evaluation: EVALUATION };

/** Checks that an answer is a problem of the wanted kind; returns the fields that it names. */
function problemPaths(answer: Answer, status: number, what: string): string[] {
  assert.equal(answer.status, status, `${what}: ${answer.text}`);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/, what);
  const problem = JSON.parse(answer.text) as { status: number; detail: string; errors?: { path: string }[] };
  assert.equal(problem.status, status, what);
  assert.ok(problem.detail.length > 0, what);
  return (problem.errors ?? []).map(({ path }) => path);
}

const postTo = (type: string, body: Body, headers?: Record<string, string>) =>
  post(`${server.ingestion}/v1/llm/${type}`, body, headers);

const NAMES = ['', 7, null, [], {}, 'x'.repeat(256), 'a\u0000b'];
const COUNTS = [-1, 1.5, '7', true, [], {}, 1e9, 1e300];
const TIMES = ['', 'yesterday', '2026-02-30T12:00:00Z', '2026-01-10', '0001-01-01T00:00:00Z', 1768046400000, null];
const TEXTS = [7, true, [], {}, 'x'.repeat(10_000)];
const FLAGS = ['true', 1, [], {}];
const NUMBERS = ['0.5', true, [], {}, 1e300];

/** Values that a field must not have, for every field of every event. */
const WRONG: Record<keyof typeof VALID, Record<string, readonly unknown[]>> = {
  request: {
    request_id: [...NAMES, 'x'.repeat(129)],
    tenant_id: NAMES,
    route: NAMES,
    model: NAMES,
    timestamp: TIMES,
    prompt_tokens: COUNTS,
    cached_prompt_tokens: COUNTS,
    cache_write_tokens: COUNTS,
    user_id_hash: TEXTS,
    session_id: TEXTS,
    metadata: ['{}', 7, [], { much: 'x'.repeat(16_384) }],
    provider: ['', 7, [], 'x'.repeat(256)],
    stream: FLAGS,
  },
  response: {
    request_id: [...NAMES, 'x'.repeat(129)],
    timestamp: TIMES,
    latency_ms: [-1, '7', [], 1e300],
    completion_tokens: COUNTS,
    prompt_tokens: COUNTS,
    reasoning_tokens: COUNTS,
    finish_reason: TEXTS,
    error: TEXTS,
    time_to_first_token_ms: [-1, '7', [], 1e300],
    model: ['', 7, [], 'x'.repeat(256)],
  },
  evaluation: {
    request_id: [...NAMES, 'x'.repeat(129)],
    name: NAMES,
    timestamp: TIMES,
    score: NUMBERS,
    label: TEXTS,
    passed: FLAGS,
    evaluator: TEXTS,
    comment: TEXTS,
  },
};

test('every field that is wrong, too long or too large is named', async () => {
  for (const type of ['request', 'response', 'evaluation'] as const) {
    for (const [field, values] of Object.entries(WRONG[type])) {
      for (const value of values) {
        const what = `${type}.${field} = ${JSON.stringify(value).slice(0, 60)}`;
        const answer = await postTo(type, JSON.stringify({ ...VALID[type], [field]: value }));
        assert.deepEqual(problemPaths(answer, 400, what), [`/${field}`], what);
        const batch = JSON.stringify([{ type, ...VALID[type], [field]: value }]);
        assert.deepEqual(problemPaths(await postTo('events', batch), 400, what), [`/0/${field}`], what);
      }
    }
  }
});

test('every required field that is missing is named', async () => {
  for (const [type, event] of Object.entries(VALID)) {
    for (const field of Object.keys(event)) {
      const answer = await postTo(type, JSON.stringify({ ...event, [field]: undefined }));
      assert.deepEqual(problemPaths(answer, 400, `${type} without ${field}`), [`/${field}`]);
    }
    assert.equal(problemPaths(await postTo(type, '{}'), 400, type).length, Object.keys(event).length);
  }
});

test('what is no JSON object is refused', async () => {
  const bodies = ['', ' ', 'null', '7', '"text"', '[]', '{', '{"a":}', '{"request_id":"x"', 'NaN', '\u0000', '<xml/>'];
  for (const type of Object.keys(VALID)) {
    for (const body of bodies) problemPaths(await postTo(type, body), 400, `${type} ${JSON.stringify(body)}`);
  }
});

test('a body that is no UTF-8 is refused, a byte order mark is told apart', async () => {
  const latin = Buffer.from(JSON.stringify({ ...REQUEST, tenant_id: 'Müller' }), 'latin1');
  const utf16 = Buffer.from(JSON.stringify(REQUEST), 'utf16le');
  for (const body of [latin, utf16]) problemPaths(await postTo('request', new Uint8Array(body)), 400, 'encoding');
  const mark = await postTo('request', `\uFEFF${JSON.stringify(REQUEST)}`);
  assert.ok(mark.status === 202 || mark.status === 400, `a byte order mark: ${mark.status}`);
  const lines = Buffer.concat([Buffer.from(`${JSON.stringify({ type: 'request', ...REQUEST })}\n`), latin]);
  const answer = await postTo('events', new Uint8Array(lines), { 'content-type': 'application/x-ndjson' });
  assert.ok(answer.status === 202 || answer.status === 400, answer.text);
});

test('a content type or encoding that is not taken is 415, and a body that is not what it claims is 400', async () => {
  const body = JSON.stringify(REQUEST);
  for (const type of ['text/plain', 'application/xml', 'multipart/form-data', 'x', '']) {
    if (type !== '') problemPaths(await postTo('request', body, { 'content-type': type }), 415, type);
  }
  const as = (encoding: string, bytes: Body) =>
    postTo('request', bytes, { 'content-type': 'application/json', 'content-encoding': encoding });
  for (const encoding of ['br', 'compress', 'gzip, gzip', 'constructor', '__proto__', 'toString']) {
    problemPaths(await as(encoding, body), 415, encoding);
  }
  for (const encoding of ['gzip', 'zstd', 'deflate']) problemPaths(await as(encoding, body), 400, encoding);
  problemPaths(await as('gzip', new Uint8Array(gzipSync(body).subarray(0, 20))), 400, 'half a gzip');
});

test('an event above 64 KiB and a batch above 16 MiB are 413', async () => {
  const large = JSON.stringify({ ...REQUEST, unknown: 'x'.repeat(65_536) });
  problemPaths(await postTo('request', large), 413, 'event');
  const lines = `${JSON.stringify({ type: 'request', ...REQUEST })}\n${JSON.stringify({ type: 'request', ...JSON.parse(large) })}`;
  const answer = await postTo('events', lines, { 'content-type': 'application/x-ndjson' });
  assert.equal(answer.status, 202);
  assert.match(answer.text, /"index":1,"detail":"it takes \d+ bytes; an event takes at most 65536"/);
  // Several times: the server used to hang up while some of them were still sending, who then saw a reset.
  const tooLarge = `[${' '.repeat(17 * 1024 * 1024)}]`;
  for (let times = 0; times < 10; times++) problemPaths(await postTo('events', tooLarge), 413, 'batch');
});

test('names of the object prototype are fields like others', async () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf']) {
    const event = JSON.stringify(REQUEST).replace('{', `{"${name}":{"polluted":true},`);
    assert.equal((await postTo('request', event)).status, 202, name);
    assert.deepEqual(problemPaths(await postTo('events', `[{"type":"${name}"}]`), 400, name), ['/0/type'], name);
    problemPaths(await get(`${server.metrics}/v1/metrics?${name}=1`), 400, name);
    const asTenant = JSON.stringify({ ...REQUEST, tenant_id: name, route: name, model: name });
    assert.equal((await postTo('request', asTenant.replace('bad-1', name))).status, 202, name);
    await getJson(`${server.metrics}/v1/metrics?tenant_id=${name}`);
  }
  assert.equal('polluted' in {}, false);
});

test('JSON that is nested deeply is refused or taken and read back, never a failure', async () => {
  const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  const withField = (id: string, field: string) =>
    JSON.stringify({ ...REQUEST, request_id: id, tenant_id: 'deep' }).replace('{', `{${field},`);
  problemPaths(await postTo('request', deep(30_000)), 400, 'array');
  const unknown = await postTo('request', withField('deep-1', `"x":${deep(30_000)}`));
  assert.equal(unknown.status, 202, 'fields that nobody knows are kept as they are');
  const tooLarge = await postTo('request', withField('deep-2', `"metadata":{"x":${deep(30_000)}}`));
  assert.deepEqual(problemPaths(tooLarge, 400, 'metadata'), ['/metadata']);
  const tooDeep = await postTo('request', withField('deep-3', `"metadata":{"x":${deep(7000)}}`));
  assert.deepEqual(problemPaths(tooDeep, 400, 'metadata'), ['/metadata']);
  assert.equal((await postTo('request', withField('deep-4', `"metadata":{"x":${deep(400)}}`))).status, 202);
  for (const body of [deep(1_000_000), `[${deep(1_000_000)}]`, `[{"type":"request","x":${deep(1_000_000)}}]`]) {
    problemPaths(await postTo('events', body), 400, 'batch');
  }
  await eventually('both calls', async () => {
    const { calls } = await getJson<{ calls: unknown[] }>(`${server.metrics}/v1/calls?tenant_id=deep`);
    return calls.length === 2 ? true : undefined;
  });
});

test('a bomb of gigabytes ends at the limit, not at its size', async () => {
  const bytesBefore = await residentBytes();
  const part = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  const bomb = Buffer.concat(Array.from({ length: 64 }, () => part));
  const zstdBomb = zstdCompressSync(Buffer.alloc(512 * 1024 * 1024));
  for (let times = 0; times < 3; times++) {
    for (const [encoding, body] of [
      ['gzip', bomb],
      ['zstd', zstdBomb],
    ] as const) {
      const headers = { 'content-type': 'application/x-ndjson', 'content-encoding': encoding };
      problemPaths(await postTo('events', new Uint8Array(body), headers), 413, encoding);
      problemPaths(
        await postTo('request', new Uint8Array(body), { ...headers, 'content-type': 'application/json' }),
        413,
        encoding,
      );
    }
  }
  const grown = (await residentBytes()) - bytesBefore;
  assert.ok(grown < 150 * 1024 * 1024, `the process grew by ${grown} bytes`);
});

test('queries that are wrong are 400 and name the parameter', async () => {
  const wrong: Record<string, readonly string[]> = {
    limit: ['0', '-1', '10001', '1.5', 'x', '', '1e3', '9'.repeat(400)],
    from: ['yesterday', '2026-13-01T00:00:00Z', 'now+1h', 'now-', 'x'.repeat(100)],
    to: ['0', 'now-1y'],
    step: ['2m', '60', ''],
    group_by: ['tenant', 'route;model'],
    quantiles: ['2', '-0.5', 'x', '0.5,,0.9', Array.from({ length: 30 }, () => '0.5').join(',')],
    order: ['up', ''],
    cursor: ['x', 'W10', Buffer.from('[1,2,3,4]').toString('base64url')],
    route: ['', 'x'.repeat(256)],
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      const query = new URLSearchParams({ tenant_id: 'bad', [name]: value });
      const what = `${name}=${value.slice(0, 60)}`;
      assert.deepEqual(
        problemPaths(await get(`${server.metrics}/v1/metrics?${query.toString()}`), 400, what),
        [`/${name}`],
        what,
      );
    }
  }
  for (const path of ['/v1/calls', '/v1/calls/x', '/v1/evaluations']) {
    assert.deepEqual(problemPaths(await get(`${server.metrics}${path}`), 400, path), ['/tenant_id'], path);
  }
  const unknown = ['/v1/metrics', '/v1/metrics/summary', '/v1/metrics/stream', '/v1/calls', '/v1/calls/x'];
  for (const path of [
    ...unknown,
    '/v1/dimensions',
    '/v1/evaluations',
    '/v1/audit',
    '/v1/coverage',
    '/v1/prices/unpriced',
  ]) {
    const answer = await get(`${server.metrics}${path}?tenant_id=a&rout=x`);
    assert.deepEqual(problemPaths(answer, 400, path), ['/rout'], path);
  }
  const ofTimes = encodeCursor([1796031785000, 'id'], askedOf({ tenant_id: 'a', order: 'newest' }));
  const slowest = `/v1/calls?tenant_id=a&order=slowest&cursor=${ofTimes}`;
  assert.deepEqual(problemPaths(await get(`${server.metrics}${slowest}`), 400, slowest), ['/cursor']);
  const empty = '/v1/calls?tenant_id=a&min_latency_ms=10&max_latency_ms=5';
  assert.deepEqual(problemPaths(await get(`${server.metrics}${empty}`), 400, empty), ['/min_latency_ms']);
  const newest = await get(`${server.metrics}/v1/calls?tenant_id=a&cursor=${ofTimes}`);
  assert.equal(newest.status, 200, newest.text);
  const local = '/v1/metrics?step=1d&from=2026-11-01';
  assert.deepEqual(problemPaths(await get(`${server.metrics}${local}`), 400, local), ['/from']);
  for (const query of ['step=1d&timezone=Mars/Olympus', 'step=5m&timezone=Europe/Berlin']) {
    assert.deepEqual(problemPaths(await get(`${server.metrics}/v1/metrics?${query}`), 400, query), ['/timezone']);
  }
  problemPaths(await get(`${server.metrics}/v1/calls?tenant_id=a&tenant_id=b`), 400, 'twice');
  problemPaths(await get(`${server.metrics}/v1/metrics?tenant_id=a&from=now&to=now-1h`), 400, 'from after to');
});

async function residentBytes(): Promise<number> {
  const { text } = await get(`${server.ingestion}/metrics`);
  return Number(/^process_resident_memory_bytes (\d+)$/m.exec(text)?.[1]);
}
