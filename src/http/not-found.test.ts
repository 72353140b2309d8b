import assert from 'node:assert/strict';
import { test } from 'node:test';
import pino from 'pino';
import { createHttpServer } from './http-server.ts';

function serverWithDocs() {
  const server = createHttpServer({
    logger: pino({ enabled: false }),
    bodyBytesMax: 1000,
    elsewhere: 'The dashboard is at port 8081',
  });
  server.get('/docs', async () => 'docs');
  server.post('/v1/metrics', async () => 'taken');
  server.get('/v1/calls/:id', async () => 'a call');
  return server;
}

async function detailOf(method: 'GET' | 'POST' | 'HEAD', url: string): Promise<string> {
  const answer = await serverWithDocs().inject({ method, url });
  return `${answer.statusCode}: ${answer.json<{ detail: string }>().detail}`;
}

test('who asks for nothing is told what there is, and which role has the rest', async () => {
  assert.equal(
    await detailOf('GET', '/?x=1'),
    '404: There is nothing at /; /docs describes what there is. The dashboard is at port 8081',
  );
});

test('a path that ends in a slash too many is told without it', async () => {
  assert.equal(await detailOf('GET', '/docs/'), '404: There is nothing at /docs/; did you mean /docs?');
  assert.equal(
    await detailOf('POST', '/v1/metrics/'),
    '404: There is nothing at /v1/metrics/; did you mean /v1/metrics?',
  );
});

test('a path with a name in it says which methods are taken there, like any other', async () => {
  const answer = await serverWithDocs().inject({ method: 'POST', url: '/v1/calls/a%2Fb?tenant_id=a' });
  assert.deepEqual([answer.statusCode, answer.headers['allow']], [405, 'GET']);
  assert.equal(await detailOf('POST', '/v1/calls/x'), '405: POST is not taken here; use GET');
  assert.equal(
    await detailOf('GET', '/v1/calls/x/'),
    '404: There is nothing at /v1/calls/x/; did you mean /v1/calls/x?',
  );
  for (const url of ['/v1/calls', '/v1/calls/x/y']) {
    assert.match(await detailOf('POST', url), /^404: There is nothing at [^;]*; \/docs/, url);
  }
});

test('who reads where others send is told which role answers', async () => {
  assert.equal(
    await detailOf('GET', '/v1/metrics?tenant_id=a'),
    '405: GET is not taken here; use POST. The dashboard is at port 8081',
  );
  assert.equal(await detailOf('POST', '/docs'), '405: POST is not taken here; use GET');
});
