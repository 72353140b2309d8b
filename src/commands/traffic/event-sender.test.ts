import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { EventSender } from './event-sender.ts';
import type { TypedEvent } from './traffic-event.ts';

const EVENT: TypedEvent = { type: 'response', event: { request_id: 'r', timestamp: '2026-01-01T00:00:00Z' } };

async function senderTo(t: TestContext, listener: RequestListener): Promise<EventSender> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => void server.close());
  return new EventSender({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, apiKey: undefined });
}

test('an event that is refused for now is sent again until it is taken', async (t) => {
  const statuses = [503, 429, 202];
  const sender = await senderTo(t, (_request, response) => {
    response.writeHead(statuses.shift() ?? 500).end('{"status":"accepted"}');
  });
  await sender.send([EVENT]);
  assert.deepEqual([sender.counts.accepted, sender.counts.retries], [1, 2]);
});

test('a connection that breaks after the first answer is tried again', async (t) => {
  let posts = 0;
  const sender = await senderTo(t, (request, response) => {
    if (++posts === 2) request.socket.destroy();
    else response.writeHead(202).end('{"status":"accepted"}');
  });
  await sender.send([EVENT]);
  await sender.send([EVENT]);
  assert.deepEqual([sender.counts.accepted, sender.counts.retries], [2, 1]);
});

test('a batch is counted by what the answer says of its items', async (t) => {
  const sender = await senderTo(t, (_request, response) => {
    response.writeHead(202).end('{"accepted":1,"rejected":1,"errors":[{"index":1,"detail":"/model is required"}]}');
  });
  await sender.send([EVENT, EVENT]);
  const { accepted, rejected, firstRejection } = sender.counts;
  assert.deepEqual([accepted, rejected, firstRejection], [1, 1, '/model is required']);
});

test('where nobody listens one attempt tells, and says what to do', async () => {
  const sender = new EventSender({ baseUrl: 'http://127.0.0.1:1', apiKey: undefined });
  await assert.rejects(sender.send([EVENT]), { name: 'SendError', message: /Is "streamlens up" running\?/ });
});

test('a server that is not the ingestion API ends the sending', async (t) => {
  const sender = await senderTo(t, (_request, response) => void response.writeHead(404).end());
  await assert.rejects(sender.send([EVENT]), { name: 'SendError', message: /ingestion API/ });
});
