import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import protobuf from 'protobufjs/minimal.js';
import { createKeyTable } from '../dialects/wanted-keys.ts';
import { field } from '../otlp-builders.contract.ts';
import { SHIPPED_ATTRIBUTE_NAMES } from '../shipped-attribute-names.contract.ts';
import { decodeTraces, otlpFormatOf } from './decode-traces.ts';

const FOLDER = new URL('../../../test/fixtures/otlp/', import.meta.url);
const keys = createKeyTable(SHIPPED_ATTRIBUTE_NAMES);

function fromJson(body: unknown) {
  return decodeTraces(Buffer.from(JSON.stringify(body)), 'json', keys);
}

function spanFromJson(span: unknown) {
  const decoded = fromJson({ resourceSpans: [{ scopeSpans: [{ scope: { name: 's' }, spans: [span] }] }] });
  assert.ok(decoded.ok);
  const [first] = decoded.value.spans;
  assert.ok(first);
  return first;
}

function attributeFromJson(value: unknown) {
  return spanFromJson({ attributes: [{ key: 'gen_ai.usage.input_tokens', value }] }).attributes.get(
    'gen_ai.usage.input_tokens',
  );
}

function reasonOf(decoded: ReturnType<typeof decodeTraces>): string {
  return decoded.ok ? '' : decoded.reason;
}

/** An export of one span, whose fields `write` writes. */
function spanInProtobuf(write: (writer: protobuf.Writer) => void): Uint8Array {
  const span = field(2, write);
  const scopeSpans = field(2, (writer) => appendRaw(writer, span));
  return field(1, (writer) => appendRaw(writer, scopeSpans));
}

function appendRaw(writer: protobuf.Writer, bytes: Uint8Array): void {
  // The bytes carry their own tag and length already; strip both and write them again.
  const reader = protobuf.Reader.create(bytes);
  writer.uint32(reader.uint32()).bytes(reader.bytes());
}

test('the format comes from the content type, parameters and case ignored', () => {
  assert.equal(otlpFormatOf('application/x-protobuf'), 'protobuf');
  assert.equal(otlpFormatOf('Application/JSON; charset=utf-8'), 'json');
  assert.equal(otlpFormatOf('text/plain'), null);
  assert.equal(otlpFormatOf(undefined), null);
});

test('64 bit integers are taken as strings and as numbers, doubles as names too', () => {
  assert.equal(attributeFromJson({ intValue: '23' }), 23);
  assert.equal(attributeFromJson({ intValue: 23 }), 23);
  assert.equal(attributeFromJson({ doubleValue: 0.2 }), 0.2);
  assert.ok(Number.isNaN(attributeFromJson({ doubleValue: 'NaN' })));
});

test('arrays, key-value lists and bytes are decoded, empty values are absent', () => {
  assert.deepEqual(attributeFromJson({ arrayValue: { values: [{ stringValue: 'a' }, { intValue: 1 }] } }), ['a', 1]);
  assert.deepEqual(attributeFromJson({ kvlistValue: { values: [{ key: 'k', value: { boolValue: true } }] } }), {
    k: true,
  });
  assert.deepEqual(attributeFromJson({ bytesValue: 'YWI=' }), Buffer.from('ab'));
  assert.equal(attributeFromJson({}), undefined);
  assert.equal(attributeFromJson(undefined), undefined);
});

test('ids are hex, and base64 is taken too', () => {
  assert.equal(spanFromJson({ traceId: 'AB'.repeat(16) }).traceId, 'ab'.repeat(16));
  const base64 = Buffer.from('ab'.repeat(16), 'hex').toString('base64');
  assert.equal(spanFromJson({ traceId: base64 }).traceId, 'ab'.repeat(16));
});

test('enums are numbers or names, and absent fields are their zero', () => {
  const span = spanFromJson({ kind: 'SPAN_KIND_CLIENT', status: { code: 'STATUS_CODE_ERROR' } });
  assert.deepEqual([span.kind, span.statusCode], [3, 2]);
  const empty = spanFromJson({});
  assert.deepEqual([empty.kind, empty.statusCode, empty.startMs, empty.durationMs, empty.events], [0, 0, 0, null, []]);
});

test('a span whose times do not tell how long it took has no duration, and one without a start began when it ended', () => {
  const timesOf = (start?: number, end?: number) => {
    const { startMs, durationMs } = spanFromJson({ startTimeUnixNano: start, endTimeUnixNano: end });
    const json = [startMs, durationMs];
    const decoded = decodeTraces(
      spanInProtobuf((writer) => {
        if (start !== undefined) writer.uint32(57).fixed64(start);
        if (end !== undefined) writer.uint32(65).fixed64(end);
      }),
      'protobuf',
      keys,
    );
    assert.ok(decoded.ok);
    assert.deepEqual([decoded.value.spans[0]?.startMs, decoded.value.spans[0]?.durationMs], json);
    return json;
  };
  assert.deepEqual(timesOf(5_000_000, 6_500_000), [5, 1.5]);
  assert.deepEqual(timesOf(5_000_000), [5, null], 'no end');
  assert.deepEqual(timesOf(5_000_000, 0), [5, null]);
  assert.deepEqual(timesOf(5_000_000, 4_000_000), [5, null], 'an end before the start');
  assert.deepEqual(timesOf(5_000_000, 5_000_000), [5, null], 'nothing takes no time');
  assert.deepEqual(timesOf(5_000_000, 5_000_000 + 14 * 86_400e9), [5, null], 'weeks');
  assert.deepEqual(timesOf(undefined, 7_000_000), [7, null], 'no start');
  assert.deepEqual(timesOf(0, 7_000_000), [7, null]);
  assert.deepEqual(timesOf(), [0, null]);
});

test('durations are exact to the ns and a whole ms stays whole', () => {
  const span = spanFromJson({ startTimeUnixNano: '1795486810905000000', endTimeUnixNano: '1795486811049865535' });
  assert.deepEqual([span.startMs, span.durationMs], [1_795_486_810_905, 144.865535]);
  assert.equal(spanFromJson({ startTimeUnixNano: 5_000_000, endTimeUnixNano: 4_000_000 }).durationMs, null);
});

test('logs and metrics on the traces URL are refused with the right address', () => {
  assert.match(reasonOf(fromJson({ resourceLogs: [] })), /\/v1\/logs/);
  assert.match(reasonOf(fromJson({ resourceMetrics: [] })), /\/v1\/metrics/);
  const logs = decodeTraces(readFileSync(new URL('contrib-py-chat.logs.pb', FOLDER)), 'protobuf', keys);
  assert.match(reasonOf(logs), /logs or metrics, which belong to \/v1\/logs/);
});

test('attributes as an object are refused with the path and the right form', () => {
  const decoded = fromJson({ resourceSpans: [{ scopeSpans: [{ spans: [{ attributes: { a: 1 } }] }] }] });
  assert.match(reasonOf(decoded), /^resourceSpans\[0\]\.scopeSpans\[0\]\.spans\[0\]\.attributes must be an array of/);
});

test('shapes that are no export are refused by the name of the field', () => {
  assert.match(reasonOf(fromJson([])), /must be an object with resourceSpans/);
  assert.match(reasonOf(fromJson({ resourceSpans: {} })), /^resourceSpans must be an array/);
  assert.match(reasonOf(fromJson({ resourceSpans: [1] })), /^resourceSpans\[0\] must be an object/);
  assert.match(reasonOf(fromJson({ spans: [] })), /resourceSpans\[\]\.scopeSpans\[\]/);
  assert.match(reasonOf(decodeTraces(Buffer.from('{"a"'), 'json', keys)), /not JSON/);
});

test('an empty export is an export', () => {
  assert.deepEqual(fromJson({}), { ok: true, value: { spans: [] } });
  assert.deepEqual(decodeTraces(new Uint8Array(0), 'protobuf', keys), { ok: true, value: { spans: [] } });
});

test('prompts, answers and stack traces are not materialised', () => {
  const decoded = decodeTraces(readFileSync(new URL('traceloop-py-err429.pb', FOLDER)), 'protobuf', keys);
  assert.ok(decoded.ok);
  const [span] = decoded.value.spans;
  assert.equal(span?.attributes.has('gen_ai.input.messages'), false);
  assert.equal(span?.events[0]?.attributes.has('exception.stacktrace'), false);
  assert.equal(span?.events[0]?.attributes.has('exception.type'), true);
});

test('every captured body that is cut off anywhere is refused or decoded, and never throws', () => {
  const body = readFileSync(new URL('combo-oinf-genai-py-chat.pb', FOLDER));
  for (let length = 0; length < body.length; length++) decodeTraces(body.subarray(0, length), 'protobuf', keys);
  assert.match(reasonOf(decodeTraces(body.subarray(0, body.length - 1), 'protobuf', keys)), /cut off/);
});

test('a body with any byte changed is refused or decoded, and never throws', () => {
  const body = readFileSync(new URL('contrib-py-chat.pb', FOLDER));
  for (let i = 0; i < body.length; i++) {
    for (const value of [0, 0x7f, 0xff]) decodeTraces(body.with(i, value), 'protobuf', keys);
  }
});

test('an attribute whose value comes before its key is read', () => {
  const body = spanInProtobuf((writer) => {
    const keyValue = protobuf.Writer.create();
    keyValue.uint32(0x12).fork().uint32(0x18).int64(23).ldelim().uint32(0x0a).string('gen_ai.usage.input_tokens');
    writer.uint32(0x4a).bytes(keyValue.finish());
  });
  const decoded = decodeTraces(body, 'protobuf', keys);
  assert.ok(decoded.ok);
  assert.equal(decoded.value.spans[0]?.attributes.get('gen_ai.usage.input_tokens'), 23);
});

test('integers of any size and sign are decoded', () => {
  for (const count of [0, 127, 128, 300, 2 ** 31, 2 ** 40, -1]) {
    const body = spanInProtobuf((writer) => {
      const value = protobuf.Writer.create().uint32(0x18).int64(count).finish();
      const keyValue = protobuf.Writer.create()
        .uint32(0x0a)
        .string('gen_ai.usage.input_tokens')
        .uint32(0x12)
        .bytes(value);
      writer.uint32(0x4a).bytes(keyValue.finish());
    });
    const decoded = decodeTraces(body, 'protobuf', keys);
    assert.ok(decoded.ok);
    assert.equal(decoded.value.spans[0]?.attributes.get('gen_ai.usage.input_tokens'), count);
  }
});

test('a value nested a thousand deep is dropped, not followed', () => {
  let value: unknown = { stringValue: 'x' };
  for (let i = 0; i < 1000; i++) value = { arrayValue: { values: [value] } };
  assert.notEqual(attributeFromJson(value), undefined);
  let bytes = protobuf.Writer.create().uint32(0x0a).string('x').finish();
  for (let i = 0; i < 1000; i++) {
    bytes = protobuf.Writer.create().uint32(0x2a).fork().uint32(0x0a).bytes(bytes).ldelim().finish();
  }
  const body = spanInProtobuf((writer) => {
    const keyValue = protobuf.Writer.create()
      .uint32(0x0a)
      .string('gen_ai.usage.input_tokens')
      .uint32(0x12)
      .bytes(bytes);
    writer.uint32(0x4a).bytes(keyValue.finish());
  });
  assert.ok(decodeTraces(body, 'protobuf', keys).ok);
});
