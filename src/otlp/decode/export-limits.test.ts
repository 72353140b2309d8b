import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { createFullKeyTable } from '../dialects/wanted-keys.ts';
import type { Signal } from '../export-answer.ts';
import { decodeTraces, type OtlpFormat } from './decode-traces.ts';
import { countItems, EXPLAIN_LIMITS, EXPORT_LIMITS, excessOf } from './export-limits.ts';
import type { ExportLimits } from './item-count.ts';

const MIB = 1024 * 1024;
const FIXTURES = new URL('../../../test/fixtures/otlp/', import.meta.url);
const UNLIMITED = { itemsMax: Number.POSITIVE_INFINITY, partsMax: Number.POSITIVE_INFINITY };

function field(number: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const length: number[] = [];
  for (let rest = content.length; ; rest >>>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) break;
  }
  return Buffer.concat([Buffer.of((number << 3) | 2), Buffer.from(length), content]);
}

/** `count` empty messages of one field. */
const empties = (number: number, count: number) => Buffer.alloc(2 * count, Buffer.of((number << 3) | 2, 0));

/** A body of one resource and one scope with these items. */
const body = (items: Uint8Array) => field(1, field(2, items));

const excess = (bytes: Buffer, format: OtlpFormat, limits: ExportLimits) =>
  excessOf(countItems(bytes, { format, signal: 'traces', limits }), 'traces', limits);

const textOf = (bytes: Uint8Array) => Buffer.from(bytes);

test('the spans of every captured export are counted as they are decoded', () => {
  let seen = 0;
  for (const name of readdirSync(FIXTURES)) {
    const format = name.endsWith('.pb') ? 'protobuf' : name.endsWith('.json') ? 'json' : null;
    if (format === null) continue;
    const bytes = readFileSync(new URL(name, FIXTURES));
    const decoded = decodeTraces(bytes, format, createFullKeyTable());
    if (!decoded.ok) continue;
    seen += decoded.value.spans.length;
    assert.equal(
      countItems(bytes, { format, signal: 'traces', limits: UNLIMITED }).items,
      decoded.value.spans.length,
      name,
    );
  }
  assert.ok(seen > 20, `only ${seen} spans were seen`);
});

test('items are counted per signal', () => {
  const inMetric = (data: number, count: number) => field(2, field(data, empties(1, count)));
  const cases: [Signal, Buffer, number][] = [
    ['traces', body(empties(2, 7)), 7],
    ['logs', body(empties(2, 8)), 8],
    ['metrics', body(Buffer.concat([5, 7, 9, 10, 11].map((data) => inMetric(data, 3)))), 15],
  ];
  for (const [signal, bytes, items] of cases) {
    assert.equal(countItems(bytes, { format: 'protobuf', signal, limits: UNLIMITED }).items, items, signal);
  }
  const points =
    '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"sum":{"dataPoints":[{},{}]}},{"gauge":{"dataPoints":[{}]}}]}]}]}';
  assert.equal(
    countItems(textOf(Buffer.from(points)), { format: 'json', signal: 'metrics', limits: UNLIMITED }).items,
    3,
  );
});

test('sixteen MiB of the smallest things are too much, whatever they are', () => {
  const array = (entries: Uint8Array) => field(9, field(1, Buffer.from('a')), field(2, field(5, entries)));
  const list = (entries: Uint8Array) => field(9, field(1, Buffer.from('a')), field(2, field(6, entries)));
  const many = 8 * MIB - 100;
  const bodies: Record<string, Buffer> = {
    resources: empties(1, many),
    scopes: field(1, empties(2, many)),
    'attributes of a resource': field(1, field(1, empties(1, many))),
    spans: body(empties(2, many)),
    attributes: body(field(2, empties(9, many))),
    events: body(field(2, empties(11, many))),
    links: body(field(2, empties(13, many))),
    'values of an array': body(field(2, array(empties(1, many)))),
    'entries of a list': body(field(2, list(empties(1, many)))),
  };
  for (const [what, bytes] of Object.entries(bodies)) {
    assert.match(excess(bytes, 'protobuf', EXPORT_LIMITS) ?? '', /more than/, what);
  }
});

test('JSON is counted outside its strings, and by the brackets around it', () => {
  const span = '{"name":"a {[,\\\\\\" b","attributes":[{"key":"k","value":{"stringValue":"{},{}"}}]}';
  const text = `{"resourceSpans":[{"resource":{"attributes":[{"key":"a","value":{"intValue":1}}]},"scopeSpans":[{"spans":[${span},${span}]},{"spans":[${span}]}]}]}`;
  assert.equal(countItems(Buffer.from(text), { format: 'json', signal: 'traces', limits: UNLIMITED }).items, 3);
  const spans = Buffer.from(`{"resourceSpans":[{"scopeSpans":[{"spans":[${'{},'.repeat(100_001)}{}]}]}]}`);
  assert.match(excess(spans, 'json', EXPORT_LIMITS) ?? '', /more than 100000 spans/);
  const values = Buffer.from(`{"resourceSpans":[${'[],'.repeat(3_000_000)}[]]}`);
  assert.match(excess(values, 'json', EXPORT_LIMITS) ?? '', /more than 2000000 values/);
});

test('an export at the limit is taken, and one span more is not', () => {
  const { itemsMax } = EXPORT_LIMITS;
  assert.equal(excess(body(empties(2, itemsMax)), 'protobuf', EXPORT_LIMITS), null);
  assert.notEqual(excess(body(empties(2, itemsMax + 1)), 'protobuf', EXPORT_LIMITS), null);
  assert.notEqual(excess(body(empties(2, 1001)), 'protobuf', EXPLAIN_LIMITS), null);
});

test('no bytes make the count throw or go on for ever', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom<Signal>('traces', 'logs', 'metrics'),
      (bytes, signal) => {
        for (const wrapped of [bytes, body(bytes), body(field(2, bytes))]) {
          assert.ok(
            countItems(wrapped, { format: 'protobuf', signal: signal, limits: UNLIMITED }).items <= wrapped.length,
          );
          assert.ok(countItems(wrapped, { format: 'json', signal: signal, limits: UNLIMITED }).items <= wrapped.length);
        }
      },
    ),
  );
});
