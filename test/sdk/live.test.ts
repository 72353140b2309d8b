import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { eventually, getJson } from '../end-to-end/http-calls.ts';
import { type Server, startServer } from '../end-to-end/running-server.ts';
import type { Row } from './documented-row.ts';
import { CACHED_TOKENS, COMPLETION_TOKENS, PROMPT_TOKENS } from './fake-answers.ts';
import { type FakeModelServer, startFakeModelServer } from './fake-model-server.ts';
import { installNodeApps, installPythonApps, runNodeApp, runPythonApp, skipWithoutSdks } from './sdk-apps.ts';

/** USD per million tokens of gpt-4o-mini: input, cached input, output. */
const [INPUT, CACHED, OUTPUT] = [0.15, 0.075, 0.6] as const;

function costUsd(calls: number, cachedTokens: number): number {
  const input = (PROMPT_TOKENS - cachedTokens) * INPUT + cachedTokens * CACHED;
  return (calls * (input + COMPLETION_TOKENS * OUTPUT)) / 1e6;
}

suite('real SDKs against a running StreamLens', { skip: skipWithoutSdks(), concurrency: false }, () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'streamlens-sdk-'));
  let server: Server;
  let model: FakeModelServer;
  before(async () => {
    await installNodeApps();
    await installPythonApps();
    [server, model] = await Promise.all([startServer(dataDir), startFakeModelServer()]);
  });
  after(async () => {
    server.process.kill('SIGKILL');
    await server.exited;
    await model.stop();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });

  const environment = () => ({ modelUrl: model.url, streamLensUrl: server.ingestion });

  /** The sums of a route's calls of one model, once so many are there. */
  const rowOf = (query: string, calls: number): Promise<Row> =>
    eventually(`${calls} calls of ${query}`, async () => {
      // Of all time: two calls about midnight would be two rows of a day.
      const url = `${server.metrics}/v1/metrics/summary?${query}&group_by=route,model`;
      const { summary } = await getJson<{ summary: Row[] }>(url);
      return summary[0] !== undefined && summary[0].completed >= calls ? summary[0] : undefined;
    });

  const assertCounted = (row: Row, expected: { calls: number; cachedTokens: number }) => {
    const { calls, cachedTokens } = expected;
    const cost = row.estimated_cost_usd ?? Number.NaN;
    assert.deepEqual(
      [row.requests, row.completed, row.errors, row.prompt_tokens, row.cached_prompt_tokens, row.completion_tokens],
      [calls, calls, 0, calls * PROMPT_TOKENS, calls * cachedTokens, calls * COMPLETION_TOKENS],
    );
    assert.ok(Math.abs(cost - costUsd(calls, cachedTokens)) < 1e-12, `${cost} USD`);
  };

  test('the Vercel AI SDK: a call, a stream and a failure count once each, cached tokens at their price', async () => {
    await runNodeApp('ai-sdk.mjs', environment());
    assertCounted(await rowOf('tenant_id=default&route=answer&model=gpt-4o-mini', 2), {
      calls: 2,
      cachedTokens: CACHED_TOKENS,
    });
    const failed = await rowOf('tenant_id=default&route=answer&model=model-that-fails', 1);
    assert.deepEqual([failed.requests, failed.errors], [1, 1]);
  });

  test('OpenLLMetry for Node: calls count under the tenant of their association properties', async () => {
    await runNodeApp('traceloop.mjs', environment());
    assertCounted(await rowOf('tenant_id=acme&route=traceloop-app', 2), { calls: 2, cachedTokens: 0 });
  });

  test("OpenTelemetry's own instrumentation for Node: a call counts once", async () => {
    await runNodeApp('opentelemetry.mjs', { ...environment() });
    assertCounted(await rowOf('tenant_id=default&route=otel-node-app', 1), { calls: 1, cachedTokens: 0 });
  });

  test("OpenTelemetry's own instrumentation for Python: a call, a stream and a failure count once each", async () => {
    await runPythonApp('openai_v2.py', environment());
    assertCounted(await rowOf('tenant_id=default&route=python-app&model=gpt-4o-mini', 2), {
      calls: 2,
      cachedTokens: 0,
    });
    const failed = await rowOf('tenant_id=default&route=python-app&model=model-that-fails', 1);
    assert.deepEqual([failed.requests, failed.errors], [1, 1]);
  });

  test('the model server saw exactly the calls that were counted', async () => {
    const { audit } = await getJson<{ audit: { reports: { calls: number } }[] }>(`${server.metrics}/v1/audit`);
    const counted = audit.reduce((sum, { reports }) => sum + reports.calls, 0);
    assert.equal(counted, model.truth.answered + model.truth.failed);
  });
});
