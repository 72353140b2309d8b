import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isEvent } from './event-validator.ts';
import { formatInstant, parseTimestampMs } from './timestamp.ts';

/** RFC 3339 from its parts; hours and minutes of the offset may be zero, the fraction has up to nine digits. */
const timestamps = fc
  .record({
    date: fc.date({
      min: new Date('1970-01-02T00:00:00Z'),
      max: new Date('2199-12-30T00:00:00Z'),
      noInvalidDate: true,
    }),
    fraction: fc.stringMatching(/^(\.\d{1,9})?$/),
    offset: fc.stringMatching(/^(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/),
  })
  .map(({ date, fraction, offset }) => `${date.toISOString().slice(0, 19)}${fraction}${offset}`);

test('an instant is parsed as `Date.parse` does, whatever its fraction and offset', () => {
  fc.assert(
    fc.property(timestamps, (text) => {
      assert.equal(parseTimestampMs(text), Date.parse(text));
    }),
    { numRuns: 5000 },
  );
});

test('an instant is written as `Date.toISOString` does', () => {
  const isWritten = (atMs: number) => assert.equal(formatInstant(atMs), new Date(atMs).toISOString());
  const range = { min: -1e12, max: Date.UTC(10_001, 0, 1) };
  fc.assert(fc.property(fc.integer(range), isWritten), { numRuns: 5000 });
  fc.assert(fc.property(fc.double({ ...range, noNaN: true }), isWritten), { numRuns: 1000 });
});

test('every day of the years that events may have is written and read as the calendar has it', () => {
  const end = Date.UTC(2200, 0, 1);
  for (let atMs = 0; atMs < end; atMs += 86_400_000) {
    const text = new Date(atMs).toISOString();
    assert.equal(formatInstant(atMs), text);
    assert.equal(parseTimestampMs(text), atMs);
  }
});

test('a day that is not in the calendar is no instant', () => {
  for (const day of ['2025-02-29', '2100-02-29', '2025-04-31', '2024-02-30']) {
    assert.equal(parseTimestampMs(`${day}T00:00:00Z`), Number.NaN, day);
  }
  assert.equal(parseTimestampMs('2024-02-29T00:00:00Z'), Date.UTC(2024, 1, 29));
});

test('an event whose offset puts it before 1970 is refused, since it has no window and would stop the processor', () => {
  const event = { request_id: 'a', tenant_id: 't', route: 'r', model: 'm' };
  assert.equal(isEvent('request', { ...event, timestamp: '1970-01-01T00:30:00+01:00' }, 100), false);
  assert.equal(isEvent('request', { ...event, timestamp: '1970-01-01T01:00:00+01:00' }, 100), true);
});
