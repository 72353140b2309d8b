import assert from 'node:assert/strict';
import { test } from 'node:test';
import type protobuf from 'protobufjs/minimal.js';
import { createKeyTable } from '../dialects/wanted-keys.ts';
import { field } from '../otlp-builders.contract.ts';
import { SHIPPED_ATTRIBUTE_NAMES } from '../shipped-attribute-names.contract.ts';
import { decodeLogs } from './decode-logs.ts';
import { decodeMetrics } from './decode-metrics.ts';
import { decodeTraces } from './decode-traces.ts';
import type { OtlpResource } from './trace-export.ts';

const keys = createKeyTable(SHIPPED_ATTRIBUTE_NAMES);

const pair = (key: string, value: string) => ({ key, value: { stringValue: value } });
const RESOURCE = { attributes: [pair('service.name', 'shop'), pair('tenant.id', 'everybody')] };
const SCOPE = { name: 'llm', attributes: [pair('tenant.id', 'acme'), pair('colour', 'red')] };

/** An export with one scope that names a tenant, and one that does not. */
function inJson(signal: 'Spans' | 'Logs' | 'Metrics', items: string): Buffer {
  const groups = [SCOPE, { name: 'other' }].map((scope) => ({ scope, [items]: [{ name: 'one' }] }));
  return Buffer.from(JSON.stringify({ [`resource${signal}`]: [{ resource: RESOURCE, [`scope${signal}`]: groups }] }));
}

function inProtobuf(): Buffer {
  // Each part carries its own tag and length; no byte here is beyond 127, so that each is a varint of itself.
  const message = (number: number, ...parts: readonly Uint8Array[]): Uint8Array =>
    field(number, (writer) => {
      for (const byte of Buffer.concat(parts)) writer.uint32(byte);
    });
  const text = (number: number, value: string) => field(number, (writer: protobuf.Writer) => writeText(writer, value));
  const attribute = (number: number, key: string, value: string) =>
    message(number, text(1, key), message(2, text(1, value)));
  const scope = message(1, text(1, 'llm'), attribute(3, 'tenant.id', 'acme'), attribute(3, 'colour', 'red'));
  const item = message(2);
  const resource = message(1, attribute(1, 'service.name', 'shop'), attribute(1, 'tenant.id', 'everybody'));
  const groups = [message(2, scope, item), message(2, message(1, text(1, 'other')), item)];
  return Buffer.from(message(1, resource, ...groups));
}

function writeText(writer: protobuf.Writer, text: string): void {
  for (const byte of Buffer.from(text)) writer.uint32(byte);
}

function assertNearest(resources: readonly OtlpResource[]): void {
  assert.deepEqual(
    resources.map(({ attributes }) => [attributes.get('tenant.id'), attributes.get('service.name')]),
    [
      ['acme', 'shop'],
      ['everybody', 'shop'],
    ],
  );
  assert.equal(resources[0]?.processKey, resources[1]?.processKey);
  assert.equal(resources[0]?.attributes.has('colour'), false);
}

test('what a scope says of its spans is nearer to them than what the resource says of all', () => {
  for (const [body, format] of [
    [inJson('Spans', 'spans'), 'json'],
    [inProtobuf(), 'protobuf'],
  ] as const) {
    const decoded = decodeTraces(body, format, keys);
    assert.ok(decoded.ok);
    assertNearest(decoded.value.spans.map(({ resource }) => resource));
  }
});

test('so it is of log records and of metrics', () => {
  for (const [logs, metrics, format] of [
    [inJson('Logs', 'logRecords'), inJson('Metrics', 'metrics'), 'json'],
    [inProtobuf(), inProtobuf(), 'protobuf'],
  ] as const) {
    const decodedLogs = decodeLogs(logs, format, keys);
    assert.ok(decodedLogs.ok);
    assertNearest(decodedLogs.value.logs.map(({ resource }) => resource));
    const decodedMetrics = decodeMetrics(metrics, format, { keys, wants: () => true });
    assert.ok(decodedMetrics.ok);
    assertNearest(decodedMetrics.value.metrics.map(({ resource }) => resource));
  }
});
