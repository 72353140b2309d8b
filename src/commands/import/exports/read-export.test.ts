import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { SessionCall } from '../session-call.ts';
import { BEDROCK, ENVOY_AI_GATEWAY, LANGFUSE, LITELLM, OPENROUTER } from './gateways.ts';
import { type Mapping, NO_MAPPING, parseMapping } from './mapping.ts';
import { readExport } from './read-export.ts';

function exportOf(t: TestContext, { name, content }: { name: string; content: string | Uint8Array }): string {
  const folder = mkdtempSync(join(tmpdir(), 'streamlens-export-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function readOf(t: TestContext, mapping: Mapping, content: string | Uint8Array, name = 'export.json') {
  return readExport(exportOf(t, { name, content }), mapping, 'gateway');
}

function onlyCall(t: TestContext, mapping: Mapping, row: object | string): SessionCall {
  const { calls, problems } = readOf(t, mapping, typeof row === 'string' ? row : `${JSON.stringify(row)}\n`);
  assert.deepEqual(problems, []);
  assert.equal(calls.length, 1);
  return calls[0] as SessionCall;
}

const tokensOf = (call: SessionCall) => [
  call.promptTokens,
  call.cachedPromptTokens,
  call.cacheWriteTokens,
  call.completionTokens,
  call.reasoningTokens,
];

const SPEND_LOG = {
  request_id: 'chatcmpl-1',
  call_type: 'acompletion',
  api_key: '88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b',
  spend: 0.00127,
  total_tokens: 350,
  prompt_tokens: 300,
  completion_tokens: 50,
  startTime: '2025-11-19T10:00:00.250000Z',
  endTime: '2025-11-19T10:00:02.750000Z',
  completionStartTime: '2025-11-19T10:00:00.900000Z',
  model: 'gpt-4o-mini',
  model_group: 'fast',
  custom_llm_provider: 'openai',
  user: 'u-1',
  end_user: '',
  team_id: 'team-7',
  metadata: JSON.stringify({
    status: 'success',
    usage_object: {
      prompt_tokens_details: { cached_tokens: 128 },
      completion_tokens_details: { reasoning_tokens: 16 },
    },
  }),
  cache_hit: 'False',
  session_id: 's-1',
  status: 'success',
};

test("LiteLLM's spend log: tokens, parts out of its metadata, what it charged, and who", (t) => {
  const call = onlyCall(t, LITELLM, SPEND_LOG);
  assert.deepEqual(tokensOf(call), [300, 128, null, 50, 16]);
  assert.deepEqual(
    [call.key, call.model, call.provider, call.sessions, call.startedAtMs, call.reportedCostUsd],
    ['gateway-chatcmpl-1', 'gpt-4o-mini', 'openai', ['s-1'], Date.UTC(2025, 10, 19, 10, 0, 0, 250), 0.00127],
  );
  const { tenant, user, latencyMs, timeToFirstTokenMs, costReportedBy, isCacheHit, error } = call.told ?? {};
  assert.deepEqual(
    [tenant, user, latencyMs, timeToFirstTokenMs, costReportedBy, isCacheHit, error],
    ['team-7', 'u-1', 2500, 650, 'gateway', false, null],
  );
});

test('LiteLLM writes the end of an answer that is no stream as its first token, which is none', (t) => {
  const call = onlyCall(t, LITELLM, { ...SPEND_LOG, completionStartTime: SPEND_LOG.endTime });
  assert.equal(call.told?.timeToFirstTokenMs, null);
});

test('LiteLLM: a failure is one, a cost of nothing is unknown unless its cache answered, and a tool is no call', (t) => {
  const failed = {
    ...SPEND_LOG,
    spend: 0,
    status: 'failure',
    metadata: { error_information: { error_code: '429', error_class: 'RateLimitError', error_message: 'slow down' } },
  };
  assert.equal(onlyCall(t, LITELLM, failed).told?.errorKind, 'rate_limit');
  assert.equal(onlyCall(t, LITELLM, { ...SPEND_LOG, spend: 0 }).reportedCostUsd, null);
  assert.equal(onlyCall(t, LITELLM, { ...SPEND_LOG, spend: 0, cache_hit: 'True' }).reportedCostUsd, 0);
  assert.deepEqual(readOf(t, LITELLM, JSON.stringify({ ...SPEND_LOG, call_type: 'call_mcp_tool' })).calls, []);
});

test("LiteLLM's standard logging payload has seconds, and the same names inside", (t) => {
  const call = onlyCall(t, LITELLM, {
    id: 'chatcmpl-2',
    trace_id: 'trace-1',
    call_type: 'aembedding',
    stream: null,
    response_cost: 0.5e-6,
    status: 'success',
    custom_llm_provider: 'openai',
    prompt_tokens: 12,
    completion_tokens: 0,
    startTime: 1763546400.25,
    endTime: 1763546400.75,
    model: 'text-embedding-3-small',
    metadata: { user_api_key_org_id: 'acme', user_api_key_user_id: 'ada@example.com' },
    cache_hit: null,
  });
  assert.deepEqual([call.startedAtMs, call.told?.latencyMs, call.told?.operation], [1763546400250, 500, 'embeddings']);
  assert.equal(call.told?.tenant, 'acme');
  assert.match(call.told?.user ?? '', /^[0-9a-f]{64}$/);
});

test("Envoy AI Gateway's access log: what names no model is no call, a dash is nothing", (t) => {
  const line = {
    start_time: '2025-11-19T10:00:00.123Z',
    method: 'POST',
    'x-request-id': 'b3c1',
    response_code: 200,
    duration: 812,
    genai_model_name: 'gpt-4o-mini',
    genai_backend_name: 'default/openai/route/x',
    genai_tokens_input: '1200',
    genai_tokens_cached_input: '1000',
    genai_tokens_output: '40',
  };
  const limited = {
    ...line,
    'x-request-id': 'b3c2',
    response_code: 429,
    genai_tokens_input: '-',
    genai_tokens_output: '-',
  };
  const models = { ...line, 'x-request-id': 'b3c3', genai_model_name: '-' };
  const { calls } = readOf(t, ENVOY_AI_GATEWAY, [line, limited, models].map((each) => JSON.stringify(each)).join('\n'));
  assert.deepEqual(calls.map(tokensOf), [
    [1200, 1000, null, 40, null],
    [null, 1000, null, null, null],
  ]);
  assert.deepEqual(
    calls.map(({ told }) => [told?.latencyMs, told?.errorKind]),
    [
      [812, null],
      [812, 'rate_limit'],
    ],
  );
});

const INVOCATION = {
  schemaType: 'ModelInvocationLog',
  schemaVersion: '1.0',
  timestamp: '2025-11-19T10:00:00Z',
  accountId: '123456789012',
  identity: { arn: 'arn:aws:iam::123456789012:user/ada' },
  region: 'us-east-1',
  requestId: 'ff4b6c63',
  operation: 'ConverseStream',
  modelId: 'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0',
  input: { inputTokenCount: 4, cacheReadInputTokenCount: 900, cacheWriteInputTokenCount: 100 },
  output: { outputBodyJson: { stopReason: 'end_turn', metrics: { latencyMs: 302 } }, outputTokenCount: 38 },
};

test("Bedrock's invocation log has the cache beside the input, also packed, and in the wrap of CloudWatch", (t) => {
  const packed = readOf(t, BEDROCK, gzipSync(`${JSON.stringify(INVOCATION)}\n`), 'log.json.gz').calls;
  const wrapped = readOf(t, BEDROCK, JSON.stringify([{ '@message': JSON.stringify(INVOCATION) }])).calls;
  assert.deepEqual(packed, wrapped);
  const [call] = packed;
  assert.ok(call !== undefined);
  assert.deepEqual(tokensOf(call), [1004, 900, 100, 38, null]);
  assert.deepEqual(
    [call.model, call.told?.latencyMs, call.told?.isStream, call.finishReason],
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 302, true, 'end_turn'],
  );
  const failed = onlyCall(t, BEDROCK, { ...INVOCATION, output: {}, errorCode: 'ThrottlingException' });
  assert.equal(failed.told?.errorKind, 'rate_limit');
});

test("OpenRouter's activity is what it charged, with quotes, line breaks and a byte order mark", (t) => {
  const csv = [
    '\uFEFFgeneration_id,created_at,cost_total,tokens_prompt,tokens_completion,tokens_reasoning,tokens_cached,model_permaslug,provider_name,cancelled,streamed,user,finish_reason_normalized,generation_time_ms,time_to_first_token_ms,app_name',
    'gen-1,2025-11-19 10:00:00.123,0.000420,1000,50,10,600,openai/gpt-4o-mini,OpenAI,false,true,,stop,1800,300,"My ""app"",',
    'of two lines"',
    'gen-2,2025-11-19 10:00:01.5,0,0,0,0,0,openai/gpt-4o-mini,OpenAI,true,true,,,100,,',
  ].join('\r\n');
  const { calls, problems } = readOf(t, OPENROUTER, csv, 'activity.csv');
  assert.deepEqual(problems, []);
  const [call, stopped] = calls;
  assert.ok(call !== undefined && stopped !== undefined);
  assert.deepEqual(tokensOf(call), [1000, 600, null, 50, 10]);
  assert.deepEqual(
    [call.startedAtMs, call.reportedCostUsd, call.told?.costReportedBy, call.told?.timeToFirstTokenMs],
    [Date.UTC(2025, 10, 19, 10, 0, 0, 123), 0.00042, 'gateway', 300],
  );
  assert.equal(call.metadata['app'], 'My "app",\r\nof two lines');
  assert.equal(stopped.told?.errorKind, 'cancelled');
});

test("what a provider bills by one's own key is not what OpenRouter charges", (t) => {
  const header =
    'generation_id,created_at,cost_total,byok_usage_inference,tokens_prompt,tokens_completion,model_permaslug';
  const csv = `${header}\ngen-1,2025-11-19 10:00:00,0.00002,0.0004,1000,50,openai/gpt-4o-mini\n`;
  assert.equal(onlyCall(t, OPENROUTER, csv).reportedCostUsd, null);
  assert.equal(onlyCall(t, OPENROUTER, csv.replace('0.0004', '0')).reportedCostUsd, 0.00002);
});

test("Langfuse's observations: parts lie beside each other unless the total says otherwise, and only generations count", (t) => {
  const observation = {
    id: 'obs-1',
    traceId: 'trace-1',
    type: 'GENERATION',
    name: 'answer',
    startTime: '2025-11-19T10:00:00.000Z',
    endTime: '2025-11-19T10:00:01.500Z',
    model: 'gpt-4o-mini',
    level: 'DEFAULT',
    usageDetails: { input: 400, input_cached_tokens: 600, output: 30, output_reasoning_tokens: 20, total: 1050 },
    costDetails: { total: 0.01 },
    timeToFirstToken: 0.25,
  };
  const inside = { ...observation, usageDetails: { input: 1000, input_cached_tokens: 600, output: 50, total: 1050 } };
  for (const each of [observation, inside]) {
    const call = onlyCall(t, LANGFUSE, { data: [each, { ...each, id: 'span', type: 'SPAN' }] });
    assert.deepEqual(tokensOf(call).slice(0, 4), [1000, 600, null, 50]);
    assert.deepEqual(
      [call.told?.latencyMs, call.told?.timeToFirstTokenMs, call.told?.costReportedBy],
      [1500, 250, 'client'],
    );
  }
  const failed = { ...observation, level: 'ERROR', statusMessage: 'Rate limit exceeded' };
  assert.equal(onlyCall(t, LANGFUSE, failed).told?.errorKind, 'rate_limit');
});

const OWN = parseMapping(
  JSON.stringify({
    id: 'id',
    started_at: 'at',
    latency_ms: { from: 'seconds', times: 1000 },
    model: ['served', 'asked'],
    prompt_tokens: { sum: ['in', 'cached'] },
    completion_tokens: 'out',
    tenant_id: { value: 'acme' },
    error: { from: 'state', map: { ok: null, failed: 'it failed' } },
    metadata: { team: 'team' },
    only: { from: 'kind', is: ['llm'] },
  }),
  NO_MAPPING,
);

test('a mapping file says which column is which field of a call', (t) => {
  const csv = 'id;at;seconds;served;asked;in;cached;out;state;team;kind\n1;1763546400;0,5;;m;10;5;2;ok;blue;llm\n';
  const call = onlyCall(t, OWN, csv.replace('0,5', '0.5'));
  assert.deepEqual([call.model, call.promptTokens, call.told?.latencyMs], ['m', 15, 500]);
  assert.deepEqual([call.told?.tenant, call.told?.error, call.metadata['team']], ['acme', null, 'blue']);
  assert.deepEqual(readOf(t, OWN, csv.replace('llm', 'tool'), 'a.csv').calls, []);
});

test('a row that cannot be read is told with its line, its field and its column, and costs none of the others', (t) => {
  const rows = [
    '{"id":1,"at":"2025-11-19T10:00:00Z","asked":"m","in":1,"out":1}',
    '',
    '{"id":2,"at":"yesterday","asked":"m","in":1,"out":1}',
    '{"id":3,"at":"2025-11-19T10:00:00Z","in":1,"out":1}',
    '{"id":4,"at":"2025-11-19T10:00:00Z","asked":"m","in":1,"out":-1}',
    '{"id":5,"at"',
    '{"id":6,"at":"2025-11-19T10:00:00Z","asked":"m","in":1,"out":1}',
  ];
  const { calls, problems, refusedRows } = readOf(t, OWN, rows.join('\n'));
  assert.deepEqual(
    calls.map(({ key }) => key),
    ['gateway-1', 'gateway-6'],
  );
  assert.equal(refusedRows, 4);
  assert.match(problems?.[0] ?? '', /^line 3: started_at \(at\) must be a time .*; got "yesterday"$/);
  assert.match(problems?.[1] ?? '', /^line 4: model \(served or asked\) is missing$/);
  assert.match(
    problems?.[2] ?? '',
    /^line 5: completion_tokens \(out\) must be a number from 0 to 100,000,000; got -1$/,
  );
  assert.match(problems?.[3] ?? '', /^line 6: it is no JSON object$/);
  const csv = 'id,at,asked\n1,2025-11-19T10:00:00Z,m\n2,"never closed,m\n3,2025-11-19T10:00:00Z,m,more\n';
  assert.deepEqual(readOf(t, OWN, csv, 'a.csv').problems, ['line 3: a quote is not closed']);
});

test('a mapping that cannot be is refused with the field', () => {
  for (const [text, told] of [
    ['{', /no JSON/],
    ['{"modell":"m"}', /"modell" is no field of a call; they are id, /],
    ['{"model":"m"}', /"started_at" or "ended_at" is missing/],
    ['{"model":7,"started_at":"t"}', /"model" must be a column/],
    ['{"model":"m","started_at":"t","only":{"from":"k"}}', /"only" must be such as/],
  ] as const) {
    assert.throws(() => parseMapping(text, NO_MAPPING), told);
  }
});

test('a row without an id is known by its content', (t) => {
  const mapping = parseMapping('{"model":"m","started_at":"t"}', NO_MAPPING);
  const { calls } = readOf(
    t,
    mapping,
    '{"m":"a","t":1763546400}\n{"m":"b","t":1763546400}\n{"m":"a","t":1763546400}\n',
  );
  const [first, second, third] = calls.map(({ key }) => key);
  assert.equal(first, third);
  assert.notEqual(first, second);
});

test('searches of the web are read where a gateway counts them', (t) => {
  const usage_object = { server_tool_use: { web_search_requests: 2 } };
  assert.equal(onlyCall(t, LITELLM, { ...SPEND_LOG, metadata: { usage_object } }).webSearchRequests, 2);
  assert.equal(onlyCall(t, LITELLM, SPEND_LOG).webSearchRequests, null);
  const observation = { id: 'o-1', type: 'GENERATION', model: 'claude-sonnet-4-5', startTime: SPEND_LOG.startTime };
  const usageDetails = { input: 10, output: 5, web_search_requests: 3 };
  const call = onlyCall(t, LANGFUSE, { ...observation, usageDetails });
  assert.deepEqual([call.webSearchRequests, call.promptTokens, call.completionTokens], [3, 10, 5]);
  const mapping = parseMapping('{"model":"m","started_at":"at","web_search_requests":"n"}', NO_MAPPING);
  const row = { m: 'claude', at: SPEND_LOG.startTime, n: 4 };
  assert.equal(onlyCall(t, mapping, row).webSearchRequests, 4);
});
