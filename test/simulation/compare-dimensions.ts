import type { MemoryMetricsStore } from '../../src/metrics-store/memory/memory-metrics-store.ts';
import { assertSameRows, storedTallies, withoutEmpty } from './compare.ts';
import { numbersText } from './numbers-text.ts';
import type { Expected } from './oracle/batch-oracle.ts';
import type { Plan } from './plan.ts';

const MINUTE = '60000|';

/**
 * Over all values of a dimension rows are those of the series, whatever happened, at the bounds as well; and by value
 * they are what the oracle says, where the store keeps all values.
 */
export async function assertDimensions(
  store: MemoryMetricsStore,
  expected: Expected,
  { dimensions, areDimensionMinutesKept, dimensionValuesMax, pendingMax }: Plan,
): Promise<void> {
  const isKept = (key: string): boolean => areDimensionMinutesKept || !key.startsWith(MINUTE);
  const main = withoutEmpty(await storedTallies(store));
  const kept = new Map([...main].filter(([key]) => isKept(key)));
  for (const name of dimensions) {
    const whole = withoutEmpty(await storedTallies(store, { dimension: { name, value: null } }));
    assertSameRows(`sums over all values of ${name}`, whole, kept);
    if (pendingMax < 1000 || dimensionValuesMax < 1000) continue;
    const byValue = await storedTallies(store, { dimension: { name, value: null }, isByValue: true });
    const own = [...(expected.dimensions.get(name) ?? [])].filter(([key]) => isKept(key));
    assertSameRows(`sums by ${name}`, withoutEmpty(byValue), numbersText(new Map(own)));
  }
}
