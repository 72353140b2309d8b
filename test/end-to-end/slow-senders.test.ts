import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { get, post, sample } from './http-calls.ts';
import { RawHttp } from './raw-http.ts';
import { type Server, serverFor } from './running-server.ts';

const EVENT = '{"request_id":"s","tenant_id":"slow","route":"r","model":"m","timestamp":"2026-01-10T12:00:00Z"}';
const head = (length: number, more = '') =>
  `POST /v1/llm/request HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n${more}\r\n`;

async function residentBytes({ ingestion }: Server): Promise<number> {
  return sample((await get(`${ingestion}/metrics`)).text, 'process_resident_memory_bytes');
}

async function stillTakes(server: Server): Promise<void> {
  const startedMs = performance.now();
  const answer = await post(`${server.ingestion}/v1/llm/request`, EVENT);
  assert.equal(answer.status, 202, answer.text);
  assert.ok(performance.now() - startedMs < 10_000, 'others are not held up');
}

test('a half-sent body counts nothing and holds up nobody', async (t) => {
  const server = await serverFor(t);
  for (let i = 0; i < 50; i++) {
    const raw = new RawHttp(server.ingestion);
    raw.write(head(EVENT.length) + EVENT.slice(0, 40));
    await sleep(2);
    raw.destroy();
  }
  await stillTakes(server);
  const { text } = await get(`${server.ingestion}/metrics`);
  assert.equal(sample(text, 'streamlens_events_accepted_total'), 1);
});

test('senders of a byte at a time cost little memory and hold up nobody', async (t) => {
  const server = await serverFor(t);
  await stillTakes(server);
  const before = await residentBytes(server);
  const slow = Array.from({ length: 200 }, () => new RawHttp(server.ingestion));
  for (const raw of slow) raw.write(head(16 * 1024 * 1024));
  for (let byte = 0; byte < 20; byte++) {
    for (const raw of slow) raw.write('{');
    await sleep(50);
  }
  await stillTakes(server);
  const grown = (await residentBytes(server)) - before;
  for (const raw of slow) raw.destroy();
  assert.ok(grown < 100 * 1024 * 1024, `200 slow senders took ${grown} bytes`);
});

test('a body that announces more than it may is refused before it is sent', async (t) => {
  const server = await serverFor(t);
  const raw = new RawHttp(server.ingestion);
  raw.write(head(10_000_000_000));
  assert.match(await raw.answer(), /^HTTP\/1\.1 413 [\s\S]*application\/problem\+json/);
});

test('a chunked body without an end is cut at the limit', async (t) => {
  const server = await serverFor(t);
  const raw = new RawHttp(server.ingestion);
  raw.write(
    'POST /v1/llm/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
  );
  const chunk = `100000\r\n${' '.repeat(0x100000)}\r\n`;
  for (let sent = 0; sent < 40 && raw.isOpen; sent++) {
    raw.write(chunk);
    await sleep(10);
  }
  assert.match(await raw.answer(), /^HTTP\/1\.1 413 /);
});

test('huge headers and bytes that are no HTTP are answered as problems', async (t) => {
  const server = await serverFor(t);
  const cases: [string, RegExp][] = [
    [head(2, `X-Large: ${'x'.repeat(100_000)}\r\n`), /^HTTP\/1\.1 431 [\s\S]*application\/problem\+json/],
    ['\x16\x03\x01\x02\x00\x01\x00\x01', /^HTTP\/1\.1 400 [\s\S]*application\/problem\+json/],
    ['GET / HTTP/9.9\r\n\r\n', /^HTTP\/1\.1 400 /],
    [head(-1), /^HTTP\/1\.1 400 /],
    [head(2, 'Content-Length: 3\r\n'), /^HTTP\/1\.1 400 /],
    [head(2, 'Transfer-Encoding: chunked\r\n'), /^HTTP\/1\.1 400 /],
    [`GET /${'x'.repeat(12_000)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, /^HTTP\/1\.1 40[04] /],
    ['GET /%ff%fe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 40[04] /],
    ['GET /v1/%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 40[04] /],
  ];
  for (const [text, expected] of cases) {
    const raw = new RawHttp(server.ingestion);
    raw.write(text);
    assert.match(await raw.answer(), expected, JSON.stringify(text.slice(0, 80)));
  }
  await stillTakes(server);
});
