import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createKeyTable } from './dialects/wanted-keys.ts';
import { explainExport } from './explain.ts';
import { SHIPPED_ATTRIBUTE_NAMES } from './shipped-attribute-names.contract.ts';
import { DimensionFinder } from './to-events/tenant-and-route.ts';

const FOLDER = new URL('../../test/fixtures/otlp/', import.meta.url);
const options = {
  tenantOfKey: null,
  keys: createKeyTable(SHIPPED_ATTRIBUTE_NAMES),
  dimensions: new DimensionFinder(SHIPPED_ATTRIBUTE_NAMES),
};

function explain(file: string) {
  const format = file.endsWith('.json') ? 'json' : 'protobuf';
  const explained = explainExport(readFileSync(new URL(file, FOLDER)), format, options);
  assert.ok(explained.ok);
  return explained.value;
}

test('a counted span shows each field with the attribute that it was read from', () => {
  const [span] = explain('traceloop-py-assoc.pb');
  assert.equal(span?.outcome, 'counted');
  const tenant = span?.fields.find(({ field }) => field === 'tenant');
  assert.deepEqual(tenant, {
    field: 'tenant',
    value: 'globex',
    attribute: 'traceloop.association.properties.tenant_id',
    read_as: 'text',
  });
  assert.ok(span?.ignored_attributes.includes('gen_ai.input.messages'));
  assert.equal(span?.events.length, 2);
});

test('a folded span names the call that stands for it and the rule', () => {
  const spans = explain('traceloop-py-anthropic-stream.pb');
  const folded = spans.find(({ outcome }) => outcome === 'folded');
  const counted = spans.find(({ outcome }) => outcome === 'counted');
  assert.equal(folded?.request_id, counted?.request_id);
  assert.match(folded?.reason ?? '', /response id/);
});

test('an ignored span says which attribute made it no call', () => {
  const spans = explain('vercel-ai7-json-tool.json');
  const agent = spans.find(({ name }) => name.startsWith('invoke_agent'));
  assert.deepEqual([agent?.outcome, agent?.reason], ['ignored', 'gen_ai.operation.name is invoke_agent']);
});

test('agents without a model call in their trace get a hint, and those with one get none', () => {
  const spanOf = (spanId: string, attributes: Readonly<Record<string, string>>, traceId = 'a'.repeat(32)) => ({
    traceId,
    spanId: spanId.repeat(16),
    name: 'span',
    startTimeUnixNano: '1795486623000000000',
    endTimeUnixNano: '1795486624000000000',
    attributes: Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } })),
  });
  const agent = { 'openinference.span.kind': 'AGENT' };
  const spans = [
    spanOf('1', agent),
    spanOf('2', { 'gen_ai.operation.name': 'execute_tool' }),
    spanOf('3', { 'http.route': '/chat' }),
    spanOf('4', agent, 'b'.repeat(32)),
    spanOf('5', { 'openinference.span.kind': 'LLM', 'llm.model_name': 'gpt-4o' }, 'b'.repeat(32)),
  ];
  const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ scope: { name: 'crew' }, spans }] }] });
  const explained = explainExport(Buffer.from(body), 'json', options);
  assert.ok(explained.ok);
  const hinted = explained.value.map(({ hint }) => hint !== null);
  assert.deepEqual(hinted, [true, true, false, false, false]);
  assert.match(explained.value[0]?.hint ?? '', /instrument the model's client/);
});

test('a body that cannot be read gives the reason and no explanation', () => {
  const explained = explainExport(Buffer.from('[]'), 'json', options);
  assert.deepEqual(explained, { ok: false, reason: 'the body must be an object with resourceSpans' });
});
