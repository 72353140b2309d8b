import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import protobuf from 'protobufjs/minimal.js';
import type { Report } from '../reports/report.ts';
import { resolve } from '../reports/resolve.ts';
import { logReportsIn } from './agent-captures.contract.ts';
import { reportsIn } from './captured-reports.contract.ts';
import { decodeLogs } from './decode/decode-logs.ts';
import { createFullKeyTable } from './dialects/wanted-keys.ts';
import { field } from './otlp-builders.contract.ts';

type Attributes = Readonly<Record<string, string | number | boolean>>;

const END = '2026-11-28T13:00:10.000Z';
const END_MS = Date.parse(END);
const NANOS = (ms: number) => String(BigInt(Math.round(ms)) * 1_000_000n);

interface Given {
  readonly scope: string;
  readonly attributes: Attributes;
  readonly fields?: Readonly<Record<string, unknown>>;
}

function keyValues(attributes: Attributes) {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value:
      typeof value === 'string'
        ? { stringValue: value }
        : typeof value === 'boolean'
          ? { boolValue: value }
          : { doubleValue: value },
  }));
}

function logsBody(...given: readonly Given[]): Buffer {
  const resourceLogs = given.map(({ scope, attributes, fields = {} }) => ({
    resource: { attributes: keyValues({ 'service.name': 'agent' }) },
    scopeLogs: [{ scope: { name: scope }, logRecords: [{ ...fields, attributes: keyValues(attributes) }] }],
  }));
  return Buffer.from(JSON.stringify({ resourceLogs }));
}

function spansBody({ scope, attributes, fields }: Given): Buffer {
  const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), attributes: keyValues(attributes), ...fields };
  const scopeSpans = [{ scope: { name: scope }, spans: [span] }];
  const resource = { attributes: keyValues({ 'service.name': 'agent' }) };
  return Buffer.from(JSON.stringify({ resourceSpans: [{ resource, scopeSpans }] }));
}

const claude = (attributes: Attributes): Given => ({
  scope: 'com.anthropic.claude_code.events',
  attributes: { 'event.timestamp': END, 'session.id': 's1', model: 'claude-sonnet-4-5', ...attributes },
});

const codex = (attributes: Attributes): Given => ({
  scope: 'codex_otel.log_only',
  attributes: { 'event.timestamp': END, 'conversation.id': 'c1', model: 'gpt-5-codex', ...attributes },
  fields: { timeUnixNano: '0' },
});

const gemini = (attributes: Attributes): Given => ({
  scope: 'gemini-cli',
  attributes: { 'event.timestamp': END, 'session.id': 's1', model: 'gemini-2.5-pro', ...attributes },
});

const only = (reports: readonly Report[]): Report => {
  assert.equal(reports.length, 1);
  return reports[0] as Report;
};

test('a call of Claude Code began its duration before its record, with the cache beside its input', () => {
  const given = claude({
    'event.name': 'api_request',
    duration_ms: '287',
    input_tokens: '12',
    output_tokens: '42',
    cache_read_tokens: '8000',
    cache_creation_tokens: '2000',
    cache_creation_1h_tokens: '500',
    cost_usd: '0.0117',
    request_id: 'req_1',
    model: 'claude-sonnet-4-5[1m]',
  });
  const { facts, start_ms, duration_ms, response_id, metadata } = only(logReportsIn(logsBody(given)));
  assert.deepEqual([start_ms, duration_ms, response_id], [END_MS - 287, 287, 'req_1']);
  assert.deepEqual(
    [facts?.prompt_tokens, facts?.completion_tokens, facts?.cache_write_1h_tokens, facts?.model],
    [10_012, 42, 500, 'claude-sonnet-4-5'],
  );
  assert.deepEqual([facts?.reported_cost_usd, facts?.cost_reported_by], [0.0117, 'client']);
  assert.equal(metadata?.['model.context_window' as keyof typeof metadata], '1m');
});

test('a call of Claude Code that was given up is one failure, whatever says so', () => {
  const failure = { model: 'claude-sonnet-4-5', error: '529 overloaded', status_code: '529', duration_ms: 900 };
  const records = logsBody(
    claude({ ...failure, 'event.name': 'api_error', attempt: 11 }),
    claude({ ...failure, 'event.name': 'api_retries_exhausted', total_attempts: 11 }),
  );
  const span = spansBody({
    scope: 'com.anthropic.claude_code.tracing',
    attributes: { 'span.type': 'llm_request', 'session.id': 's1', success: false, ...failure },
    // The span holds all attempts, the record the last.
    fields: { startTimeUnixNano: NANOS(END_MS - 60_000), endTimeUnixNano: NANOS(END_MS + 20) },
  });
  const calls = resolve([...logReportsIn(records), ...reportsIn(span, 'json')]);
  assert.equal(calls.length, 1);
  assert.deepEqual([calls[0]?.response.error_kind, calls[0]?.response.latency_ms], ['server', 900]);
});

test('equal calls of two sessions at one time are two', () => {
  const usage = { 'event.name': 'api_request', duration_ms: 10, input_tokens: 5, output_tokens: 5 };
  const span = spansBody({
    scope: 'com.anthropic.claude_code.tracing',
    attributes: {
      'span.type': 'llm_request',
      'session.id': 's2',
      model: 'claude-sonnet-4-5',
      input_tokens: 5,
      output_tokens: 5,
    },
    fields: { startTimeUnixNano: NANOS(END_MS - 10), endTimeUnixNano: NANOS(END_MS) },
  });
  const log = logReportsIn(logsBody(claude(usage)));
  assert.equal(resolve([...log, ...reportsIn(span, 'json')]).length, 2);
});

test('Codex: the record with counts is the call, its time is that of the event, and numbers may be texts', () => {
  const completed = { 'event.name': 'codex.sse_event', 'event.kind': 'response.completed' };
  const counts = { input_token_count: '1000', cached_token_count: '600', output_token_count: '50', ttft_ms: '0' };
  const reports = logReportsIn(
    logsBody(codex(completed), codex({ ...completed, ...counts, reasoning_token_count: '20' })),
  );
  const { facts, start_ms, names } = only(reports);
  assert.equal(start_ms, END_MS);
  assert.equal(names?.session, 'c1');
  assert.deepEqual(
    [facts?.prompt_tokens, facts?.cached_prompt_tokens, facts?.completion_tokens, facts?.reasoning_tokens],
    [1000, 600, 50, 20],
  );
  assert.equal(facts?.time_to_first_token_ms, undefined);
});

test('Codex: a request that failed is a call, one that went well is told by its stream, and other paths are none', () => {
  const request = { 'event.name': 'codex.api_request', endpoint: '/responses', duration_ms: '150' };
  const failed = only(logReportsIn(logsBody(codex({ ...request, 'http.response.status_code': '429' }))));
  assert.deepEqual([failed.facts?.error_kind, failed.duration_ms], ['rate_limit', 150]);
  assert.deepEqual(logReportsIn(logsBody(codex({ ...request, 'http.response.status_code': '200' }))), []);
  const models = { ...request, endpoint: '/models', 'http.response.status_code': '500' };
  assert.deepEqual(logReportsIn(logsBody(codex(models))), []);
});

test('thoughts lie beside the output of Gemini CLI and inside that of Qwen Code, unless the total says otherwise', () => {
  const counts = { input_token_count: 900, output_token_count: 30, thoughts_token_count: 15 };
  const completion = (given: Given) => only(logReportsIn(logsBody(given))).facts?.completion_tokens;
  const qwen = (attributes: Attributes): Given => ({
    scope: 'qwen-code',
    attributes: { 'event.timestamp': END, ...attributes },
  });
  assert.equal(completion(gemini({ 'event.name': 'gemini_cli.api_response', ...counts })), 45);
  assert.equal(completion(gemini({ 'event.name': 'gemini_cli.api_response', ...counts, total_token_count: 930 })), 30);
  assert.equal(completion(qwen({ 'event.name': 'qwen-code.api_response', ...counts })), 30);
  assert.equal(completion(qwen({ 'event.name': 'qwen-code.api_response', ...counts, total_token_count: 945 })), 45);
});

test('Gemini CLI: each failed try is a call, told by its own record and by the convention', () => {
  const details = {
    'event.name': 'gen_ai.client.inference.operation.details',
    'gen_ai.request.model': 'gemini-2.5-pro',
  };
  const tries = ['2026-11-28T13:00:10.000Z', '2026-11-28T13:00:12.000Z'].flatMap((at) => [
    gemini({
      'event.name': 'gemini_cli.api_error',
      'event.timestamp': at,
      'error.message': 'quota',
      status_code: 429,
      duration_ms: 50,
    }),
    gemini({ ...details, 'event.timestamp': at, 'error.type': '429' }),
  ]);
  const calls = resolve(logReportsIn(logsBody(...tries)));
  assert.deepEqual(
    calls.map(({ response }) => response.error_kind),
    ['rate_limit', 'rate_limit'],
  );
});

test('Gemini CLI: a span without any usage is its record, each of one; without the record it is a call', () => {
  const span = (id: string, endMs: number) =>
    reportsIn(
      spansBody({
        scope: 'gemini-cli',
        attributes: {
          'gen_ai.operation.name': 'llm_call',
          'gen_ai.request.model': 'gemini-2.5-pro',
          'gen_ai.conversation.id': 's1',
        },
        fields: {
          traceId: id.repeat(32),
          startTimeUnixNano: NANOS(endMs - 650),
          endTimeUnixNano: NANOS(endMs),
          status: { code: 1 },
        },
      }),
      'json',
    );
  const record = { 'event.name': 'gemini_cli.api_response', input_token_count: 7, output_token_count: 3 };
  const log = logReportsIn(logsBody(gemini({ ...record, duration_ms: 600 })));
  const calls = resolve([...span('a', END_MS + 20), ...log]);
  assert.deepEqual(
    calls.map(({ request, response }) => [request.prompt_tokens, response.completion_tokens, response.latency_ms]),
    [[7, 3, 600]],
  );
  assert.equal(resolve([...span('a', END_MS + 20), ...span('b', END_MS + 30), ...log]).length, 2);
  assert.equal(resolve([...span('a', END_MS + 2_500), ...log]).length, 2);
});

test('the event of the convention and the span that it was written in are one call; without the span it counts', () => {
  const attributes = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.request.model': 'gpt-5',
    'gen_ai.usage.input_tokens': 7,
    'gen_ai.usage.output_tokens': 3,
  };
  const event = logsBody({
    scope: 'opentelemetry.util.genai',
    attributes: { ...attributes, 'event.name': 'gen_ai.client.inference.operation.details' },
    fields: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), timeUnixNano: NANOS(END_MS) },
  });
  const span = spansBody({
    scope: 'opentelemetry.util.genai',
    attributes,
    fields: { startTimeUnixNano: NANOS(END_MS - 4_000), endTimeUnixNano: NANOS(END_MS) },
  });
  assert.equal(resolve(logReportsIn(event)).length, 1);
  const [call, ...others] = resolve([...logReportsIn(event), ...reportsIn(span, 'json')]);
  assert.deepEqual([others.length, call?.response.latency_ms], [0, 4000]);
});

test('the exception of a failed call is no second call, wherever it was written; alone it is one', () => {
  const named = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-5' };
  const failed = { ...named, 'error.type': 'RateLimitError' };
  const record = (name: string, spanId: string, attributes: Attributes) =>
    logReportsIn(
      logsBody({
        scope: 'opentelemetry.util.genai',
        attributes: { ...attributes, 'event.name': `gen_ai.client.${name}` },
        fields: { traceId: 'a'.repeat(32), spanId, timeUnixNano: NANOS(END_MS + 30) },
      }),
    );
  const inSpan = record('operation.exception', 'b'.repeat(16), { ...named, 'exception.message': 'Too many requests' });
  const around = record('operation.exception', 'c'.repeat(16), { ...named, 'exception.type': 'RateLimitError' });
  const details = record('inference.operation.details', 'c'.repeat(16), failed);
  const span = reportsIn(
    spansBody({
      scope: 'opentelemetry.util.genai',
      attributes: failed,
      fields: { startTimeUnixNano: NANOS(END_MS - 30_000), endTimeUnixNano: NANOS(END_MS), status: { code: 2 } },
    }),
    'json',
  );
  const sets = [[...span, ...inSpan], [...span, ...around], [...around, ...span], [...details, ...around], around];
  for (const reports of sets) {
    const calls = resolve(reports);
    assert.equal(calls.length, 1);
    assert.equal(calls[0]?.response.error_kind, 'rate_limit');
  }
  // Two attempts, each with its exception.
  const [again] = span;
  const second = { ...(again as Report), span_id: 'd'.repeat(16), start_ms: (again as Report).start_ms + 60 };
  assert.equal(resolve([...span, second, ...around, ...inSpan]).length, 2);
});

test('an exception beside a call that went well is a call of its own', () => {
  const attributes = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-5' };
  const fields = { traceId: 'a'.repeat(32), spanId: 'c'.repeat(16), timeUnixNano: NANOS(END_MS) };
  const event = logsBody({
    scope: 'util',
    attributes: { ...attributes, 'event.name': 'gen_ai.client.operation.exception', 'exception.type': 'Timeout' },
    fields,
  });
  const span = spansBody({
    scope: 'util',
    attributes: { ...attributes, 'gen_ai.usage.input_tokens': 3, 'gen_ai.usage.output_tokens': 3 },
    fields: { startTimeUnixNano: NANOS(END_MS - 30), endTimeUnixNano: NANOS(END_MS + 5000) },
  });
  assert.equal(resolve([...logReportsIn(event), ...reportsIn(span, 'json')]).length, 2);
});

test('a user that is named unknown is nobody', () => {
  const span = (user: string) =>
    spansBody({
      scope: 'opencode',
      attributes: { 'ai.operationId': 'ai.streamText.doStream', 'ai.telemetry.metadata.userId': user },
      fields: { startTimeUnixNano: NANOS(END_MS - 30), endTimeUnixNano: NANOS(END_MS) },
    });
  assert.equal(only(reportsIn(span('unknown'), 'json')).names?.user, undefined);
  assert.equal(only(reportsIn(span('Undefined'), 'json')).names?.user, undefined);
  assert.equal(only(reportsIn(span('unknown-ada'), 'json')).names?.user, 'unknown-ada');
});

test('Codex: an answer began with the request before it, and each request is that of one answer', () => {
  const at = (ms: number) => ({ 'event.timestamp': new Date(END_MS + ms).toISOString() });
  const request = { 'event.name': 'codex.api_request', endpoint: '/responses', 'http.response.status_code': '200' };
  const completed = {
    'event.name': 'codex.sse_event',
    'event.kind': 'response.completed',
    input_token_count: '10',
    output_token_count: '5',
  };
  const reports = logReportsIn(
    logsBody(
      codex({ ...completed, ...at(4000) }),
      codex({ ...completed, ...at(5000) }),
      codex({ ...request, ...at(150), duration_ms: '150' }),
      codex({ ...request, ...at(100), duration_ms: '90', 'conversation.id': 'c2' }),
    ),
  );
  assert.deepEqual(
    reports.map(({ start_ms, duration_ms }) => [start_ms - END_MS, duration_ms]),
    [
      [0, 4000],
      [5000, null],
    ],
  );
});

test('an e-mail address is kept only where that was asked for', () => {
  const email = 'Ada@example.com';
  const body = logsBody(
    gemini({
      'event.name': 'gemini_cli.api_response',
      'user.email': email,
      input_token_count: 1,
      output_token_count: 1,
    }),
  );
  assert.equal(only(logReportsIn(body)).names?.user, hash('sha256', email.toLowerCase()));
  assert.ok(!JSON.stringify(logReportsIn(body)).toLowerCase().includes('ada@'));
  assert.equal(only(logReportsIn(body, true)).names?.user, email);
});

test('a record that comes again is the same, and another one is another', () => {
  const usage = { 'event.name': 'api_request', input_tokens: 1, output_tokens: 1, 'event.sequence': 1 };
  const once = only(logReportsIn(logsBody(claude(usage))));
  assert.deepEqual(only(logReportsIn(logsBody(claude(usage)))), once);
  const other = only(logReportsIn(logsBody(claude({ ...usage, 'event.sequence': 2 }))));
  assert.notEqual(other.span_id, once.span_id);
});

test('a record without any time is refused, and the others are counted', () => {
  const usage = { 'event.name': 'api_request', input_tokens: 1, output_tokens: 1 };
  const timeless = claude({ ...usage, 'event.timestamp': '' });
  assert.equal(logReportsIn(logsBody(timeless, claude(usage))).length, 1);
});

test('protobuf is read as JSON is: times, ids, names, attributes, and a body that is a map', () => {
  const keyValue = (key: string, text: string) => (writer: protobuf.Writer) =>
    writer.uint32(0x0a).string(key).uint32(0x12).fork().uint32(0x0a).string(text).ldelim();
  const record = (writer: protobuf.Writer) => {
    writer.uint32(0x09).fixed64(5_000_000);
    writer.uint32(0x59).fixed64(7_000_000);
    writer.uint32(0x2a).fork().uint32(0x32).fork();
    keyValue('role', 'main')(writer.uint32(0x0a).fork()).ldelim();
    writer.ldelim().ldelim();
    keyValue('session.id', 's1')(writer.uint32(0x32).fork()).ldelim();
    writer.uint32(0x4a).bytes(Buffer.alloc(16, 1)).uint32(0x52).bytes(Buffer.alloc(8, 2)).uint32(0x62).string('a.name');
  };
  const body = field(1, (resourceLogs) => {
    resourceLogs.uint32(0x12).fork();
    resourceLogs.uint32(0x0a).fork().uint32(0x0a).string('scope').ldelim();
    record(resourceLogs.uint32(0x12).fork());
    resourceLogs.ldelim().ldelim();
  });
  const decoded = decodeLogs(body, 'protobuf', createFullKeyTable());
  assert.ok(decoded.ok);
  const [log, ...others] = decoded.value.logs;
  assert.equal(others.length, 0);
  assert.deepEqual(
    [log?.timeMs, log?.observedMs, log?.traceId, log?.spanId, log?.eventName, log?.scope.name],
    [5, 7, '01'.repeat(16), '02'.repeat(8), 'a.name', 'scope'],
  );
  assert.deepEqual(log?.attributes.keys, ['session.id', 'role']);
  assert.ok(!decodeLogs(body.subarray(0, body.length - 3), 'protobuf', createFullKeyTable()).ok);
});
