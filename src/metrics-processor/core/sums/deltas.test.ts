import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Series } from '../../../tally/series.ts';
import { MINUTE_MS } from '../../../tally/window.ts';
import { DeltaSpace, Deltas } from './deltas.ts';

const SERIES: Series = { tenantId: 'acme', route: 'chat', model: 'm', provider: 'openai' };
const BILLED = { provider: 'openai', model: 'm', bandFromTokens: 0, serviceTier: '', reportedBy: '' } as const;

/** How often calls of which model are in the usage of a minute. */
function usedIn(deltas: Deltas): (readonly [minute: number, model: string, calls: number])[] {
  return deltas
    .cut()
    .usages.map(({ windowStartMs, billed, usage }) => [windowStartMs / MINUTE_MS, billed.model, usage.calls] as const)
    .toSorted((a, b) => (String(a) < String(b) ? -1 : 1));
}

test('a series of which the dictionary handed out two objects has one delta a minute', () => {
  const deltas = new Deltas(new DeltaSpace());
  for (const series of [SERIES, { ...SERIES }, SERIES]) deltas.at(series, MINUTE_MS).tally.requests++;
  const { tallies } = deltas.cut();
  assert.deepEqual(
    tallies.map(({ tally }) => tally.requests),
    [3],
  );
});

test('usage is told by billed model, of which two that are stored alike are one', () => {
  const deltas = new Deltas(new DeltaSpace());
  for (const model of ['m', 'gpt', 'm', '\ud800', '\ud801', 'gpt']) {
    deltas.at(SERIES, MINUTE_MS).usage({ ...BILLED, model }).calls++;
  }
  deltas.at(SERIES, 2 * MINUTE_MS).usage({ ...BILLED, model: 'gpt' }).calls++;
  assert.deepEqual(usedIn(deltas), [
    [1, 'gpt', 2],
    [1, 'm', 2],
    [1, '\ufffd', 2],
    [2, 'gpt', 1],
  ]);
});

test('what was added and taken back within one commit has not been, and its usage may change by itself', () => {
  const deltas = new Deltas(new DeltaSpace());
  deltas.at(SERIES, MINUTE_MS).tally.requests++;
  deltas.at(SERIES, MINUTE_MS).tally.requests--;
  deltas.at(SERIES, MINUTE_MS).usage(BILLED).calls--;
  deltas.at(SERIES, MINUTE_MS).usage({ ...BILLED, model: 'gpt' }).calls++;
  deltas.at(SERIES, 2 * MINUTE_MS).usage(BILLED).calls++;
  deltas.at(SERIES, 2 * MINUTE_MS).usage(BILLED).calls--;
  const { tallies, usages } = deltas.cut();
  assert.equal(tallies.length, 0);
  assert.deepEqual(
    usages.map(({ usage }) => usage.calls),
    [1, -1],
  );
});
