import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { MetricFamily } from '../../exposition/metric-family.ts';
import { Tally } from '../../tally/tally.ts';
import { countedDays } from './counter-epoch.ts';
import { llmFamilies } from './llm-families.ts';
import { LlmMetrics } from './llm-metrics.ts';
import { LlmSeries } from './llm-series.ts';
import { type LlmTotals, llmTotals } from './llm-totals.ts';

const MINUTE_MS = 60_000;
const NOON_MS = Date.UTC(2026, 10, 29, 12);

/** What the store says of one series. */
function totalsOf(model: string, calls: number, change: (tally: Tally) => void = () => undefined): LlmTotals {
  const tally = new Tally();
  tally.requests = calls;
  tally.completed = calls;
  change(tally);
  const names = { tenantId: 'a', route: 'r', model, provider: null, errorKind: null };
  return llmTotals({ windowStartMs: 0, windowEndMs: 0, ...names, tally });
}

const shownModels = (series: LlmSeries) => Array.from(series.shown, ({ model }) => model).sort();

function valueOf(families: readonly MetricFamily[], name: string, label: string, value: string): number | undefined {
  const family = families.find((each) => each.name === name);
  return family?.type === 'counter' || family?.type === 'gauge'
    ? family.series.find(({ labels }) => labels[label] === value)?.value
    : undefined;
}

test('at most so many series are shown, the busiest first; one that is shown stays when others pass it', () => {
  const series = new LlmSeries({ seriesMax: 2, idleMsMax: 60 * MINUTE_MS });
  series.update([totalsOf('a', 5), totalsOf('b', 9), totalsOf('c', 7)], NOON_MS);
  assert.deepEqual(shownModels(series), ['b', 'c']);
  assert.equal(series.hiddenCount, 1);
  series.update([totalsOf('a', 500), totalsOf('b', 9), totalsOf('c', 8)], NOON_MS + MINUTE_MS);
  assert.deepEqual(shownModels(series), ['b', 'c']);
});

test('an idle series makes room for one that waits, and comes back with its counts when it grows', () => {
  const series = new LlmSeries({ seriesMax: 1, idleMsMax: 60 * MINUTE_MS });
  series.update([totalsOf('a', 9), totalsOf('b', 5)], NOON_MS);
  assert.deepEqual(shownModels(series), ['a']);
  series.update([totalsOf('a', 9), totalsOf('b', 5)], NOON_MS + 61 * MINUTE_MS);
  assert.deepEqual(shownModels(series), ['b']);
  assert.equal(series.hiddenCount, 0, 'what is idle does not wait');
  series.update([totalsOf('a', 10), totalsOf('b', 5)], NOON_MS + 130 * MINUTE_MS);
  assert.deepEqual(
    Array.from(series.shown, ({ model, counts }) => [model, counts.calls]),
    [['a', 10]],
  );
});

test('no count ever falls, whatever corrections take back', () => {
  const latency = fc.array(
    fc.record({ ms: fc.double({ min: 0, max: 1e5, noNaN: true }), n: fc.integer({ min: 1, max: 5 }) }),
  );
  const step = fc.record({ calls: fc.nat(50), tokens: fc.nat(1000), cached: fc.nat(1000), errors: fc.nat(9), latency });
  fc.assert(
    fc.property(fc.array(step, { minLength: 2, maxLength: 8 }), (steps) => {
      const series = new LlmSeries({ seriesMax: 9, idleMsMax: MINUTE_MS });
      let before = new Map<string, number>();
      for (const { calls, tokens, cached, errors, latency: recorded } of steps) {
        const total = totalsOf('m', calls, (tally) => {
          Object.assign(tally, { promptTokens: tokens, cachedPromptTokens: cached, errors });
          for (const { ms, n } of recorded) for (let i = 0; i < n; i++) tally.latency.record(ms);
        });
        series.update([total], NOON_MS);
        const after = numbersOf(llmFamilies([...series.shown]));
        for (const [name, value] of before) assert.ok((after.get(name) ?? -1) >= value, name);
        before = after;
      }
    }),
  );
});

/** Every number of a scrape that must not fall. */
function numbersOf(families: readonly MetricFamily[]): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const family of families) {
    if (family.type !== 'histogram') {
      for (const { labels, value } of family.series) numbers.set(`${family.name}${JSON.stringify(labels)}`, value);
      continue;
    }
    for (const { count, sum, buckets, native } of family.series) {
      numbers.set(`${family.name}_count`, count).set(`${family.name}_sum`, sum);
      for (const each of buckets) numbers.set(`${family.name} le ${each.upperBound}`, each.cumulativeCount);
      for (const [index, n] of native?.buckets ?? []) numbers.set(`${family.name} bucket ${index}`, n);
    }
  }
  return numbers;
}

test('parts of tokens add up to the tokens of prompt and completion', () => {
  const total = totalsOf('m', 1, (tally) => {
    Object.assign(tally, { promptTokens: 100, cachedPromptTokens: 60, cacheWriteTokens: 10 });
    Object.assign(tally, { completionTokens: 50, reasoningTokens: 20 });
  });
  assert.deepEqual(total.counts.tokens, { input: 30, cache_read: 60, cache_write: 10, output: 30, reasoning: 20 });
});

test('classic buckets count up to their bound exactly, native ones hold each duration within 0.3 % of theirs', () => {
  const values = [0, 0.5, 64, 64.1, 128, 1000, 131_072, 200_000];
  const total = totalsOf('m', values.length, (tally) => {
    for (const ms of values) tally.latency.record(ms);
  });
  const family = llmFamilies([total]).find(({ name }) => name === 'streamlens_llm_latency_seconds');
  assert.ok(family?.type === 'histogram');
  const [series] = family.series;
  for (const { upperBound, cumulativeCount } of series?.buckets ?? []) {
    assert.equal(cumulativeCount, values.filter((ms) => ms / 1000 <= upperBound).length, String(upperBound));
  }
  assert.equal(series?.count, values.length);
  assert.equal(series.native?.zeroCount, 1);
  for (const ms of values.slice(1)) {
    const isHeld = series.native.buckets.some(([index]) => {
      const upper = 2 ** (index / 32);
      return ms / 1000 <= upper * 1.003 && ms / 1000 > (upper / 2 ** (1 / 32)) * 0.997;
    });
    assert.ok(isHeld, `${ms} ms`);
  }
});

test('calls are counted from the first of the quarter: days that are over, then yesterday and today', () => {
  const day = (month: number, date: number) => Date.UTC(2026, month, date);
  assert.deepEqual(countedDays(NOON_MS), {
    closed: { fromMs: day(9, 1), toMs: day(10, 28) },
    recent: { fromMs: day(10, 28), toMs: day(11, 1) },
  });
  const { closed, recent } = countedDays(day(9, 1));
  assert.deepEqual([closed.fromMs, closed.toMs, recent.fromMs], [day(9, 1), day(9, 1), day(9, 1)]);
});

/** Metrics of a store that says the same of each range, and how often it was asked. */
function metricsOf(read: (asked: number) => Promise<readonly LlmTotals[]>, seriesMax = 10) {
  const state = { nowMs: NOON_MS, asked: 0 };
  const metrics = new LlmMetrics({
    seriesMax,
    idleMsMax: 60 * MINUTE_MS,
    nowMs: () => state.nowMs,
    readTotals: () => read(state.asked++),
  });
  return { metrics, state };
}

test('a count is that of the days that are over and of the recent ones; scrapes at a time share a reading', async () => {
  const { metrics, state } = metricsOf(async () => [totalsOf('m', 4)]);
  const [families] = await Promise.all([metrics.source(null).families(), metrics.source(null).families()]);
  assert.equal(valueOf(families, 'streamlens_llm_calls_total', 'model', 'm'), 8);
  assert.equal(state.asked, 2);
  state.nowMs += 5_000;
  await metrics.source(null).families();
  assert.equal(state.asked, 3, 'days that are over are not read each time');
});

test('a key of other tenants sees nothing, not even how many series there are', async () => {
  const { metrics } = metricsOf(async () => [totalsOf('m', 4)]);
  const families = await metrics.source(['b']).families();
  assert.ok(families.every(({ series }) => series.length === 0));
});

test('while the store is away the last counts are told, and how old they are', async () => {
  const { metrics, state } = metricsOf(async (asked) => {
    if (asked >= 2) throw new Error('away');
    return [totalsOf('m', 4)];
  });
  await metrics.source(null).families();
  state.nowMs += 90_000;
  const families = await metrics.source(null).families();
  assert.equal(valueOf(families, 'streamlens_llm_calls_total', 'model', 'm'), 8);
  const age = families.find(({ name }) => name === 'streamlens_llm_age_seconds');
  assert.ok(age?.type === 'gauge');
  assert.equal(age.series[0]?.value, 90);
});

test('with room for no series the store is not asked', async () => {
  const { metrics, state } = metricsOf(async () => [totalsOf('m', 4)], 0);
  assert.deepEqual(await metrics.source(null).families(), []);
  assert.equal(state.asked, 0);
});

test('a quarter begins at zero', async () => {
  const { metrics, state } = metricsOf(async (asked) => [totalsOf('m', asked < 2 ? 400 : 1)]);
  await metrics.source(null).families();
  state.nowMs = Date.UTC(2027, 0, 1, 0, 1);
  const families = await metrics.source(null).families();
  assert.equal(valueOf(families, 'streamlens_llm_calls_total', 'model', 'm'), 1);
});
