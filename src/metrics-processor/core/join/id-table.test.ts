import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fingerprint } from './fingerprint.ts';
import { IdTable } from './id-table.ts';
import { NONE } from './record-pages.ts';

const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('touch' as const), id: fc.nat(60) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const), count: fc.nat(8) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('find' as const), id: fc.nat(60) }) },
  ),
  { maxLength: 300 },
);

test('a table of ids behaves as a map in the order of the last touch, while it grows and forgets', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const table = new IdTable(2);
      const model = new Map<number, number>();
      const fingerprint = new Fingerprint(7);
      const of = (id: number) => fingerprint.of(Buffer.from(`id-${id}`));
      all.forEach((step, at) => {
        if (step.kind === 'touch') {
          const entry = table.touch(of(step.id));
          assert.equal(table.requestSeenMs(entry), model.get(step.id) ?? Number.NEGATIVE_INFINITY);
          table.setRequestSeenMs(entry, at);
          model.delete(step.id);
          model.set(step.id, at);
        } else if (step.kind === 'forget') {
          const stalest = [...model.keys()].slice(0, step.count);
          const lastMs = model.get(stalest.at(-1) ?? -1) ?? -1;
          table.forgetWhile((entry) => table.requestSeenMs(entry) <= lastMs);
          for (const id of stalest) model.delete(id);
        } else {
          const entry = table.find(of(step.id));
          assert.equal(entry !== NONE, model.has(step.id));
          if (entry !== NONE) assert.equal(table.requestSeenMs(entry), model.get(step.id));
        }
        assert.equal(table.size, model.size);
      });
    }),
    { numRuns: 500 },
  );
});

test('an entry that is used again knows nothing of the id before', () => {
  const table = new IdTable(2);
  const fingerprint = new Fingerprint(7);
  const entry = table.touch(fingerprint.of(Buffer.from('old')));
  table.beginCall(entry, { tenantId: 't', route: 'r', model: 'm', provider: '' }, 1);
  table.earlierCalls.set(entry, []);
  table.setResponseSeenMs(entry, 5);
  table.forgetWhile(() => true);
  const again = table.touch(fingerprint.of(Buffer.from('new')));
  assert.equal(again, entry);
  assert.deepEqual([table.callsOf(again), table.responseSeenMs(again)], [[], Number.NEGATIVE_INFINITY]);
  assert.equal(table.earlierCalls.size, 0);
});
