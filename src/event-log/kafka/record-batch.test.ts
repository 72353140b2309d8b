import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32c, createRecordsBatch, Reader, readRecordsBatch } from '@platformatic/kafka';
import { TOPICS } from '../../events/topics.ts';
import { StorageError } from '../../storage/storage-error.ts';
import type { NewRecord } from '../event-log.ts';
import { decodeRecordBatches } from './decode-record-batches.ts';
import { encodeRecordBatch } from './encode-record-batch.ts';
import type { KafkaCompression } from './kafka-settings.ts';
import * as layout from './record-batch.ts';

const NOW_MS = 1_700_000_000_123;
const EVERYTHING = { from: 0, bytesMax: Number.POSITIVE_INFINITY };

function someRecords(count: number): NewRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    topic: TOPICS.requests,
    key: `schlüssel-${i}`,
    value: Buffer.from('é'.repeat(i * 7)),
  }));
}

interface Changes {
  readonly baseOffset?: number;
  readonly attributes?: number;
  readonly maxTimestampMs?: number;
  readonly producerId?: bigint;
}

/** A batch as a broker stores it: the changes that a broker or another producer makes, and the checksum after them. */
function aBatch(records: readonly NewRecord[], changes: Changes = {}, compression: KafkaCompression = 'none'): Buffer {
  const identity = { producerId: changes.producerId ?? 7n, epoch: 1, sequence: 5 };
  const bytes = encodeRecordBatch(records, identity, { compression, nowMs: NOW_MS });
  bytes.writeBigInt64BE(BigInt(changes.baseOffset ?? 0), 0);
  bytes.writeInt16BE(bytes.readInt16BE(layout.ATTRIBUTES_AT) | (changes.attributes ?? 0), layout.ATTRIBUTES_AT);
  if (changes.maxTimestampMs !== undefined)
    bytes.writeBigInt64BE(BigInt(changes.maxTimestampMs), layout.MAX_TIMESTAMP_AT);
  bytes.writeUInt32BE(crc32c(bytes.subarray(layout.ATTRIBUTES_AT)), layout.CRC_AT);
  return bytes;
}

for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
  test(`a batch with compression ${compression} comes back byte for byte`, () => {
    const records = someRecords(300);
    const decoded = decodeRecordBatches(aBatch(records, { baseOffset: 40 }, compression), EVERYTHING);
    assert.equal(decoded.nextOffset, 340);
    assert.deepEqual(
      Array.from(decoded.records, ({ offset, loggedAtMs, key, value }) => [
        offset,
        loggedAtMs,
        String(key),
        String(value),
      ]),
      records.map(({ key, value }, i) => [40 + i, NOW_MS, key, value.toString()]),
    );
  });
}

test("the tenant of the sender's key is a header, which any client can read", () => {
  const tenants = ['acme', null, 'żółw 🐢', 'x'.repeat(255)];
  const records = tenants.map((senderTenant, i) => ({ ...(someRecords(4)[i] as NewRecord), senderTenant }));
  const bytes = aBatch(records);
  assert.deepEqual(
    Array.from(decodeRecordBatches(bytes, EVERYTHING).records, (record) => record.senderTenant?.toString() ?? null),
    tenants,
  );
  assert.deepEqual(
    readRecordsBatch(Reader.from(bytes)).records.map(({ headers }) => headers.map((pair) => pair.map(String))),
    tenants.map((tenant) => (tenant === null ? [] : [['tenant_id', tenant]])),
  );
});

test("other producers' headers are passed over, and an empty tenant is none", () => {
  const tenantOf = (headers: Readonly<Record<string, string>>) => {
    const pairs = Object.entries(headers).map(([name, value]) => [Buffer.from(name), Buffer.from(value)] as const);
    const message = {
      topic: TOPICS.responses,
      key: Buffer.from('k'),
      value: Buffer.from('v'),
      headers: new Map(pairs),
    };
    const { buffer } = createRecordsBatch([message]);
    return Array.from(decodeRecordBatches(buffer, EVERYTHING).records, ({ senderTenant }) => String(senderTenant))[0];
  };
  assert.equal(tenantOf({ traceparent: '00-1', tenant_id: 'acme', x: '' }), 'acme');
  assert.equal(tenantOf({ traceparent: '00-1' }), 'null');
  assert.equal(tenantOf({ tenant_id: '' }), 'null');
});

test("our batches are read alike by the library's codec", () => {
  const batch = readRecordsBatch(Reader.from(aBatch(someRecords(130))));
  assert.deepEqual([batch.producerId, batch.producerEpoch, batch.firstSequence], [7n, 1, 5]);
  assert.deepEqual(
    batch.records.map(({ key }) => String(key)),
    someRecords(130).map(({ key }) => key),
  );
  assert.deepEqual(
    batch.records.map(({ offsetDelta }) => offsetDelta),
    Array.from({ length: 130 }, (_, i) => i),
  );
});

test('a batch with LogAppendTime gives all its records the time of the broker', () => {
  const bytes = aBatch(someRecords(2), { attributes: layout.LOG_APPEND_TIME_BIT, maxTimestampMs: NOW_MS + 500 });
  assert.deepEqual(
    Array.from(decodeRecordBatches(bytes, EVERYTHING).records, ({ loggedAtMs }) => loggedAtMs),
    [NOW_MS + 500, NOW_MS + 500],
  );
});

test('records below the wanted offset are skipped, and a batch cut off at the end is left out', () => {
  const bytes = Buffer.concat([
    aBatch(someRecords(3)),
    aBatch(someRecords(3), { baseOffset: 3 }),
    aBatch(someRecords(3), { baseOffset: 6 }),
  ]);
  const decoded = decodeRecordBatches(bytes.subarray(0, bytes.length - 1), { ...EVERYTHING, from: 4 });
  assert.deepEqual(
    Array.from(decoded.records, ({ offset }) => offset),
    [4, 5],
  );
  assert.equal(decoded.nextOffset, 6);
});

test('the stamp from an offset on is that of the first batch which begins there or later', () => {
  const bytes = Buffer.concat([
    aBatch(someRecords(3), { maxTimestampMs: 1_000 }),
    aBatch(someRecords(3), { baseOffset: 3, maxTimestampMs: 2_000 }),
  ]);
  const { stampMsFrom } = decodeRecordBatches(bytes, EVERYTHING);
  assert.deepEqual([0, 1, 3, 4, 6].map(stampMsFrom), [1_000, 2_000, 2_000, null, null]);
});

test('decoding stops after the batch with which the bytes reach the bound', () => {
  const bytes = Buffer.concat([aBatch(someRecords(3)), aBatch(someRecords(3), { baseOffset: 3 })]);
  assert.equal(decodeRecordBatches(bytes, { from: 0, bytesMax: 1 }).nextOffset, 3);
});

test('transaction markers and records of aborted transactions are not seen, and the offset goes past them', () => {
  const { CONTROL_BIT, TRANSACTIONAL_BIT } = layout;
  const bytes = Buffer.concat([
    aBatch(someRecords(1), { baseOffset: 0, attributes: TRANSACTIONAL_BIT, producerId: 1n }), // aborted
    aBatch(someRecords(1), { baseOffset: 1, attributes: TRANSACTIONAL_BIT, producerId: 2n }), // committed
    aBatch(someRecords(1), { baseOffset: 2 }), // of nobody's transaction
    aBatch(someRecords(1), { baseOffset: 3, attributes: TRANSACTIONAL_BIT | CONTROL_BIT, producerId: 1n }),
    aBatch(someRecords(1), { baseOffset: 4, attributes: TRANSACTIONAL_BIT, producerId: 1n }), // its next one, committed
    aBatch(someRecords(1), { baseOffset: 5, attributes: TRANSACTIONAL_BIT | CONTROL_BIT, producerId: 1n }),
  ]);
  const decoded = decodeRecordBatches(bytes, { ...EVERYTHING, aborted: [{ producerId: 1n, firstOffset: 0n }] });
  assert.deepEqual(
    Array.from(decoded.records, ({ offset }) => offset),
    [1, 2, 4],
  );
  assert.equal(decoded.nextOffset, 6);
});

test('a batch that does not match its checksum is corrupt', () => {
  const bytes = aBatch(someRecords(3));
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  assert.throws(
    () => decodeRecordBatches(bytes, EVERYTHING),
    (error) => error instanceof StorageError && error.code === 'corrupt',
  );
});

test('a prefix stands before each value, and what is empty has it alone', () => {
  const records = someRecords(3);
  const valuePrefix = Buffer.of(0, 1, 2, 3, 4);
  const identity = { producerId: 7n, epoch: 1, sequence: 0 };
  const bytes = encodeRecordBatch(records, identity, { compression: 'none', nowMs: NOW_MS, valuePrefix });
  assert.deepEqual(
    Array.from(decodeRecordBatches(bytes, EVERYTHING).records, ({ value }) => value),
    records.map(({ value }) => Buffer.concat([valuePrefix, value])),
  );
});

test('the trace of a record is a header, which any client can read, beside that of the tenant', () => {
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const marks: Partial<NewRecord>[] = [
    { traceparent },
    { senderTenant: 'acme' },
    { senderTenant: 'acme', traceparent },
  ];
  const bytes = aBatch(marks.map((more, i) => ({ ...(someRecords(3)[i] as NewRecord), ...more })));
  assert.deepEqual(
    readRecordsBatch(Reader.from(bytes)).records.map(({ headers }) => headers.map((pair) => pair.map(String))),
    [
      [['traceparent', traceparent]],
      [['tenant_id', 'acme']],
      [
        ['tenant_id', 'acme'],
        ['traceparent', traceparent],
      ],
    ],
  );
  assert.deepEqual(
    Array.from(decodeRecordBatches(bytes, EVERYTHING).records, (record) => record.traceparent),
    [traceparent, undefined, traceparent],
  );
});
