import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditOf, getJson } from './http-calls.ts';
import { runCommand, serverFor } from './running-server.ts';

test('generated traffic is accepted and counted, and the same seed changes nothing', async (t) => {
  const server = await serverFor(t);
  const generate = ['generate-traffic', '--requests', '300', '--seed', '1', '--tenants', '2'];
  for (const batch of ['1', '100']) {
    const command = runCommand([...generate, '--batch', batch, '--base-url', server.ingestion]);
    assert.deepEqual(await command.exited, { code: 0, signal: null }, command.output());
    assert.match(command.output(), /300 of 300 calls[\s\S]*rejected {2}0 events/);
  }
  const { totals } = await auditOf(server.metrics, { requests: 600, responses: 590 });
  assert.deepEqual([totals.requests.counted, totals.requests.duplicates], [300, 300]);
  let requests = 0;
  for (const tenant of ['tenant-1', 'tenant-2']) {
    const { metrics } = await getJson<{ metrics: { requests: number }[] }>(
      `${server.metrics}/v1/metrics?tenant_id=${tenant}&step=1d&group_by=none`,
    );
    for (const row of metrics) requests += row.requests;
  }
  assert.equal(requests, 300);
});

test('BASE_URL and NUM_REQUESTS mean what the flags mean', async (t) => {
  const server = await serverFor(t);
  const command = runCommand(['generate-traffic'], { BASE_URL: server.ingestion, NUM_REQUESTS: '3' });
  assert.equal((await command.exited).code, 0, command.output());
  await auditOf(server.metrics, { requests: 3, responses: 0 });
});

test('traffic to nobody ends with exit code 1 and a sentence that says what to do', async () => {
  const command = runCommand(['generate-traffic', '--base-url', 'http://127.0.0.1:2']);
  assert.equal((await command.exited).code, 1);
  assert.match(command.output(), /Nothing answers at http:\/\/127\.0\.0\.1:2 .* Is "streamlens up" running\?/);
});
