import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROCESSOR_KEPT_MS } from '../processors.ts';
import type { OpenStore } from './builders.ts';

/** What processors tell of themselves. */
export function processorsContract(open: OpenStore): void {
  test('a processor is kept as it told of itself last, until it goes or is silent for long', async () => {
    const store = await open();
    const [a, b] = ['a', 'b'].map((id) => ({
      id,
      place: `${id} "host":1`,
      seenAtMs: 1_000,
      settings: { JOIN_TIMEOUT: '15m', PRICES_FILE: "it's żółw" },
    }));
    assert.ok(a !== undefined && b !== undefined);
    await store.tellProcessor(b);
    await store.tellProcessor(a);
    assert.deepEqual(await store.readProcessors(), [a, b]);
    const later = { ...a, seenAtMs: 1_000 + PROCESSOR_KEPT_MS, settings: { JOIN_TIMEOUT: '1h' } };
    await store.tellProcessor(later);
    assert.deepEqual(await store.readProcessors(), [later, b]);
    await store.tellProcessor({ ...later, seenAtMs: later.seenAtMs + 1 });
    assert.deepEqual(
      (await store.readProcessors()).map(({ id }) => id),
      ['a'],
    );
    await store.forgetProcessor('a');
    await store.forgetProcessor('nobody');
    assert.deepEqual(await store.readProcessors(), []);
    await store.close();
  });
}
