import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BodyBudget } from './body-budget.ts';
import { createHttpServer } from './http-server.ts';
import { KnownHosts } from './known-hosts.ts';
import { createLogger } from './logger.ts';
import { addPostRoutes, type PostHandler } from './post-routes.ts';
import { Problem } from './problem.ts';

const BODY_BYTES_MAX = 1000;

/** A server whose one route does as its body says. */
async function served(t: TestContext, budget = new BodyBudget(1_000_000)): Promise<string> {
  const server = createHttpServer({ logger: createLogger('test', 'silent'), bodyBytesMax: BODY_BYTES_MAX });
  const handler: PostHandler = async ({ headers, address }) => {
    if (headers['x-key'] === 'unknown') throw new Problem(401, 'Who are you?');
    return {
      bodyBytesMax: BODY_BYTES_MAX,
      async take({ body }) {
        const text = body.toString();
        if (text === 'unknown key') throw new Problem(401, 'Who are you?');
        if (text === 'full') throw new Problem(503, 'Wait', { retryAfterS: 7 });
        if (text === 'invalid') throw new Problem(400, 'No', { errors: [{ path: '/a', message: 'is required' }] });
        if (text === 'bug') throw new Error('secret');
        return { status: 202, contentType: 'text/plain', body: `${address} ${String(headers['x-sent'])} ${text}` };
      },
    };
  };
  const hosts = new KnownHosts([]);
  addPostRoutes(server, { handlers: new Map([['/thing', handler]]), budget, hosts, checksHost: true });
  await server.listen({ host: '127.0.0.1', port: 0 });
  t.after(() => {
    // A close waits for requests under way, and half a request is under way for a minute.
    server.server.closeAllConnections();
    return server.close();
  });
  return `http://127.0.0.1:${(server.server.address() as AddressInfo).port}/thing`;
}

/** Writes this and no more on a connection of its own; what comes back is gathered. */
function half(t: TestContext, url: string, text: string): { received: string; readonly socket: Socket } {
  const { hostname, port, pathname } = new URL(url);
  const socket = connect(Number(port), hostname);
  t.after(() => socket.destroy());
  const sent = { received: '', socket };
  socket.on('error', () => undefined).on('data', (part) => (sent.received += part.toString()));
  socket.write(`POST ${pathname} HTTP/1.1\r\nHost: x\r\n${text}`);
  return sent;
}

async function until(check: () => boolean): Promise<void> {
  while (!check()) await nextTurn();
}

async function answerOf(url: string, body: string | ReadableStream): Promise<object> {
  const streaming = typeof body === 'string' ? {} : { duplex: 'half' };
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'x-sent': 'yes' },
    ...streaming,
  } as RequestInit);
  const headers = ['content-type', 'content-length', 'www-authenticate', 'retry-after', 'connection'];
  return {
    status: response.status,
    headers: headers.map((name) => response.headers.get(name)),
    body: await response.text(),
  };
}

test('a POST is answered alike whether it goes through Fastify or not', async (t) => {
  const url = await served(t);
  const bodies = ['ok', 'żółw', '', 'unknown key', 'full', 'invalid', 'bug', 'x'.repeat(BODY_BYTES_MAX)];
  for (const body of bodies) {
    const direct = await answerOf(url, body);
    assert.deepEqual(await answerOf(`${url}?through=fastify`, body), direct, body);
    // Chunked.
    assert.deepEqual(await answerOf(url, new Blob([body]).stream()), direct, body);
  }
});

test('a body over the limit is refused, whether its length is announced or not', async (t) => {
  const url = await served(t);
  const body = 'x'.repeat(BODY_BYTES_MAX + 1);
  for (const sent of [body, new Blob([body]).stream()]) {
    assert.equal(((await answerOf(url, sent)) as { status: number }).status, 413);
  }
});

test('a bug is answered with 500 and tells nothing', async (t) => {
  const answer = (await answerOf(await served(t), 'bug')) as { status: number; body: string };
  assert.equal(answer.status, 500);
  assert.doesNotMatch(answer.body, /secret/);
});

test('another method on the path is answered with what is taken there', async (t) => {
  const response = await fetch(await served(t));
  assert.deepEqual([response.status, response.headers.get('allow')], [405, 'POST']);
});

test('a sender who may not send is told so before the body, of which nothing is held', {
  timeout: 10_000,
}, async (t) => {
  const budget = new BodyBudget(1_000_000);
  const url = await served(t, budget);
  for (const framing of ['Content-Length: 900', 'Transfer-Encoding: chunked']) {
    const sent = half(t, url, `X-Key: unknown\r\n${framing}\r\n\r\n`);
    await until(() => sent.received !== '');
    assert.match(sent.received, /^HTTP\/1\.1 401 /);
    assert.equal(budget.bytes, 0);
  }
});

test('bodies that are being read share one budget, and give back what they held', { timeout: 10_000 }, async (t) => {
  const budget = new BodyBudget(1500);
  const url = await served(t, budget);
  const first = half(t, url, `Content-Length: 900\r\n\r\n${'x'.repeat(800)}`);
  await until(() => budget.bytes >= 800);
  for (const body of ['x'.repeat(800), new Blob(['x'.repeat(800)]).stream()]) {
    const { status, headers } = (await answerOf(url, body)) as { status: number; headers: (string | null)[] };
    assert.deepEqual([status, headers[3]], [503, '1']);
  }
  assert.equal(((await answerOf(url, 'small')) as { status: number }).status, 202);
  first.socket.destroy();
  await until(() => budget.bytes === 0);
  assert.equal(((await answerOf(url, 'x'.repeat(800))) as { status: number }).status, 202);
  assert.equal(budget.bytes, 0);
});

test('pages of other origins and foreign names are refused before the body', { timeout: 10_000 }, async (t) => {
  const url = await served(t);
  for (const head of ['Origin: http://evil.example', 'Sec-Fetch-Site: cross-site']) {
    for (const path of [url, `${url}?through=fastify`]) {
      const response = await fetch(path, {
        method: 'POST',
        body: 'ok',
        headers: [head.split(': ') as [string, string]],
      });
      assert.equal(response.status, 403, head);
    }
  }
  const { hostname, port, pathname } = new URL(url);
  const socket = connect(Number(port), hostname);
  t.after(() => socket.destroy());
  socket.write(`POST ${pathname} HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 2\r\n\r\nok`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.match(answer.toString(), /^HTTP\/1\.1 403 [\s\S]*ALLOWED_HOSTS/);
});
