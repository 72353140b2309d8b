import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { isStreamLens } from './check-ports.ts';

async function listening(t: TestContext, answer: RequestListener): Promise<number> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('what says on /health that it is healthy is StreamLens, and nothing else that listens', {
  timeout: 10_000,
}, async (t) => {
  const ours = await listening(t, (request, response) => {
    response.end(request.url === '/health' ? '{"status":"healthy"}' : 'elsewhere');
  });
  assert.equal(await isStreamLens(ours), true);
  assert.equal(await isStreamLens(await listening(t, (_, response) => response.end('hello'))), false);
  assert.equal(await isStreamLens(await listening(t, (_, response) => response.end('x'.repeat(1_000_000)))), false);
  assert.equal(await isStreamLens(await listening(t, (request) => request.socket.destroy())), false);
});
