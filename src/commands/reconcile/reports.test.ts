import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tokensOf } from '../../reconciliation/tokens.ts';
import { NO_MAPPING } from '../import/exports/mapping.ts';
import { anthropicUsage } from './anthropic.ts';
import { readCostExplorer, signed } from './aws.ts';
import { bedrockBill, bedrockFamily } from './bedrock-lines.ts';
import { fetchJson } from './fetch-json.ts';
import { openAiCharges, openAiUsage } from './openai.ts';
import { readOpenRouter } from './openrouter.ts';
import { picoUsdOf, picoUsdOfCents } from './provider-report.ts';
import { readReportFile } from './report-file.ts';

const DAY_MS = 86_400_000;
const FROM_MS = Date.parse('2026-11-02T00:00:00Z');
const OPTIONS = { onRetry: () => undefined, signal: new AbortController().signal, retryMsMax: 0, timeoutMs: 5_000 };

function fileOf(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'streamlens-report-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'report.csv');
  writeFileSync(path, text);
  return path;
}

async function serverOf(t: TestContext, answer: (url: URL, body: string) => unknown): Promise<string> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => {
      body += part.toString();
    });
    request.on('end', () => response.end(JSON.stringify(answer(new URL(request.url ?? '', 'http://fake'), body))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('amounts are read exactly: USD, and cents as decimal texts', () => {
  assert.equal(picoUsdOf('1.5'), 1_500_000_000_000n);
  assert.equal(picoUsdOf(0.06), 60_000_000_000n);
  assert.equal(picoUsdOf(1e-7), 100_000n);
  assert.equal(picoUsdOf('-0.25'), -250_000_000_000n);
  assert.equal(picoUsdOf('2E-5'), 20_000_000n);
  assert.equal(picoUsdOfCents('123.45'), 1_234_500_000_000n);
  assert.deepEqual([picoUsdOf(''), picoUsdOf(null), picoUsdOf('a lot')], [null, null, null]);
});

test("OpenAI's usage is cut into parts that add up to its input and output", () => {
  const bucket = { start_time: FROM_MS / 1000, end_time: FROM_MS / 1000 + 60 };
  const result = {
    input_tokens: 1000,
    input_cached_tokens: 300,
    input_audio_tokens: 200,
    input_cached_audio_tokens: 50,
    output_tokens: 90,
    output_audio_tokens: 40,
    num_model_requests: 3,
    model: 'gpt-4o',
    batch: true,
    service_tier: 'default',
    project_id: 'proj_1',
  };
  const [usage] = openAiUsage([{ ...bucket, results: [result] }], 'project');
  assert.deepEqual(usage, {
    startMs: FROM_MS,
    key: 'proj_1',
    model: 'gpt-4o',
    tier: 'batch',
    requests: 3,
    tokens: tokensOf({
      input: 550,
      cache_read: 250,
      input_audio: 150,
      cache_read_audio: 50,
      output: 50,
      output_audio: 40,
    }),
    isPromptWhole: false,
  });
});

test('a report may name a tier by any word that a response may', () => {
  const bucket = { start_time: FROM_MS / 1000, end_time: FROM_MS / 1000 + 60 };
  const tiersOf = (words: readonly (string | null)[]) =>
    openAiUsage([{ ...bucket, results: words.map((word) => ({ model: 'gpt-4o', service_tier: word })) }], 'none').map(
      ({ tier }) => tier,
    );
  const words = [
    'standard_only',
    'fast',
    'Batch API',
    'on_demand_flex',
    'provisioned_throughput',
    'on-demand priority',
  ];
  assert.deepEqual(tiersOf(words), ['', 'priority', 'batch', 'flex', 'reserved', 'priority']);
  const others = [null, '', 'null', 'None', 'scale', 'flex_discount', 'priority_on_demand', 'gold'];
  assert.deepEqual(tiersOf(others), ['', '', '', '', 'reserved', 'flex', 'priority', 'other']);
});

test("a line of OpenAI's costs is a model and a part, or no tokens", () => {
  const bucket = { start_time: FROM_MS / 1000, end_time: (FROM_MS + DAY_MS) / 1000 };
  const lines = ['gpt-4o-2024-08-06, cached input', 'gpt-4o-2024-08-06 batch, output', 'web search tool calls'];
  const results = lines.map((line_item) => ({ amount: { value: 0.5, currency: 'usd' }, line_item, project_id: null }));
  const charges = openAiCharges([{ ...bucket, results }], 'none');
  assert.deepEqual(
    charges.map(({ model, part, tier, isForTokens }) => [model, part, tier, isForTokens]),
    [
      ['gpt-4o-2024-08-06', 'cache_read', '', true],
      ['gpt-4o-2024-08-06', 'output', 'batch', true],
      [null, null, '', false],
    ],
  );
});

test('OpenRouter is asked day by day, and its prompts are told as a whole', async (t) => {
  const days: string[] = [];
  const baseUrl = await serverOf(t, ({ searchParams }) => {
    const date = searchParams.get('date') ?? '';
    days.push(date);
    const row = { date, model: 'openai/gpt-4.1', model_permaslug: 'openai/gpt-4.1-2025-04-14', usage: 0.015 };
    return { data: [{ ...row, byok_usage_inference: 0, requests: 5, prompt_tokens: 50, completion_tokens: 125 }] };
  });
  const question = { fromMs: FROM_MS, toMs: FROM_MS + 2 * DAY_MS, bucketMs: DAY_MS, keyBy: 'none' } as const;
  const { usage, charges } = await readOpenRouter({ managementKey: 'k', baseUrl }, question, OPTIONS);
  assert.deepEqual(days, ['2026-11-02', '2026-11-03']);
  assert.deepEqual([usage[0]?.requests, usage[0]?.isPromptWhole, usage[1]?.startMs], [5, true, FROM_MS + DAY_MS]);
  assert.equal(charges?.[0]?.picoUsd, 15_000_000_000n);
});

test('a request to AWS is signed as Signature Version 4 has it', () => {
  const keys = {
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
    sessionToken: 'token',
  };
  const request = { url: 'https://ce.us-east-1.amazonaws.com/', body: '{}', keys };
  const { headers } = signed({ ...request, nowMs: Date.parse('2026-11-02T03:04:05Z') });
  assert.match(
    headers['authorization'] ?? '',
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20261102\/us-east-1\/ce\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature=[\da-f]{64}$/,
  );
  assert.equal(headers['x-amz-date'], '20261102T030405Z');
  const later = signed({ ...request, nowMs: Date.parse('2026-11-02T03:04:06Z') });
  assert.notEqual(later.headers['authorization'], headers['authorization']);
});

test('the Cost Explorer is read page by page', async (t) => {
  const tokens: unknown[] = [];
  const baseUrl = await serverOf(t, (_, body) => {
    const { NextPageToken: token } = JSON.parse(body) as { NextPageToken?: string };
    tokens.push(token);
    const metrics = {
      UnblendedCost: { Amount: '3', Unit: 'USD' },
      UsageQuantity: { Amount: '1000', Unit: '1K tokens' },
    };
    const group = { Keys: ['Amazon Bedrock', 'USE1-Nova-lite-input-tokens'], Metrics: metrics };
    const result = { TimePeriod: { Start: '2026-11-02', End: '2026-11-03' }, Groups: [group] };
    return { ResultsByTime: [result], ...(token === undefined ? { NextPageToken: 'two' } : {}) };
  });
  const keys = { accessKeyId: 'a', secretAccessKey: 's', sessionToken: undefined };
  const question = { fromMs: FROM_MS, toMs: FROM_MS + DAY_MS, bucketMs: DAY_MS, keyBy: 'none' } as const;
  const lines = await readCostExplorer({ keys, baseUrl, nowMs: () => FROM_MS }, question, OPTIONS);
  assert.deepEqual(tokens, [undefined, 'two']);
  assert.equal(lines.length, 2);
  assert.equal(lines[0]?.usageType, 'USE1-Nova-lite-input-tokens');
});

const CUR = `line_item_usage_start_date,line_item_usage_end_date,line_item_line_item_type,line_item_product_code,product_servicename,line_item_usage_type,line_item_usage_amount,pricing_unit,line_item_unblended_cost,line_item_usage_account_id
2026-11-02T00:00:00Z,2026-11-02T01:00:00Z,Usage,AmazonBedrock,Amazon Bedrock,USE1-Claude4.5Sonnet-input-tokens,1500,1K tokens,4.5,111
2026-11-02T00:00:00Z,2026-11-02T01:00:00Z,Usage,AmazonBedrock,Amazon Bedrock,USE1-Claude4.5Sonnet-cache-read-input-token-count,1000,1K tokens,0.3,111
2026-11-02T00:00:00Z,2026-11-02T01:00:00Z,Usage,AmazonBedrock,Amazon Bedrock,USE1-Claude4.5Sonnet-output-tokens-batch,2,,15,111
2026-11-02T00:00:00Z,2026-11-02T01:00:00Z,Usage,AmazonBedrock,Amazon Bedrock,USE1-Guardrail-ContentPolicy,2,,0.3,111
2026-11-02T00:00:00Z,2026-11-02T01:00:00Z,Tax,AmazonBedrock,Amazon Bedrock,USE1-Claude4.5Sonnet-input-tokens,1,,9,111
2026-11-02T00:00:00Z,2026-11-02T01:00:00Z,Usage,AmazonEC2,Amazon EC2,USE1-BoxUsage,1,Hrs,9,111
`;

test('a Cost and Usage Report gives usage by part and tier, in tokens, whatever its unit', (t) => {
  const { awsLines, provider, bucketMs } = readReportFile(fileOf(t, CUR), { keyBy: 'none', mapping: null });
  assert.deepEqual([provider, bucketMs], ['aws', 3_600_000]);
  const { usage, charges } = bedrockBill(awsLines, {
    modelOf: () => 'anthropic.claude-sonnet-4-5-20250929-v1:0',
    // 7.5 USD per million tokens: two units for 15 USD are millions.
    rateOf: () => 7_500_000,
    isByAccount: false,
  });
  assert.deepEqual(
    usage.map(({ tier, tokens }) => [tier, tokens]),
    [
      ['', tokensOf({ input: 1_500_000 })],
      ['', tokensOf({ cache_read: 1_000_000 })],
      ['batch', tokensOf({ output: 2_000_000 })],
    ],
  );
  assert.deepEqual(
    charges.map(({ part, isForTokens, picoUsd }) => [part, isForTokens, picoUsd]),
    [
      ['input', true, 4_500_000_000_000n],
      ['cache_read', true, 300_000_000_000n],
      ['output', true, 15_000_000_000_000n],
      [null, false, 300_000_000_000n],
    ],
  );
});

test('all names of a model of Bedrock are one family', () => {
  const names = [
    'Claude4.5Sonnet',
    'Claude Sonnet 4.5',
    'anthropic.claude-sonnet-4-5-20250929-v1:0',
    'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
  ];
  assert.equal(new Set(names.map(bedrockFamily)).size, 1, names.map(bedrockFamily).join(' | '));
  assert.notEqual(bedrockFamily('Claude4.5Haiku'), bedrockFamily('Claude4.5Sonnet'));
});

test("the console's exports of Anthropic are read: usage by part, costs in USD", (t) => {
  const usage = `usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,web_search_count
2026-11-02,claude-sonnet-4-5-20250929,app,Default,standard,≤ 200k,100,20,30,40,50,0
`;
  const told = readReportFile(fileOf(t, usage), { keyBy: 'key', mapping: null });
  assert.equal(told.provider, 'anthropic');
  const expected = tokensOf({ input: 100, cache_write: 20, cache_write_1h: 30, cache_read: 40, output: 50 });
  assert.deepEqual(
    told.usage.map(({ key, tokens }) => [key, tokens]),
    [['app', expected]],
  );
  const costs = `usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,cost_type
2026-11-02,claude-sonnet-4-5-20250929,Default,app,standard,≤ 200k,input_cache_write_1h,0.00018,token
2026-11-02,,Default,app,,,,0.02,web_search
`;
  const { charges, hasCosts } = readReportFile(fileOf(t, costs), { keyBy: 'none', mapping: null });
  assert.ok(hasCosts);
  assert.deepEqual(
    charges.map(({ part, isForTokens, picoUsd }) => [part, isForTokens, picoUsd]),
    [
      ['cache_write_1h', true, 180_000_000n],
      [null, false, 20_000_000_000n],
    ],
  );
});

test('rows of single calls are read by a mapping, and unknown columns are told', (t) => {
  const path = fileOf(t, 'when,name,in,out,usd\n2026-11-02T00:00:01Z,gpt-4o,100,10,0.00035\n');
  const fields = { started_at: 'when', model: 'name', prompt_tokens: 'in', completion_tokens: 'out', cost_usd: 'usd' };
  const { usage, charges } = readReportFile(path, { keyBy: 'none', mapping: { ...NO_MAPPING, fields } });
  assert.deepEqual(usage[0]?.tokens, tokensOf({ input: 100, output: 10 }));
  assert.equal(charges[0]?.picoUsd, 350_000_000n);
  assert.throws(
    () => readReportFile(path, { keyBy: 'none', mapping: null }),
    /by its columns \(when, name, in, out, usd\)/,
  );
});

test('what a provider answers to a wrong key is told without the key, and not tried again', async (t) => {
  let count = 0;
  const server = createServer((_, response) => {
    count++;
    response.writeHead(401).end(JSON.stringify({ error: { message: 'Incorrect API key provided: sk-admin-abc123' } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/x?start_time=1`;
  const asked = fetchJson(
    { url, headers: { authorization: 'Bearer sk-admin-abc123' } },
    { ...OPTIONS, retryMsMax: 60_000 },
  );
  await assert.rejects(
    asked,
    ({ message }: Error) => /answered 401: .*\[key\].*admin key/.test(message) && !message.includes('abc123'),
  );
  assert.equal(count, 1);
});

test("Anthropic's report tells what was served in the US, which is a tier of its own", () => {
  const results = [
    { model: 'claude-opus-4-6', service_tier: 'standard', inference_geo: 'us', uncached_input_tokens: 1 },
    { model: 'claude-opus-4-6', service_tier: 'batch', inference_geo: 'us', uncached_input_tokens: 1 },
    { model: 'claude-opus-4-6', service_tier: 'standard', inference_geo: 'global', uncached_input_tokens: 1 },
    { model: 'claude-haiku-4-5', service_tier: 'standard', inference_geo: 'not_available', uncached_input_tokens: 1 },
  ];
  const usage = anthropicUsage([{ starting_at: '2026-11-01T00:00:00Z', results }], 'none');
  assert.deepEqual(
    usage.map(({ tier }) => tier),
    ['us', 'us_batch', '', ''],
  );
});
