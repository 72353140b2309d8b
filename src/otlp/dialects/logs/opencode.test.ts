import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolve } from '../../../reports/resolve.ts';
import { logReportsIn } from '../../agent-captures.contract.ts';
import { reportsIn } from '../../captured-reports.contract.ts';
import { jsonAttributes, type NamedValues } from '../../json-attributes.contract.ts';

const BEGIN_MS = Date.UTC(2026, 10, 28, 13);
const NANOS = (ms: number) => `${ms}000000`;

const RESOURCE = { attributes: jsonAttributes({ 'service.name': 'opencode' }) };
const SCOPE = { name: 'com.opencode' };

function record(attributes: NamedValues, fields: object = {}): Buffer {
  const named = jsonAttributes({
    'session.id': 'ses_1',
    model: 'claude-sonnet-4-5',
    provider: 'anthropic',
    ...attributes,
  });
  const logRecords = [{ timeUnixNano: NANOS(BEGIN_MS), attributes: named, ...fields }];
  return Buffer.from(
    JSON.stringify({ resourceLogs: [{ resource: RESOURCE, scopeLogs: [{ scope: SCOPE, logRecords }] }] }),
  );
}

const ANSWER = {
  'event.name': 'api_request',
  duration_ms: 3000,
  input_tokens: 20,
  output_tokens: 100,
  reasoning_tokens: 40,
  cache_read_tokens: 8000,
  cache_creation_tokens: 1000,
};

test("a record of OpenCode's plugin is a call that began at its time, with disjoint counts", () => {
  const [call, ...others] = resolve(logReportsIn(record(ANSWER)));
  assert.ok(call !== undefined && others.length === 0);
  const { request, response } = call;
  assert.deepEqual(
    [Date.parse(request.timestamp ?? ''), response.latency_ms, request.session_id, request.provider],
    [BEGIN_MS, 3000, 'ses_1', 'anthropic'],
  );
  assert.deepEqual([response.prompt_tokens, response.completion_tokens], [9020, 140]);
  assert.deepEqual([response.cached_prompt_tokens, response.cache_write_tokens], [8000, 1000]);
});

test("the record that OpenCode's plugin writes in the span of a call is that call", () => {
  const ids = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
  const counts = {
    'openinference.span.kind': 'LLM',
    'llm.model_name': 'claude-sonnet-4-5',
    'llm.token_count.prompt': 20,
    'llm.token_count.completion': 100,
    'llm.token_count.completion_details.reasoning': 40,
    'llm.token_count.prompt_details.cache_read': 8000,
    'llm.token_count.prompt_details.cache_write': 1000,
    'llm.token_count.total': 9160,
  };
  const times = { startTimeUnixNano: NANOS(BEGIN_MS), endTimeUnixNano: NANOS(BEGIN_MS + 3000) };
  const scopeSpans = [{ scope: SCOPE, spans: [{ ...ids, ...times, attributes: jsonAttributes(counts) }] }];
  const span = Buffer.from(JSON.stringify({ resourceSpans: [{ resource: RESOURCE, scopeSpans }] }));
  const calls = resolve([...logReportsIn(record(ANSWER, ids)), ...reportsIn(span, 'json')]);
  assert.deepEqual(
    calls.map(({ response }) => [response.prompt_tokens, response.completion_tokens, response.reasoning_tokens]),
    [[9020, 140, 40]],
  );
});

test("a failure that OpenCode's plugin tells is a failed call, and its tools are none", () => {
  const failed = record({ 'event.name': 'api_error', error: 'APIError: overloaded', duration_ms: 100 });
  const [call] = resolve(logReportsIn(failed));
  assert.deepEqual([call?.response.error, call?.response.latency_ms], ['APIError: overloaded', 100]);
  assert.deepEqual(logReportsIn(record({ 'event.name': 'tool_result', duration_ms: 100 })), []);
});
