import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RecordBuckets } from './record-buckets.ts';
import { NONE, RecordPages } from './record-pages.ts';

const HASH = 1;
const NEXT = 3;
const INTS = 4;

test('records are found by their hash among others of their bucket, until they are unlinked, also when it doubled', () => {
  const steps = fc.record({ hash: fc.integer({ min: -6, max: 6 }), what: fc.constantFrom('link', 'unlink', 'double') });
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 100 }), (taken) => {
      const records = new RecordPages(INTS);
      records.addPage();
      const buckets = new RecordBuckets(records, { hash: HASH, next: NEXT }, 2);
      const linked: { readonly record: number; readonly hash: number }[] = [];
      const found = (hash: number): readonly number[] => {
        const numbers: number[] = [];
        for (let record = buckets.first(hash); record !== NONE; record = buckets.after(record)) {
          if (records.int(record, HASH) === hash) numbers.push(record);
        }
        return numbers.sort((a, b) => a - b);
      };
      for (const [record, { hash, what }] of taken.entries()) {
        const known = linked.findIndex((each) => each.hash === hash);
        if (what === 'link') {
          records.setInt(record, HASH, hash);
          buckets.link(record);
          linked.push({ record, hash });
        } else if (what === 'unlink' && known >= 0) {
          for (const each of linked.splice(known, 1)) buckets.unlink(each.record);
        } else if (what === 'double' && buckets.bucketCount < 64) {
          buckets.double();
          for (const each of linked) buckets.link(each.record);
        }
      }
      for (let hash = -6; hash <= 6; hash++) {
        const expected = linked.flatMap((each) => (each.hash === hash ? [each.record] : []));
        assert.deepEqual(found(hash), expected);
      }
      buckets.clear();
      assert.deepEqual(found(0), []);
    }),
  );
});
