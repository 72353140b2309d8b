import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { auditOf, getJson } from './http-calls.ts';
import { runCommand, serverFor } from './running-server.ts';

const traceFile = (route: string) =>
  fileURLToPath(new URL(`../fixtures/azure-llm-2023/AzureLLMInferenceTrace_${route}.csv`, import.meta.url));
const CALLS = 2 * 599;

interface Sums {
  requests: number;
  prompt_tokens: number;
  completion_tokens: number;
}

/** The three-line script: sums per minute, straight from the text. */
function sumsOfCsv(route: string): Record<string, Sums> {
  const sums: Record<string, Sums> = {};
  for (const line of readFileSync(traceFile(route), 'utf8').trim().split('\r\n').slice(1)) {
    const [time = '', prompt = '', completion = ''] = line.split(',');
    const minute = (sums[`${time.slice(0, 16).replace(' ', 'T')}:00Z`] ??= emptySums());
    minute.requests++;
    minute.prompt_tokens += Number(prompt);
    minute.completion_tokens += Number(completion);
  }
  return sums;
}

const emptySums = (): Sums => ({ requests: 0, prompt_tokens: 0, completion_tokens: 0 });

async function sumsOfApi(metricsUrl: string, route: string): Promise<Record<string, Sums>> {
  const { metrics } = await getJson<{ metrics: (Sums & { window_start: string })[] }>(
    `${metricsUrl}/v1/metrics?tenant_id=azure&route=${route}&limit=10000`,
  );
  return Object.fromEntries(
    metrics.map(({ window_start: minute, requests, prompt_tokens, completion_tokens }) => [
      minute,
      { requests, prompt_tokens, completion_tokens },
    ]),
  );
}

test('a replayed Azure trace gives minute by minute what its CSV file adds up to, however often it is replayed', async (t) => {
  const server = await serverFor(t);
  const replay = ['replay-trace', traceFile('conv'), traceFile('code'), '--base-url', server.ingestion];
  for (const round of [1, 2]) {
    const command = runCommand(replay);
    assert.deepEqual(await command.exited, { code: 0, signal: null }, command.output());
    assert.match(command.output(), /accepted {2}2396 events/);
    await auditOf(server.metrics, { requests: CALLS * round, responses: CALLS * round });
    for (const route of ['conv', 'code']) {
      assert.deepEqual(await sumsOfApi(server.metrics, route), sumsOfCsv(route));
    }
  }
});

test('a file that is no trace sends nothing and says what one looks like', async (t) => {
  const server = await serverFor(t);
  const command = runCommand(['replay-trace', fileURLToPath(import.meta.url), '--base-url', server.ingestion]);
  assert.equal((await command.exited).code, 1);
  assert.match(command.output(), /line 1: must be TIMESTAMP,ContextTokens,GeneratedTokens/);
});
