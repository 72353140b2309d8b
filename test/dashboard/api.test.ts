import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, createApi } from '../../src/dashboard/api.ts';
import { withGlobals } from './page-globals.ts';

type Answer = () => Response | Promise<Response>;

/** What was asked, and what came of it. */
async function ask<T>(answer: Answer, use: (api: ReturnType<typeof createApi>) => Promise<T>) {
  const asked: { url: string; init: RequestInit }[] = [];
  const fetch = (url: string, init: RequestInit): Promise<Response> => {
    asked.push({ url, init });
    return Promise.resolve().then(answer);
  };
  const result = await withGlobals({ fetch, location: { host: 'page.example' } }, () =>
    use(createApi()).catch((error: unknown) => error),
  );
  return { asked, result };
}

const { signal } = new AbortController();
const get = (api: ReturnType<typeof createApi>) => api.get('/v1/x', {}, signal);

test('a question has its parameters, but for those that are not said', async () => {
  const parameters = { tenant_id: 'a & b', limit: 0, route: null, model: undefined };
  const { asked, result } = await ask(
    () => Response.json({ a: 1 }),
    (api) => api.get('/v1/x', parameters, signal),
  );
  assert.equal(asked[0]?.url, '/v1/x?tenant_id=a+%26+b&limit=0');
  assert.deepEqual(result, { a: 1 });
});

test('no question carries a secret: the browser sends the cookie along', async () => {
  const { asked } = await ask(() => Response.json({}), get);
  assert.equal(new Headers(asked[0]?.init.headers).has('authorization'), false);
});

test('what hinders an answer is told by its status, in the words of the server', async () => {
  const expected = {
    400: 'refused',
    401: 'unauthorized',
    403: 'refused',
    404: 'absent',
    408: 'unreachable',
    429: 'unreachable',
    500: 'unreachable',
    503: 'unreachable',
  };
  for (const [status, obstacle] of Object.entries(expected)) {
    const { result } = await ask(() => Response.json({ detail: 'why' }, { status: Number(status) }), get);
    assert.ok(result instanceof ApiError);
    assert.deepEqual([result.obstacle, result.message], [obstacle, 'why'], status);
  }
});

test('an answer of a proxy, which has no words of ours, is told by its status', async () => {
  for (const body of ['<html>', '{"detail":7}', 'null']) {
    const { result } = await ask(() => new Response(body, { status: 502 }), get);
    assert.deepEqual([result instanceof ApiError, (result as Error).message], [true, 'The metrics API answers 502']);
  }
});

test('a server that is away is unreachable, and so is one that takes too long', async () => {
  const away = new TypeError('fetch failed');
  const { result } = await ask(() => Promise.reject(away), get);
  assert.ok(result instanceof ApiError && result.cause === away);
  assert.deepEqual([result.obstacle, result.message], ['unreachable', 'There is no answer from page.example']);
  const late = AbortSignal.abort(new DOMException('late', 'TimeoutError'));
  const { result: timedOut } = await ask(
    () => Promise.reject(new Error('aborted')),
    (api) => api.get('/v1/x', {}, late),
  );
  assert.ok(timedOut instanceof ApiError && timedOut.obstacle === 'unreachable');
});

test('a question that nobody wants answered any longer is no trouble of the server', async () => {
  const reason = new DOMException('gone', 'AbortError');
  const { result } = await ask(
    () => Promise.reject(reason),
    (api) => api.get('/v1/x', {}, AbortSignal.abort(reason)),
  );
  assert.equal(result, reason);
});

test('a stream says where it resumes, and one without a body is none', async () => {
  const request = { parameters: { rows: 'false' }, lastEventId: '7', signal };
  const { asked, result } = await ask(
    () => new Response('x'),
    (api) => api.stream('/v1/s', request),
  );
  const headers = new Headers(asked[0]?.init.headers);
  assert.deepEqual([headers.get('accept'), headers.get('last-event-id')], ['text/event-stream', '7']);
  assert.ok(result instanceof ReadableStream);
  const first = await ask(
    () => new Response(null),
    (api) => api.stream('/v1/s', { ...request, lastEventId: null }),
  );
  assert.equal(new Headers(first.asked[0]?.init.headers).has('last-event-id'), false);
  assert.ok(first.result instanceof ApiError && first.result.obstacle === 'unreachable');
});
