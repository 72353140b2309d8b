import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../tally/window.ts';
import type { TallyDelta, UsageDelta } from './commit.ts';
import { aBilled, aDelta, aTally, aUsage, aUsageDelta, minute, plain, SERIES } from './contract/builders.ts';
import { foldTallies, foldUsages } from './fold-commit.ts';

const OTHER = { ...SERIES, route: 'search' };
/** As a dictionary that is full: both series are added up under one entry. */
const OVERFLOWING = () => ({ id: 1 });
const BY_ROUTE = ({ route }: TallyDelta['series']) => ({ id: route });

const rowsOf = (deltas: readonly TallyDelta[], resolve: (series: TallyDelta['series']) => { id: number | string }) =>
  Array.from(foldTallies(deltas, resolve), ([resolutionMs, rows]) => [
    resolutionMs,
    rows.map(({ ref, windowStartMs, tally }) => [ref.id, windowStartMs, tally.requests]),
  ]);

test('a minute, an hour and a day of each series are one row each, and the deltas stay what they were', () => {
  const deltas = [
    aDelta({ windowStartMs: minute(0), tally: aTally({ requests: 1 }) }),
    aDelta({ windowStartMs: minute(1), tally: aTally({ requests: 2 }) }),
    aDelta({ series: OTHER, windowStartMs: minute(1), tally: aTally({ requests: 4 }) }),
    aDelta({ windowStartMs: minute(61), tally: aTally({ requests: 8 }) }),
  ];
  const before = deltas.map(({ tally }) => plain(tally));
  assert.deepEqual(rowsOf(deltas, BY_ROUTE), [
    [
      MINUTE_MS,
      [
        ['chat', minute(0), 1],
        ['chat', minute(1), 2],
        ['search', minute(1), 4],
        ['chat', minute(61), 8],
      ],
    ],
    [
      HOUR_MS,
      [
        ['chat', minute(0), 3],
        ['search', minute(0), 4],
        ['chat', minute(60), 8],
      ],
    ],
    [
      DAY_MS,
      [
        ['chat', minute(0), 11],
        ['search', minute(0), 4],
      ],
    ],
  ]);
  assert.deepEqual(
    deltas.map(({ tally }) => plain(tally)),
    before,
  );
});

test('series that share an entry of the dictionary are one row', () => {
  const deltas = [
    aDelta({ tally: aTally({ requests: 1 }) }),
    aDelta({ series: OTHER, tally: aTally({ requests: 2 }) }),
  ];
  for (const [, rows] of rowsOf(deltas, OVERFLOWING)) assert.deepEqual(rows, [[1, minute(0), 3]]);
});

test('usage is one row for each billed model of a series and minute, and the deltas stay what they were', () => {
  const deltas: UsageDelta[] = [
    aUsageDelta({ usage: aUsage({ calls: 1 }) }),
    aUsageDelta({ billed: aBilled({ serviceTier: 'flex' }), usage: aUsage({ calls: 2 }) }),
    aUsageDelta({ series: OTHER, usage: aUsage({ calls: 4 }) }),
    aUsageDelta({ windowStartMs: minute(1), usage: aUsage({ calls: 8 }) }),
  ];
  const rows = foldUsages(deltas, OVERFLOWING);
  assert.deepEqual(
    rows.map((row) => [row.windowStartMs, row.billed.serviceTier, row.usage.calls]),
    [
      [minute(0), '', 5],
      [minute(0), 'flex', 2],
      [minute(1), '', 8],
    ],
  );
  assert.deepEqual(
    deltas.map(({ usage }) => usage.calls),
    [1, 2, 4, 8],
  );
});
