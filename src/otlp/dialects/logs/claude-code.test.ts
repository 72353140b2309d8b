import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolve } from '../../../reports/resolve.ts';
import { logReportsIn } from '../../agent-captures.contract.ts';
import { reportsIn } from '../../captured-reports.contract.ts';
import { jsonAttributes, type NamedValues } from '../../json-attributes.contract.ts';

const BEGIN_MS = Date.UTC(2026, 10, 28, 13);
const NANOS = (ms: number) => `${ms}000000`;

const RESOURCE = { attributes: jsonAttributes({ 'service.name': 'claude-code' }) };

const COUNTS = { input_tokens: 530, output_tokens: 53, cache_read_tokens: 300, cache_creation_tokens: 200 };

function record(attributes: NamedValues): Buffer {
  const all = { 'event.name': 'api_request', 'session.id': 's1', duration_ms: 2000, ...COUNTS, ...attributes };
  const logRecords = [{ timeUnixNano: NANOS(BEGIN_MS + 2000), attributes: jsonAttributes(all) }];
  const scopeLogs = [{ scope: { name: 'com.anthropic.claude_code.events' }, logRecords }];
  return Buffer.from(JSON.stringify({ resourceLogs: [{ resource: RESOURCE, scopeLogs }] }));
}

function span(attributes: NamedValues): Buffer {
  const all = { 'span.type': 'llm_request', 'gen_ai.operation.name': 'chat', 'session.id': 's1', ...attributes };
  const ids = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), name: 'claude_code.llm_request' };
  const times = { startTimeUnixNano: NANOS(BEGIN_MS), endTimeUnixNano: NANOS(BEGIN_MS + 2000) };
  const spans = [{ ...ids, ...times, attributes: jsonAttributes({ ...COUNTS, ...all }) }];
  const scopeSpans = [{ scope: { name: 'com.anthropic.claude_code.tracing' }, spans }];
  return Buffer.from(JSON.stringify({ resourceSpans: [{ resource: RESOURCE, scopeSpans }] }));
}

test('a call of a sub-agent belongs to the session in which it was started, and is one by its record and its span', () => {
  const ofSubAgent = { model: 'claude-sonnet-4-5', agent_id: 'a805a651362ceb04b' };
  const spans = reportsIn(span({ ...ofSubAgent, 'gen_ai.conversation.id': 'a805a651362ceb04b' }), 'json');
  const logs = logReportsIn(record({ ...ofSubAgent, query_source: 'agent:builtin:general-purpose' }));
  for (const reports of [spans, logs, [...spans, ...logs], [...logs, ...spans]]) {
    assert.deepEqual(
      resolve(reports).map(({ request, response }) => [request.session_id, response.prompt_tokens]),
      [['s1', 1030]],
    );
  }
});

test('Claude on Bedrock and on Vertex AI is of these providers, which have their own prices', () => {
  const providerOf = (attributes: NamedValues) => resolve(logReportsIn(record(attributes)))[0]?.request.provider;
  const model = 'claude-sonnet-4-5-20250929';
  const hosts = ['bedrock', 'mantle', 'vertex', 'foundry', 'anthropicAws', 'gateway', 'firstParty', 'toString'];
  assert.deepEqual(
    hosts.map((host) => providerOf({ model, 'anthropic.provider': host })),
    ['aws.bedrock', 'aws.bedrock', 'gcp.vertex_ai', 'anthropic', 'anthropic', 'anthropic', 'anthropic', 'anthropic'],
  );
  const formerly = [
    'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    'anthropic.claude-opus-4-1-20250805-v1:0',
    'claude-sonnet-4-5@20250929',
    'claude-opus-4-6[1m]',
  ];
  assert.deepEqual(
    formerly.map((name) => providerOf({ model: name })),
    ['aws.bedrock', 'aws.bedrock', 'gcp.vertex_ai', 'anthropic'],
  );
});
