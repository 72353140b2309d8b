import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { get, post } from '../end-to-end/http-calls.ts';
import { serverFor } from '../end-to-end/running-server.ts';
import { binOf, installPython } from './python-environments.ts';

const run = promisify(execFile);
const CONFIG = fileURLToPath(new URL('apps/python/schemathesis.toml', import.meta.url));
const RUN_MS_MAX = 10 * 60_000;

/** What of schemathesis's report is judged here. */
interface Report {
  readonly operations: { readonly tested: number; readonly errored: number };
  readonly test_cases: { readonly generated: number };
  readonly failures: readonly { readonly code: string; readonly title: string }[];
  readonly errors: readonly unknown[];
}

test('whatever the OpenAPI documents allow or forbid, both APIs answer as they say', {
  timeout: 15 * 60_000,
}, async (t) => {
  const missing = await whyMissing();
  if (missing !== null) return t.skip(missing);
  const server = await serverFor(t);
  // The tenant of the documents' examples, so that answers have rows.
  const atMs = Date.now();
  const call = { request_id: 'fuzz-1', timestamp: new Date(atMs).toISOString() };
  const request = { ...call, tenant_id: 'acme-corp', route: 'chat', model: 'gpt-4.1-mini', prompt_tokens: 10 };
  for (const [type, event] of Object.entries({
    request,
    response: { ...call, timestamp: new Date(atMs + 500).toISOString(), completion_tokens: 5, finish_reason: 'stop' },
    evaluation: { ...call, name: 'helpful', score: 1 },
  })) {
    assert.equal((await post(`${server.ingestion}/v1/llm/${type}`, JSON.stringify(event))).status, 202);
  }
  const folder = mkdtempSync(join(tmpdir(), 'streamlens-fuzz-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const apis = { ingestion: server.ingestion, metrics: server.metrics };
  await Promise.all(
    Object.entries(apis).map(async ([name, url]) => {
      const { report, output } = await fuzz(url, `${folder}/${name}.json`);
      assert.deepEqual([report.failures, report.errors], [[], []], output);
      assert.equal(report.operations.errored, 0, output);
      assert.ok(report.operations.tested >= 12 && report.test_cases.generated > 300, output);
    }),
  );
  for (const url of Object.values(apis)) {
    assert.equal((await get(`${url}/health`)).status, 200);
    assert.equal((await get(`${url}/ready`)).status, 200);
  }
  assert.doesNotMatch(server.output(), /A request failed/);
});

/** Asks one API by its document. What it found is in the report, and in words in the output. */
async function fuzz(url: string, reportFile: string): Promise<{ report: Report; output: string }> {
  const report = ['--report', 'json', '--report-json-path', reportFile];
  const { stdout, stderr } = await run(
    `${binOf('schemathesis')}/st`,
    ['--config-file', CONFIG, 'run', `${url}/openapi.json`, '--url', url, '--no-color', ...report],
    { timeout: RUN_MS_MAX, maxBuffer: 64 * 1024 * 1024 },
    // It ends with 1 where it found something, which the report says better.
  ).catch((error: { stdout: string; stderr: string }) => error);
  return { report: JSON.parse(readFileSync(reportFile, 'utf8')) as Report, output: stdout + stderr };
}

/** Why it cannot run here, or null. Where all suites are required it has to. */
async function whyMissing(): Promise<string | null> {
  try {
    await installPython('schemathesis');
    return null;
  } catch (error) {
    if (process.env['STREAMLENS_REQUIRE_ALL_SUITES'] === '1') throw error;
    return `schemathesis cannot be installed: ${(error as Error).message.slice(0, 200)}`;
  }
}
