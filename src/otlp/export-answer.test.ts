import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportAnswer, partialSuccessOf, statusAnswer } from './export-answer.ts';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

test('complete success is no bytes in protobuf and an empty object in JSON', () => {
  assert.equal(exportAnswer('traces', 'protobuf', null).length, 0);
  assert.equal(text(exportAnswer('traces', 'json', null)), '{}');
});

test('rejected spans are counted and named in the field of their signal', () => {
  const partial = partialSuccessOf('traces', [{ spanId: 'ab', reason: 'no start' }]);
  const expected = { partialSuccess: { rejectedSpans: '1', errorMessage: 'span ab: no start' } };
  assert.deepEqual(JSON.parse(text(exportAnswer('traces', 'json', partial))), expected);
  const bytes = exportAnswer('traces', 'protobuf', { rejected: 3, message: 'ab' });
  assert.equal(Buffer.from(bytes).toString('hex'), '0a06080312026162');
});

test('an answer names five reasons and counts the rest', () => {
  const partial = partialSuccessOf(
    'traces',
    Array.from({ length: 7 }, () => ({ spanId: 'ab', reason: 'bad' })),
  );
  assert.match(partial?.message ?? '', /; and 2 more$/);
});

test('a complete success of metrics is plain, for exporters print a line for anything else', () => {
  assert.equal(text(exportAnswer('metrics', 'json', null)), '{}');
  assert.equal(exportAnswer('metrics', 'protobuf', null).length, 0);
});

test('an error is a google.rpc.Status', () => {
  assert.equal(Buffer.from(statusAnswer('protobuf', 3, 'ab')).toString('hex'), '080312026162');
  assert.deepEqual(JSON.parse(text(statusAnswer('json', 14, 'later'))), { code: 14, message: 'later' });
});
