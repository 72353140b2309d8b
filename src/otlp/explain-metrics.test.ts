import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createKeyTable } from './dialects/wanted-keys.ts';
import { encodeMetrics, type JsonMetrics } from './encode-metrics.contract.ts';
import { explainMetrics } from './explain-metrics.ts';
import { SHIPPED_ATTRIBUTE_NAMES } from './shipped-attribute-names.contract.ts';
import { DimensionFinder } from './to-events/tenant-and-route.ts';

const GEMINI = new URL('../../test/fixtures/agents/gemini-cli-0.61.0/3-metrics.json', import.meta.url);
const options = {
  tenantOfKey: null,
  keys: createKeyTable(SHIPPED_ATTRIBUTE_NAMES),
  dimensions: new DimensionFinder(SHIPPED_ATTRIBUTE_NAMES),
  keepUserEmail: false,
};

test('an explanation says of each data point what it is kept as, and of metrics that nobody reads why not', () => {
  const json = readFileSync(GEMINI);
  const explained = explainMetrics(json, 'json', options);
  const protobuf = explainMetrics(encodeMetrics(JSON.parse(json.toString()) as JsonMetrics), 'protobuf', options);
  assert.deepEqual(protobuf, explained);
  assert.ok(explained.ok);
  const kept = explained.value.filter(({ outcome }) => outcome === 'kept');
  assert.deepEqual(
    kept.map(({ name, meter }) => [name, meter?.part, meter?.value, meter?.precedence]),
    [
      ['gemini_cli.token.usage', 'prompt', 900, 0],
      ['gemini_cli.token.usage', 'completion', 30, 0],
      ['gemini_cli.token.usage', 'cached', 400, 0],
      ['gemini_cli.token.usage', 'reasoning_beside', 15, 0],
      ['gemini_cli.token.usage', 'prompt', 0, 0],
      ['gen_ai.client.token.usage', 'prompt', 900, 3],
      ['gen_ai.client.token.usage', 'completion', 30, 3],
    ],
  );
  for (const { meter } of kept) {
    assert.deepEqual(
      [meter?.sender, meter?.tenant, meter?.session_id?.slice(0, 8)],
      ['gemini-cli', 'acme', 'c8ef76ab'],
    );
  }
  const others = explained.value.filter(({ outcome }) => outcome !== 'kept');
  assert.deepEqual(
    others.map(({ name, outcome, reason, meter }) => [name, outcome, reason.includes(name), meter]),
    ['gemini_cli.api.request.count', 'gemini_cli.api.request.latency', 'gen_ai.client.operation.duration'].map(
      (name) => [name, 'ignored', true, null],
    ),
  );
});
