import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, getJson, post } from './http-calls.ts';
import { dataDirFor, endOf, serverFor } from './running-server.ts';

const TIMES = { JOIN_TIMEOUT: '10s', DEDUP_HORIZON: '10s' };

test('a response whose request came too late is replayed once it came, beside the running server', async (t) => {
  const dataDir = dataDirFor(t);
  const server = await serverFor(t, TIMES, { dataDir });
  const command = (verb: string, ...args: string[]) =>
    endOf(['dead-letters', verb, '--data-dir', dataDir, ...args], TIMES);
  const timestamp = '2025-11-19T10:00:05Z';
  await post(`${server.ingestion}/v1/llm/response`, JSON.stringify({ request_id: 'late', timestamp, latency_ms: 5 }));
  const listed = await eventually('the response is a dead letter', async () => {
    const { text } = await command('list');
    return text.includes('no_request') ? text : undefined;
  });
  assert.match(listed, /llm\.responses\/0\/0 .* late .*"request_id":"late"/);
  const early = await command('replay', '--all');
  assert.match(early.text, /skipped: (no request|it would be taken)/);
  await eventually('the horizon passes', async () =>
    (await command('replay', '--all', '--dry-run')).text.includes('no request') ? true : undefined,
  );
  const request = { request_id: 'late', tenant_id: 'acme', route: 'chat', model: 'gpt-4.1-mini', timestamp };
  let replayed = { code: null as number | null, text: '' };
  // The request waits for ten seconds only, and a slow machine may need longer to start the command: then again.
  await eventually('the replay meets the request', async () => {
    await post(`${server.ingestion}/v1/llm/request`, JSON.stringify(request));
    replayed = await command('replay', '--reason', 'no_request');
    return replayed.text.includes('1 replayed,') ? true : undefined;
  });
  assert.equal(replayed.code, 0, replayed.text);
  assert.match(replayed.text, /llm\.responses\/0\/0 {2}no_request: replayed/);
  await eventually('the call is counted', async () => {
    const { metrics } = await getJson<{ metrics: { completed: number }[] }>(
      `${server.metrics}/v1/metrics?tenant_id=acme`,
    );
    return metrics[0]?.completed === 1 ? true : undefined;
  });
  assert.match((await command('replay', '--all')).text, /0 replayed, 0 skipped, 1 replayed before/);
  const [json] = (await command('list', '--json')).text.trim().split('\n');
  assert.notEqual((JSON.parse(json ?? '{}') as { replayed_at: string | null }).replayed_at, null);
});

test('dead-letters tells wrong usage from a failure', async (t) => {
  const dataDir = dataDirFor(t);
  assert.equal((await endOf(['dead-letters', 'list', '--data-dir', dataDir])).code, 2);
  assert.equal((await endOf(['dead-letters', 'replay', '--data-dir', dataDir])).code, 2);
  assert.equal((await endOf(['dead-letters', 'replay', '--reason', 'bad', '--data-dir', dataDir])).code, 2);
  assert.equal((await endOf(['dead-letters', 'replay', '--offset', '7', '--data-dir', dataDir])).code, 2);
});

test('letters of every reason can be chosen, and a letter that is not there is told', async (t) => {
  const dataDir = dataDirFor(t);
  await serverFor(t, TIMES, { dataDir });
  const replay = (...args: string[]) => endOf(['dead-letters', 'replay', '--data-dir', dataDir, ...args], TIMES);
  const foreign = await replay('--reason', 'foreign_tenant');
  assert.equal(foreign.code, 0, foreign.text);
  const none = await replay('--offset', 'llm.responses/0/7');
  assert.equal(none.code, 1);
  assert.match(none.text, /There is no dead letter at llm\.responses\/0\/7/);
});
