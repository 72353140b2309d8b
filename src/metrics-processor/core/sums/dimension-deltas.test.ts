import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { INPUT_TOPICS, TOPICS } from '../../../events/topics.ts';
import type { DimensionDelta, TallyDelta } from '../../../metrics-store/commit.ts';
import { plain } from '../../../metrics-store/contract/builders.ts';
import { OVERFLOW, seriesKey } from '../../../tally/series.ts';
import { addTally, isEmptyTally, Tally } from '../../../tally/tally.ts';
import { addEncodedTally } from '../../../tally/tally-codec.ts';
import { HOUR_MS } from '../../../tally/window.ts';
import {
  aRequest,
  aResponse,
  CORE_OPTIONS,
  FLAT_PRICES,
  MINUTE,
  restart,
  START,
  type Topics,
  topics,
  type Unnumbered,
} from '../core-builders.contract.ts';
import { aReport, span } from '../reports/report-builders.contract.ts';
import { type CoreOptions, ShardCore } from '../shard-core.ts';

const NAMES = ['user', 'session', 'agent', 'team', 'metadata.app'];
/** Texts that nobody holds are forgotten at once. */
const OPTIONS = { ...CORE_OPTIONS, dimensions: { names: NAMES, areMinutesKept: false, textsMin: 1 } };

/** What was committed, by dimension and value, and the same of the main series. */
class Totals {
  readonly main: TallyDelta[] = [];
  readonly dimensions: ValueDelta[] = [];

  take(core: ShardCore): void {
    const { tallies, dimensions } = core.takeEffects().toCommit();
    this.main.push(...tallies);
    this.dimensions.push(...dimensions.flatMap(byDimension));
  }

  /** Sums by series and hour of the main series, and over all values of one dimension. */
  bySeriesAndHour(dimension: string | null): Readonly<Record<string, unknown>> {
    const deltas = dimension === null ? this.main : this.dimensions.filter((delta) => delta.dimension === dimension);
    return sumsOf(
      deltas,
      ({ series, windowStartMs }) => `${seriesKey(series)} ${windowStartMs - (windowStartMs % HOUR_MS)}`,
    );
  }

  byValue(dimension: string): Readonly<Record<string, unknown>> {
    return sumsOf(
      this.dimensions.filter((delta) => delta.dimension === dimension),
      ({ value }) => value,
    );
  }

  requests(dimension: string): Readonly<Record<string, number>> {
    const entries = Object.entries(this.byValue(dimension));
    return Object.fromEntries(entries.map(([value, sums]) => [value, (sums as { requests: number }).requests]));
  }
}

/** What a delta adds in one of its dimensions. */
interface ValueDelta extends TallyDelta {
  readonly dimension: string;
  readonly value: string;
}

function byDimension(delta: DimensionDelta): readonly ValueDelta[] {
  const { dimensions, texts, values, series, windowStartMs, tallies } = delta;
  return Array.from(tallies.ends).flatMap((_, i) => {
    const tally = new Tally();
    const reader = { bytes: tallies.bytes, at: i === 0 ? 0 : (tallies.ends[i - 1] ?? 0) };
    addEncodedTally(tally, reader);
    assert.equal(reader.at, tallies.ends[i]);
    return dimensions.map((dimension, at) => {
      const value = texts[values[i * dimensions.length + at] ?? -1] ?? '';
      return { dimension, value, series, windowStartMs, tally };
    });
  });
}

function sumsOf<Delta extends { readonly tally: Tally }>(
  deltas: readonly Delta[],
  keyOf: (delta: Delta) => string,
): Readonly<Record<string, unknown>> {
  const sums = new Map<string, Tally>();
  for (const delta of deltas) {
    const key = keyOf(delta);
    const sum = sums.get(key) ?? new Tally();
    addTally(sum, delta.tally);
    sums.set(key, sum);
  }
  const found = [...sums].filter(([, sum]) => !isEmptyTally(sum));
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, sum]) => [key, plain(sum)]));
}

function foldAll(log: Topics, options: CoreOptions = OPTIONS): Totals {
  const core = new ShardCore(options);
  const totals = new Totals();
  for (const topic of INPUT_TOPICS) core.fold(topic, log[topic], FLAT_PRICES);
  for (const topic of INPUT_TOPICS) core.seal(topic, START + 1000 * MINUTE);
  totals.take(core);
  return totals;
}

function ofRequest(more: object): Totals {
  return foldAll(topics([aRequest('a', 0, more)], [aResponse('a', 1)]));
}

test('a call is added under the value that its request has in each dimension', () => {
  const metadata = { 'gen_ai.agent.name': 'planner', team: 'red', app: 7 };
  const totals = ofRequest({ user_id_hash: 'u1', session_id: 's1', metadata });
  assert.deepEqual(
    NAMES.map((name) => totals.requests(name)),
    [{ u1: 1 }, { s1: 1 }, { planner: 1 }, { red: 1 }, { 7: 1 }],
  );
  assert.deepEqual(Object.values(totals.byValue('user')), Object.values(totals.bySeriesAndHour(null)));
});

test('a call without a value is added under __none__', () => {
  for (const more of [{}, { user_id_hash: null, metadata: null }, { user_id_hash: '', metadata: { app: '' } }]) {
    assert.deepEqual(
      NAMES.map((name) => ofRequest(more).requests(name)),
      NAMES.map(() => ({ __none__: 1 })),
    );
  }
  for (const app of [{}, [], null, ['x']])
    assert.deepEqual(ofRequest({ metadata: { app } }).requests('metadata.app'), { __none__: 1 });
  assert.deepEqual(ofRequest({ metadata: { ['__proto__']: 1 } }).requests('metadata.app'), { __none__: 1 });
});

test('a value that is no name is added under __overflow__', () => {
  assert.deepEqual(ofRequest({ metadata: { app: 'x'.repeat(256) } }).requests('metadata.app'), { [OVERFLOW]: 1 });
  assert.deepEqual(ofRequest({ metadata: { app: 'x'.repeat(255) } }).requests('metadata.app'), {
    ['x'.repeat(255)]: 1,
  });
});

test('without dimensions nothing is gathered', () => {
  const totals = foldAll(topics([aRequest('a', 0, { user_id_hash: 'u1' })], [aResponse('a', 1)]), CORE_OPTIONS);
  assert.deepEqual(totals.dimensions, []);
});

test('minutes are told apart only where they are kept', () => {
  const log = topics([aRequest('a', 0), aRequest('b', 1)]);
  const minutesOf = (areMinutesKept: boolean) =>
    foldAll(log, { ...OPTIONS, dimensions: { names: ['user'], areMinutesKept } }).dimensions.map(
      (delta) => delta.windowStartMs,
    );
  assert.deepEqual(minutesOf(false), [START]);
  assert.deepEqual(minutesOf(true), [START, START + MINUTE]);
});

test('a call that a later report corrects goes with its user, and leaves nothing behind', () => {
  const core = new ShardCore(OPTIONS);
  const totals = new Totals();
  const records = [
    aReport(0, { parent_id: span(9), metadata: { team: 'blue' } }),
    aReport(1, { span_id: span(9), kind: 'context', names: { user: 'u1' } }),
    aReport(2, { parent_id: span(9), duration_ms: 900, facts: { completion_tokens: 50 }, metadata: { team: 'red' } }),
  ];
  for (const [offset, record] of records.entries()) {
    core.fold(TOPICS.reports, [{ ...record, offset }], FLAT_PRICES);
    totals.take(core);
  }
  assert.deepEqual(totals.requests('user'), { u1: 1 });
  assert.deepEqual(totals.requests('team'), { red: 1 });
  for (const name of NAMES) assert.deepEqual(totals.bySeriesAndHour(name), totals.bySeriesAndHour(null));
});

test('the oldest requests are given up where the values of those that wait take too much memory', () => {
  const core = new ShardCore({ ...OPTIONS, pendingBytesMax: 2000 });
  const requests = Array.from({ length: 20 }, (_, i) => aRequest(`r${i}`, 0, { session_id: `${i}`.padEnd(200, 'x') }));
  core.fold(TOPICS.requests, topics(requests)[TOPICS.requests], FLAT_PRICES);
  assert.ok(core.waitingCount < 10);
  assert.ok(core.needsCheckpoint);
});

const who = fc.record(
  {
    user_id_hash: fc.constantFrom('u1', 'u2', null),
    session_id: fc.constantFrom('s1', 's2', 's3'),
    metadata: fc.record(
      { team: fc.constantFrom('red', 'blue'), app: fc.integer({ min: 0, max: 2 }) },
      { requiredKeys: [] },
    ),
    model: fc.constantFrom('m', 'n'),
  },
  { requiredKeys: [] },
);
const ids = fc.constantFrom('a', 'b', 'c', 'd');
const minutes = fc.integer({ min: 0, max: 150 });
const inOrder = (records: readonly Unnumbered[]) => records.toSorted((a, b) => a.loggedAtMs - b.loggedAtMs);
const requests = fc
  .array(fc.tuple(ids, minutes, who), { maxLength: 15 })
  .map((all) => inOrder(all.map(([id, at, more]) => aRequest(id, at, more))));
const responses = fc
  .array(
    fc.tuple(
      ids,
      minutes,
      fc.constantFrom({}, { error: 'timeout' }, { reported_cost_usd: 0.123456789012, cost_reported_by: 'provider' }),
    ),
    { maxLength: 15 },
  )
  .map((all) => inOrder(all.map(([id, at, more]) => aResponse(id, at, more))));
const reports = fc
  .array(
    fc.record({
      at: minutes,
      span: fc.integer({ min: 1, max: 3 }),
      parent: fc.integer({ min: 1, max: 5 }),
      kind: fc.constantFrom('call', 'call', 'sum', 'context'),
      user: fc.constantFrom('u1', 'u2'),
      team: fc.constantFrom('red', 'blue'),
      tokens: fc.integer({ min: 1, max: 9 }),
    }),
    { maxLength: 15 },
  )
  .map((all) =>
    inOrder(
      all.map(({ at, span: id, parent, kind, user, team, tokens }) =>
        aReport(at, {
          span_id: span(id),
          parent_id: span(parent + 10),
          kind,
          names: { user },
          metadata: { team },
          ...(kind === 'context' ? {} : { facts: { completion_tokens: tokens } }),
        }),
      ),
    ),
  );
const steps = fc.array(
  fc.record({
    topic: fc.constantFrom(TOPICS.requests, TOPICS.responses, TOPICS.reports),
    count: fc.integer({ min: 1, max: 4 }),
    next: fc.constantFrom('go on', 'commit', 'commit with checkpoint', 'commit and crash'),
  }),
  { maxLength: 40 },
);

test('over all values of a dimension the sum is that of the series, to the last 10^-12 USD, whatever crashes', () => {
  fc.assert(
    fc.property(requests, responses, reports, steps, (asked, answered, reported, schedule) => {
      const log = topics(asked, answered, [], reported);
      let core = new ShardCore(OPTIONS);
      let checkpoint = core.checkpoint();
      const totals = new Totals();
      for (const { topic, count, next } of schedule) {
        core.fold(topic, log[topic].slice(core.positions[topic], core.positions[topic] + count), FLAT_PRICES);
        if (next === 'go on') continue;
        totals.take(core);
        if (next === 'commit with checkpoint' || core.needsCheckpoint) checkpoint = core.checkpoint();
        if (next === 'commit and crash') core = restart(core, checkpoint, log, OPTIONS);
      }
      for (const topic of INPUT_TOPICS) core.fold(topic, log[topic].slice(core.positions[topic]), FLAT_PRICES);
      for (const topic of INPUT_TOPICS) core.seal(topic, START + 1000 * MINUTE);
      totals.take(core);
      const main = totals.bySeriesAndHour(null);
      for (const name of NAMES) assert.deepEqual(totals.bySeriesAndHour(name), main);
      const atOnce = foldAll(log);
      for (const name of ['user', 'team']) assert.deepEqual(totals.byValue(name), atOnce.byValue(name));
    }),
    { numRuns: 200 },
  );
});
