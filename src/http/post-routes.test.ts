import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createHttpServer } from './http-server.ts';
import { createLogger } from './logger.ts';
import { addPostRoutes, type PostHandler } from './post-routes.ts';
import { Problem } from './problem.ts';

const BODY_BYTES_MAX = 1000;

/** A server whose one route does as its body says. */
async function served(t: TestContext): Promise<string> {
  const server = createHttpServer({ logger: createLogger('test', 'silent'), bodyBytesMax: BODY_BYTES_MAX });
  const handler: PostHandler = async ({ headers, address, body }) => {
    const text = body.toString();
    if (text === 'unknown key') throw new Problem(401, 'Who are you?');
    if (text === 'full') throw new Problem(503, 'Wait', { retryAfterS: 7 });
    if (text === 'invalid') throw new Problem(400, 'No', { errors: [{ path: '/a', message: 'is required' }] });
    if (text === 'bug') throw new Error('secret');
    return { status: 202, contentType: 'text/plain', body: `${address} ${String(headers['x-sent'])} ${text}` };
  };
  addPostRoutes(server, new Map([['/thing', handler]]));
  await server.listen({ host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.server.address() as AddressInfo).port}/thing`;
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
