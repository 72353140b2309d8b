import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { answerWhileWaiting } from './answer-while-waiting.ts';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('a role that waits says that it lives and is not ready, and gives its port back', async () => {
  const at = { certificate: undefined, host: '127.0.0.1', port: await freePort() };
  const url = `http://127.0.0.1:${at.port}`;
  const seen = await answerWhileWaiting(at, async () => {
    const answers = await Promise.all(['/health', '/ready', '/v1/metrics'].map((path) => fetch(`${url}${path}`)));
    return Promise.all(answers.map(async (answer) => [answer.status, await answer.text()]));
  });
  assert.deepEqual(seen, [
    [200, '{"status":"healthy"}'],
    [503, 'process: it is starting\n'],
    [503, 'process: it is starting\n'],
  ]);
  await assert.rejects(fetch(`${url}/health`));
});

test('what the work throws comes through, and a port that is taken does not keep it from working', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const at = { certificate: undefined, host: '127.0.0.1', port: (taken.address() as AddressInfo).port };
  assert.equal(await answerWhileWaiting(at, async () => 5), 5);
  await new Promise((resolve) => taken.close(resolve));
  await assert.rejects(
    answerWhileWaiting(at, () => Promise.reject(new Error('no store'))),
    /no store/,
  );
});
