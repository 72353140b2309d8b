import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import Fastify from 'fastify';
import { compressAnswers, takesGzip } from './compress-answers.ts';

const TEXT = 'a row of numbers, '.repeat(500);

test('a long text comes compressed to who takes it, and is the same text', async () => {
  const server = Fastify();
  compressAnswers(server);
  server.get('/', (_request, reply) => reply.type('text/plain; charset=utf-8').send(TEXT));
  const plain = await server.inject({ url: '/' });
  assert.equal(plain.body, TEXT);
  assert.equal(plain.headers['content-encoding'], undefined);
  const packed = await server.inject({ url: '/', headers: { 'accept-encoding': 'br, gzip;q=0.8' } });
  assert.equal(packed.headers['content-encoding'], 'gzip');
  assert.equal(packed.headers['vary'], 'accept-encoding');
  assert.equal(Number(packed.headers['content-length']), packed.rawPayload.length);
  assert.ok(packed.rawPayload.length < TEXT.length / 6);
  assert.equal(gunzipSync(packed.rawPayload).toString(), TEXT);
});

test('a short answer is sent as it is', async () => {
  const server = Fastify();
  compressAnswers(server);
  server.get('/', (_request, reply) => reply.send('short'));
  const answer = await server.inject({ url: '/', headers: { 'accept-encoding': 'gzip' } });
  assert.equal(answer.headers['content-encoding'], undefined);
});

test('gzip is taken where it or anything is accepted, and not where it is refused', () => {
  assert.deepEqual(['gzip', 'br, GZIP', '*', 'gzip;q=0.1'].map(takesGzip), [true, true, true, true]);
  assert.deepEqual([undefined, '', 'br', 'gzip;q=0', 'gzip; q=0.000'].map(takesGzip), [
    false,
    false,
    false,
    false,
    false,
  ]);
});
