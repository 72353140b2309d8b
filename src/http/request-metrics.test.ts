import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { BodyBudget } from './body-budget.ts';
import { createHttpServer } from './http-server.ts';
import { KnownHosts } from './known-hosts.ts';
import { addPostRoutes } from './post-routes.ts';
import { RequestMetrics } from './request-metrics.ts';

async function serve(t: TestContext) {
  const metrics = new RequestMetrics();
  const server = createHttpServer({ logger: pino({ enabled: false }), bodyBytesMax: 1000 });
  let openDoor: () => void = () => undefined;
  const door = new Promise<void>((resolve) => {
    openDoor = resolve;
  });
  const entered = { count: 0 };
  server.get('/things/:id', async () => 'one');
  server.get('/slow', async () => {
    entered.count++;
    await door;
    return 'late';
  });
  const take = async () => ({ status: 202, contentType: 'text/plain', body: 'ok' });
  const handlers = new Map([['/post', async () => ({ bodyBytesMax: 1000, take })]]);
  const budget = new BodyBudget(10_000);
  addPostRoutes(server, { handlers, budget, hosts: new KnownHosts([]), checksHost: false });
  metrics.watch(server);
  await server.listen({ host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  const { port } = server.server.address() as AddressInfo;
  return { metrics, url: `http://127.0.0.1:${port}`, openDoor, entered };
}

function countsOf(metrics: RequestMetrics): string[] {
  const [requests] = metrics.families();
  assert.ok(requests?.type === 'counter');
  return requests.series.map(({ labels: { method, route, status }, value }) => `${method} ${route} ${status} ${value}`);
}

function inFlight(metrics: RequestMetrics): number | undefined {
  const family = metrics.families().find(({ name }) => name.endsWith('_in_flight'));
  return family?.type === 'gauge' ? family.series[0]?.value : undefined;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('requests are counted by the template of their route, not by their path, also in front of Fastify', async (t) => {
  const { metrics, url } = await serve(t);
  for (const path of ['/things/1', '/things/2', '/nothing']) await (await fetch(`${url}${path}`)).text();
  for (const body of ['a', 'b', 'x'.repeat(2000)]) await (await fetch(`${url}/post`, { method: 'POST', body })).text();
  while (inFlight(metrics) !== 0) await turn();
  assert.deepEqual(countsOf(metrics), [
    'GET /things/:id 2xx 2',
    'GET none 4xx 1',
    'POST /post 2xx 2',
    'POST /post 4xx 1',
  ]);
});

test('a request is in flight until it is answered, and aborted where its client has gone before', async (t) => {
  const { metrics, url, openDoor, entered } = await serve(t);
  const call = request(`${url}/slow`).on('error', () => undefined);
  call.end();
  while (entered.count === 0) await turn();
  assert.equal(inFlight(metrics), 1);
  call.destroy();
  await new Promise((resolve) => call.once('close', resolve));
  while (inFlight(metrics) !== 0) await turn();
  openDoor();
  assert.deepEqual(countsOf(metrics), ['GET /slow aborted 1']);
});

test('a method of which nobody has heard makes no series of its own', async (t) => {
  const { metrics, url } = await serve(t);
  for (const method of ['PROPFIND', 'SEARCH']) {
    const call = request(`${url}/things/1`, { method });
    call.end();
    const [response] = await once(call, 'response');
    response.resume();
    await once(response, 'end');
  }
  while (inFlight(metrics) !== 0) await turn();
  assert.deepEqual(countsOf(metrics), ['other none 4xx 2']);
});
