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

test('a body that cannot be read gives the reason and no explanation', () => {
  const explained = explainExport(Buffer.from('[]'), 'json', options);
  assert.deepEqual(explained, { ok: false, reason: 'the body must be an object with resourceSpans' });
});
