import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ArrivalList } from './arrival-list.ts';

test('a list of arrivals keeps their order, whatever is removed in between and however large the slots', () => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(1000)), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (all) => {
      const list = new ArrivalList();
      const model: number[] = [];
      for (const [isPush, number] of all) {
        if (isPush && !model.includes(number)) {
          list.push(number);
          model.push(number);
        } else if (!isPush && model.length > 0) {
          const [slot] = model.splice(number % model.length, 1);
          list.remove(slot as number);
        }
        assert.deepEqual([...list], model);
        assert.equal(list.length, model.length);
        assert.equal(list.first, model[0] ?? -1);
      }
    }),
  );
});
