import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fingerprint } from './fingerprint.ts';
import { FINGERPRINT_INTS, FingerprintBuckets } from './fingerprint-buckets.ts';
import { NONE, RecordPages } from './record-pages.ts';

const LINK = FINGERPRINT_INTS;

test('entries are found by their fingerprint while they are linked, the one linked last first', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ id: fc.nat(20), isLinked: fc.boolean() }), { maxLength: 200 }), (steps) => {
      const entries = new RecordPages(LINK + 2);
      entries.addPage();
      const buckets = new FingerprintBuckets(entries, LINK, 1);
      const fingerprint = new Fingerprint(7);
      const of = (id: number) => fingerprint.of(Buffer.from(`id-${id}`));
      const linked: { readonly id: number; readonly entry: number }[] = [];
      for (const [entry, { id, isLinked }] of steps.entries()) {
        if (isLinked) {
          buckets.name(entry, of(id));
          buckets.link(entry);
          linked.push({ id, entry });
        } else {
          const at = linked.findLastIndex((each) => each.id === id);
          if (at >= 0) buckets.unlink(linked.splice(at, 1)[0]?.entry as number);
        }
        if (linked.length > buckets.entriesMax) {
          buckets.double();
          assert.ok(linked.length <= buckets.entriesMax);
          for (const each of linked) buckets.link(each.entry);
        }
        for (let asked = 0; asked <= 20; asked++) {
          assert.equal(buckets.find(of(asked)), linked.findLast((each) => each.id === asked)?.entry ?? NONE);
        }
      }
    }),
  );
});
