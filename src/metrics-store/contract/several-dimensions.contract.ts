import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY_MS } from '../../tally/window.ts';
import type { MetricsQuery } from '../metrics-reader.ts';
import { aDimensionDelta, commitNext, metricsQuery, type OpenStore, SERIES } from './builders.ts';

const query = (name: string): MetricsQuery =>
  metricsQuery({ stepMs: DAY_MS, groupBy: ['dimension'], order: 'asc', dimension: { name, value: null } });

/** Calls say once what they add to all of their dimensions. */
export function severalDimensionsContract(open: OpenStore): void {
  test('what says several dimensions is added up in each by itself, beside what says others', async () => {
    const store = await open();
    const dimensions = ['user', 'team', 'metadata.app'];
    const of = (values: readonly string[], route = 'r') =>
      aDimensionDelta({ dimensions, values, series: { ...SERIES, route } });
    await commitNext(store, {
      dimensions: [of(['u1', 'red', 'a']), of(['u2', 'red', 'b']), of(['u1', 'red', 'a'], 's')],
    });
    await commitNext(store, { dimensions: [of(['u2', 'blue', 'a']), aDimensionDelta({ value: 'u2' })] });
    const found: unknown[] = [];
    for (const name of [...dimensions, 'agent']) {
      const rows = await store.readMetrics(query(name));
      found.push(rows.map(({ value, tally }) => [value, tally.requests]));
    }
    assert.deepEqual(found, [
      [
        ['u1', 2],
        ['u2', 3],
      ],
      [
        ['blue', 1],
        ['red', 3],
      ],
      [
        ['a', 3],
        ['b', 1],
      ],
      [],
    ]);
    await store.close();
  });
}
