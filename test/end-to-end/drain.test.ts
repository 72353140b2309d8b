import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { test } from 'node:test';
import { eventually } from './http-calls.ts';
import { dataDirFor, startServer } from './running-server.ts';

interface Seen {
  readonly status: number;
  readonly connection: string | undefined;
}

/** Posts over a connection that is kept. */
function post(url: string, agent: Agent, id: string): Promise<Seen> {
  const body = JSON.stringify({
    request_id: id,
    tenant_id: 'drain',
    route: 'r',
    model: 'm',
    timestamp: '2026-01-10T12:00:00Z',
  });
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/v1/llm/request`, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode ?? 0, connection: response.headers.connection }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

test('a process that is told to stop says so on /ready, answers on and closes connections, then ends', async (t) => {
  const server = await startServer(dataDirFor(t), { SHUTDOWN_DELAY: '5s', LOG_LEVEL: 'info' });
  t.after(() => server.process.kill('SIGKILL'));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  assert.deepEqual(await post(server.ingestion, agent, 'before'), { status: 202, connection: 'keep-alive' });
  server.process.kill('SIGTERM');
  for (const url of [server.ingestion, server.metrics]) {
    const said = await eventually('not ready', async () => {
      const ready = await fetch(`${url}/ready`);
      const text = await ready.text();
      return ready.status === 503 ? text : undefined;
    });
    assert.match(said, /it is stopping/);
  }
  assert.deepEqual(await post(server.ingestion, agent, 'during'), { status: 202, connection: 'close' });
  assert.equal((await fetch(`${server.metrics}/v1/dimensions`)).headers.get('connection'), 'close');
  assert.deepEqual(await server.exited, { code: 0, signal: null }, server.output());
  const lines = server
    .output()
    .split('\n')
    .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as { msg: string; version?: string }] : []));
  const told = lines.filter(({ msg }) => ['Started', 'Stopping', 'Stopped'].includes(msg));
  assert.deepEqual(
    told.map(({ msg }) => msg),
    ['Started', 'Stopping', 'Stopped'],
  );
  assert.match(told[0]?.version ?? '', /^\d+\.\d+\.\d+/);
});
