import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../src/dashboard/api.ts';
import { readSession, signIn, signOut } from '../../src/dashboard/session.ts';
import { withGlobals } from './page-globals.ts';

async function asking<T>(answer: () => Response, use: () => Promise<T>) {
  const asked: { url: string; init: RequestInit }[] = [];
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    asked.push({ url, init });
    return answer();
  };
  const result = await withGlobals({ fetch, location: { host: 'page.example' } }, () =>
    use().catch((error: unknown) => error),
  );
  return { asked, result };
}

const nothing = (): Response => new Response(null, { status: 204 });

test('a key is sent once, in a body, and where the page comes from', async () => {
  const { asked } = await asking(nothing, () => signIn('sl_1', true));
  const { url, init } = asked[0] ?? assert.fail('nothing was asked');
  assert.deepEqual([url, init.method, init.body], ['/v1/session', 'POST', '{"key":"sl_1","keep":true}']);
  assert.equal((await asking(nothing, signOut)).asked[0]?.init.method, 'DELETE');
});

test('who is signed in is told by the server', async () => {
  const answer = { is_key_required: true, signed_in: null };
  assert.deepEqual((await asking(() => Response.json(answer), readSession)).result, answer);
});

test('why nobody is signed in is told in words for the form', async () => {
  const messageOf = async (status: number): Promise<string> => {
    const refused = () => Response.json({ detail: 'in the words of the server' }, { status });
    const { result } = await asking(refused, () => signIn('sl_1', false));
    assert.ok(result instanceof ApiError);
    return result.message;
  };
  assert.match(await messageOf(401), /does not take this key/);
  assert.equal(await messageOf(429), 'in the words of the server');
  const away = () => {
    throw new TypeError('fetch failed');
  };
  const { result } = await asking(away, signOut);
  assert.deepEqual(
    [(result as ApiError).obstacle, (result as ApiError).message],
    ['unreachable', 'There is no answer from page.example'],
  );
});
