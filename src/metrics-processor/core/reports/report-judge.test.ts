import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LogRecord } from '../../../event-log/event-log.ts';
import { TOPICS } from '../../../events/topics.ts';
import type { Commit } from '../../../metrics-store/commit.ts';
import type { PriceBook } from '../../../prices/price-book.ts';
import { aPrice } from '../../../prices/price-builders.contract.ts';
import { seriesKey } from '../../../tally/series.ts';
import { TALLY_SUMS } from '../../../tally/tally.ts';
import {
  CORE_OPTIONS,
  FLAT_PRICES,
  MINUTE,
  restart,
  START,
  topics,
  type Unnumbered,
} from '../core-builders.contract.ts';
import { ShardCore } from '../shard-core.ts';
import { aReport, span, TRACE } from './report-builders.contract.ts';

/** Everything that was ever committed, summed up. */
class Store {
  readonly sums = new Map<string, number>();
  readonly calls = new Map<string, string>();
  readonly audit = new Map<string, number>();
  readonly evaluations = new Map<string, number>();

  take(commit: Pick<Commit, 'tallies' | 'usages' | 'calls' | 'removedCalls' | 'audits' | 'evaluations'>): void {
    for (const { series, windowStartMs, tally } of commit.tallies) {
      const name = `${seriesKey(series).replaceAll('\0', '|')} ${windowStartMs}`;
      for (const field of TALLY_SUMS) this.#add(this.sums, `${name} ${field}`, tally[field]);
      this.#add(this.sums, `${name} cost`, Number(tally.costPicoUsd.value));
      this.#add(this.sums, `${name} latency`, tally.latency.count);
    }
    for (const { series, usage } of commit.usages) {
      this.#add(this.sums, `usage ${seriesKey(series).replaceAll('\0', '|')}`, usage.inputTokens + usage.outputTokens);
    }
    for (const { tenantId, requestId, timestampMs } of commit.removedCalls) {
      this.calls.delete(`${tenantId} ${timestampMs} ${requestId}`);
    }
    for (const { call } of commit.calls) {
      const { tenantId, requestId, timestampMs, route, completionTokens } = call;
      this.calls.set(`${tenantId} ${timestampMs} ${requestId}`, `${route} ${completionTokens}`);
    }
    for (const { tenantId, counts } of commit.audits) {
      for (const [name, count] of Object.entries(counts)) {
        if (name.endsWith('Reports') && name !== 'lateReports') this.#add(this.audit, `${tenantId} ${name}`, count);
      }
    }
    for (const { tenantId, name, tally } of commit.evaluations)
      this.#add(this.evaluations, `${tenantId} ${name}`, tally.count);
  }

  get rows(): Readonly<Record<string, unknown>> {
    const named = (map: ReadonlyMap<string, unknown>) =>
      Object.fromEntries([...map].filter(([, value]) => value !== 0).sort(([a], [b]) => (a < b ? -1 : 1)));
    return {
      sums: named(this.sums),
      calls: named(this.calls),
      audit: named(this.audit),
      evaluations: named(this.evaluations),
    };
  }

  #add(into: Map<string, number>, key: string, by: number): void {
    into.set(key, (into.get(key) ?? 0) + by);
  }
}

/** No evaluations come, and the log says so: else a restart reads all reports back, as one could be about any. */
function foldReports(core: ShardCore, records: readonly LogRecord[], prices: PriceBook): void {
  core.fold(TOPICS.reports, records, prices);
  core.seal(TOPICS.evaluations, records.at(-1)?.loggedAtMs ?? 0);
}

/** Folds each record by itself, so that every step is a correction. */
function storeOf(records: readonly Unnumbered[], pricesAt: (offset: number) => PriceBook = () => FLAT_PRICES): Store {
  const core = new ShardCore(CORE_OPTIONS);
  const store = new Store();
  for (const [offset, record] of records.entries()) {
    foldReports(core, [{ ...record, offset }], pricesAt(offset));
    store.take(core.takeEffects().toCommit());
  }
  return store;
}

const sum = (store: Store, field: string): number =>
  [...store.sums].filter(([key]) => key.endsWith(` ${field}`)).reduce((total, [, value]) => total + value, 0);

test('a call counts with its first report, and moves to the tenant that a later parent names', () => {
  const call = aReport(0, { parent_id: span(9) });
  assert.deepEqual([...storeOf([call]).calls.keys()], [`default ${START} ${TRACE}-${span(1)}`]);
  const parent = aReport(1, { span_id: span(9), kind: 'context', names: { tenant: 'acme', route: '/ask' } });
  const { rows, calls } = storeOf([call, parent]);
  assert.deepEqual([...calls], [[`acme ${START} ${TRACE}-${span(1)}`, '/ask 5']]);
  assert.ok(
    Object.keys(rows['sums'] as object).every((key) => key.includes('acme')),
    'nothing is left under default',
  );
});

test('a sum counts until a call below it is known', () => {
  const agent = aReport(0, { span_id: span(9), kind: 'sum', facts: { completion_tokens: 99 } });
  assert.equal(sum(storeOf([agent]), 'completionTokens'), 99);
  assert.equal(sum(storeOf([agent, aReport(1, { parent_id: span(9) })]), 'completionTokens'), 5);
});

test('a span sent again with its final tokens has these, and its old ones are gone', () => {
  const store = storeOf([aReport(0), aReport(1, { duration_ms: 900, facts: { completion_tokens: 50 } })]);
  assert.deepEqual([sum(store, 'requests'), sum(store, 'completionTokens')], [1, 50]);
});

test('a report after the horizon is judged by the ids that are remembered', () => {
  const call = aReport(0, { parent_id: span(9) });
  assert.equal(sum(storeOf([call, aReport(7, { parent_id: span(9) })]), 'requests'), 1, 'the same span again');
  assert.equal(sum(storeOf([call, aReport(7, { span_id: span(9) })]), 'requests'), 1, 'a call around it');
  assert.equal(
    sum(storeOf([call, aReport(7, { span_id: span(8), parent_id: span(1) })]), 'requests'),
    1,
    'a call below it',
  );
  assert.equal(sum(storeOf([call, aReport(7, { span_id: span(8) })]), 'requests'), 2, 'another call');
  assert.equal(
    sum(storeOf([call, aReport(30, { parent_id: span(9) })]), 'requests'),
    2,
    'nothing is remembered for ever',
  );
});

test('a call that comes late is folded below a closed one, whatever spans lie between them', () => {
  const app = aReport(0);
  const http = aReport(0, { span_id: span(2), parent_id: span(1), kind: 'context' });
  const socket = aReport(0, { span_id: span(3), parent_id: span(2), kind: 'context' });
  const gateway = aReport(7, { span_id: span(4), parent_id: span(3), scope: 'litellm' });
  assert.equal(sum(storeOf([app, http, socket, gateway]), 'requests'), 1);
  assert.equal(sum(storeOf([app, http, gateway]), 'requests'), 2, 'nobody can know what the missing span lies below');
  assert.equal(sum(storeOf([http, socket, gateway]), 'requests'), 1, 'the only one that is reported');
});

test('what is remembered of a closed trace holds where something late has opened it again', () => {
  const call = aReport(0, { parent_id: span(9) });
  const later = aReport(7, { span_id: span(5), parent_id: span(9) });
  assert.equal(sum(storeOf([call, later]), 'requests'), 2, 'the next call of an agent after a long while');
  const again = aReport(8, { parent_id: span(9) });
  const store = storeOf([call, later, again]);
  assert.deepEqual([sum(store, 'requests'), store.audit.get(' duplicateReports')], [2, 1], 'the same span again');
  const root = aReport(9, { span_id: span(9), kind: 'context' });
  const around = aReport(8, { span_id: span(9) });
  assert.equal(sum(storeOf([call, root, again]), 'requests'), 1, 'after the end of the agent');
  const beside = aReport(7, { span_id: span(6), kind: 'context' });
  assert.equal(sum(storeOf([call, beside, around]), 'requests'), 1, 'a call around it');
});

test('a late call is not folded below what its parent was before that was forgotten and came again', () => {
  const call = aReport(0);
  const context = aReport(16, { kind: 'context' });
  const below = aReport(22, { span_id: span(2), parent_id: span(1) });
  assert.equal(sum(storeOf([call, context, below]), 'requests'), 2);
});

test('how far the log called itself silent does not decide whether a late report is known', () => {
  const requests = [true, false].map((isSealed) => {
    const core = new ShardCore(CORE_OPTIONS);
    const store = new Store();
    for (const [offset, atMinute] of [0, 60].entries()) {
      core.fold(TOPICS.reports, [{ ...aReport(atMinute), offset }], FLAT_PRICES);
      store.take(core.takeEffects().toCommit());
      // It closes the trace; nothing is open then that could be due.
      if (isSealed) core.seal(TOPICS.reports, START + (atMinute + 7) * MINUTE);
    }
    return sum(store, 'requests');
  });
  assert.deepEqual(requests, [2, 2]);
});

test('a span that came again just before its trace was closed is remembered from then on', () => {
  const again = [0, 4, 17].map((atMinute) => aReport(atMinute));
  assert.equal(sum(storeOf(again), 'requests'), 1);
});

test('a span is in the books of the hour of its first version, whatever becomes of it later and wherever a processor restarts', () => {
  const draft = (atMinute: number): Unnumbered => aReport(atMinute, { parent_id: span(9), duration_ms: atMinute });
  const parent = aReport(80, { span_id: span(9), kind: 'context', names: { tenant: 'acme' } });
  // The first version lies further back than a restart reads, but for what is still open.
  const log = topics([], [], [], [...[58, 62, 66, 70, 74, 78].map(draft), parent]);
  for (const restartAt of [0, 1, 5, 6]) {
    let core = new ShardCore(CORE_OPTIONS);
    const counted = new Map<string, number>();
    for (const record of log[TOPICS.reports]) {
      if (record.offset === restartAt) core = restart(core, core.checkpoint(), log);
      foldReports(core, [record], FLAT_PRICES);
      for (const { tenantId, hourStartMs, counts } of core.takeEffects().toCommit().audits) {
        const key = `${tenantId} ${(hourStartMs - START) / (60 * MINUTE)}`;
        counted.set(key, (counted.get(key) ?? 0) + counts.countedReports);
      }
    }
    assert.deepEqual(Object.fromEntries([...counted].filter(([, count]) => count !== 0)), { 'acme 0': 1 });
  }
});

test('a trace stays open as long as something comes of it, or of a call that it shares', () => {
  const later = aReport(4, { span_id: span(2), kind: 'context', parent_id: span(1) });
  const parent = aReport(8, { span_id: span(9), kind: 'context', names: { tenant: 'acme' } });
  assert.ok([...storeOf([aReport(0, { parent_id: span(9) }), later, parent]).calls.keys()][0]?.startsWith('acme'));
});

test('a record that holds no report is a dead letter and counted as one', () => {
  const store = storeOf([{ ...aReport(0), value: Buffer.from('{}') }, aReport(0)]);
  assert.equal(store.audit.get(' deadReports'), 1);
});

/** Of the span that `aReport` reports. */
function anEvaluation(atMinute: number): Unnumbered {
  const said = { request_id: `${TRACE}-${span(1)}`, name: 'helpful', timestamp: new Date(START).toISOString() };
  return { ...aReport(atMinute), value: Buffer.from(JSON.stringify({ ...said, passed: true })) };
}

test('an evaluation finds a call that came by OTLP, before or after it', () => {
  for (const order of [
    [TOPICS.reports, TOPICS.evaluations],
    [TOPICS.evaluations, TOPICS.reports],
  ] as const) {
    const core = new ShardCore(CORE_OPTIONS);
    const store = new Store();
    for (const topic of order) {
      const record = topic === TOPICS.reports ? aReport(0, { names: { tenant: 'acme' } }) : anEvaluation(0);
      core.fold(topic, [{ ...record, offset: 0 }], FLAT_PRICES);
      store.take(core.takeEffects().toCommit());
    }
    assert.deepEqual([...store.evaluations], [['acme helpful', 1]]);
  }
});

test('an evaluation finds its call however far reports were read before it, also where its span came again meanwhile', () => {
  const first = aReport(0, { names: { tenant: 'acme' } });
  const again = aReport(60, { names: { tenant: 'globex' } });
  const others = [30, 90].map((atMinute) => aReport(atMinute, { trace_id: 'b'.repeat(32), span_id: span(2) }));
  for (const reports of [
    [first, ...others],
    [first, again],
    [first, again, ...others.slice(1)],
  ]) {
    const core = new ShardCore(CORE_OPTIONS);
    const store = new Store();
    core.fold(TOPICS.reports, topics([], [], [], reports)[TOPICS.reports], FLAT_PRICES);
    core.fold(TOPICS.evaluations, [{ ...anEvaluation(1), offset: 0 }], FLAT_PRICES);
    store.take(core.takeEffects().toCommit());
    assert.deepEqual([...store.evaluations], [['acme helpful', 1]]);
  }
});

const anyFields = fc.record({
  atMinute: fc.nat(40).map((n) => n / 10),
  trace_id: fc.constantFrom('a', 'b', 'c').map((digit) => digit.repeat(32)),
  span_id: fc.nat(5).map((n) => span(n + 1)),
  parent_id: fc.nat(6).map((n) => span(n + 1)),
  kind: fc.constantFrom('call', 'call', 'sum', 'context'),
  scope: fc.constantFrom('com.anthropic.sdk.x', 'openlit'),
  start_ms: fc.nat(3).map((n) => START + n * 20_000),
  duration_ms: fc.nat(3).map((n) => n * 100),
  names: fc.record({ tenant: fc.constantFrom('t1', 't2') }, { requiredKeys: [] }),
  facts: fc.record({ completion_tokens: fc.constantFrom(3, 4) }),
  response_id: fc.constantFrom('resp_0123456789abcdef', 'resp_fedcba9876543210'),
});
const anyReport = anyFields.map(({ atMinute, ...report }) => aReport(atMinute, report));

test('whatever order reports come in, however they are cut into batches, and wherever a processor restarts, the rows are the same', () => {
  const reports = fc.array(anyReport, { minLength: 1, maxLength: 14 });
  const cuts = fc.infiniteStream(fc.nat(3));
  fc.assert(
    fc.property(reports, fc.infiniteStream(fc.nat()), cuts, (given, keys, steps) => {
      const inOrder = given.toSorted((a, b) => a.loggedAtMs - b.loggedAtMs);
      const times = inOrder.map(({ loggedAtMs }) => loggedAtMs);
      const shuffled = given
        .map((record) => ({ record, key: keys.next().value as number }))
        .sort((a, b) => a.key - b.key)
        .map(({ record }, n) => ({ ...record, loggedAtMs: times[n] as number }));
      const expected = storeOf(inOrder).rows;
      const log = topics([], [], [], shuffled);
      let core = new ShardCore(CORE_OPTIONS);
      let checkpoint = core.checkpoint();
      const store = new Store();
      for (let at = 0; at < shuffled.length; ) {
        const step = steps.next().value as number;
        if (step === 0) {
          core = restart(core, checkpoint, log);
        } else {
          foldReports(core, log[TOPICS.reports].slice(at, at + step), FLAT_PRICES);
          at += step;
          store.take(core.takeEffects().toCommit());
          if (step === 3) checkpoint = core.checkpoint();
        }
      }
      assert.deepEqual(store.rows, expected);
    }),
    { numRuns: 1500 },
  );
});

test('a correction takes back what was added, at the prices of then, wherever a processor restarts', () => {
  const call = aReport(0, { parent_id: span(9), facts: { completion_tokens: 10 } });
  const parent = aReport(2, { span_id: span(9), kind: 'context', names: { tenant: 'acme' } });
  const below = aReport(1, { span_id: span(7), parent_id: span(1), kind: 'context' });
  const twin = aReport(1, { trace_id: 'b'.repeat(32), scope: 'another', facts: { completion_tokens: 10 } });
  for (const nothingNew of [below, twin]) {
    const log = topics([], [], [], [call, nothingNew, parent]);
    for (const restartAt of [1, 2, Number.NaN]) {
      let core = new ShardCore(CORE_OPTIONS);
      let checkpoint = core.checkpoint();
      const [early, late] = [aBook(3), aBook(500)] as const;
      const store = new Store();
      for (const record of log[TOPICS.reports]) {
        if (record.offset === restartAt) core = restart(core, checkpoint, log);
        foldReports(core, [record], record.offset === 0 ? early : late);
        store.take(core.takeEffects().toCommit());
        if (core.needsCheckpoint) checkpoint = core.checkpoint();
      }
      const costs = [...store.sums].filter(([key, cost]) => key.endsWith(' cost') && cost !== 0);
      assert.deepEqual(
        costs.map(([key, cost]) => [key.split('|')[0], cost]),
        [['acme', 10 + 10 * 500]],
        `restarted at ${restartAt}`,
      );
    }
  }
});

test('a processor that restarts goes on as one that never stopped, whatever was closed and forgotten by then, and whenever prices changed', () => {
  const laterOnes = fc
    .tuple(anyFields, fc.constantFrom(0, 2, 4, 7, 8, 12, 18, 19, 20, 24))
    .map(([fields, laterByMinutes]) => {
      const { atMinute, ...report } = fields;
      return aReport(atMinute + laterByMinutes, report);
    });
  const reports = fc.array(laterOnes, { minLength: 2, maxLength: 16 });
  fc.assert(
    fc.property(reports, fc.infiniteStream(fc.nat(3)), fc.nat(15), (given, steps, changeAt) => {
      // Of a span that comes again only the time is another: which version is remembered longest is not promised.
      const firstOf = new Map<string, Unnumbered>();
      for (const report of given) if (!firstOf.has(spanOf(report))) firstOf.set(spanOf(report), report);
      const same = given.map((report) => ({ ...report, value: firstOf.get(spanOf(report))?.value ?? null }));
      const log = topics(
        [],
        [],
        [],
        same.toSorted((a, b) => a.loggedAtMs - b.loggedAtMs),
      );
      const all = log[TOPICS.reports];
      const pricesAt = ([early, late]: readonly PriceBook[]) => {
        return (offset: number) => (offset < changeAt ? early : late) as PriceBook;
      };
      let core = new ShardCore(CORE_OPTIONS);
      let checkpoint = core.checkpoint();
      let books = [aBook(3), aBook(5)];
      const store = new Store();
      for (let at = 0; at < all.length; ) {
        const step = steps.next().value as number;
        if (step === 0) {
          core = restart(core, checkpoint, log);
          books = [aBook(3), aBook(5)];
        } else {
          foldReports(core, all.slice(at, at + 1), pricesAt(books)(at));
          at++;
          store.take(core.takeEffects().toCommit());
          if (step === 3 || core.needsCheckpoint) checkpoint = core.checkpoint();
        }
      }
      // Of a span that was forgotten and comes again there is one single call for two that were counted.
      const { calls: _, ...rows } = store.rows;
      const { calls: __, ...expected } = storeOf(all, pricesAt([aBook(3), aBook(5)])).rows;
      assert.deepEqual(rows, expected);
    }),
    { numRuns: 500 },
  );
});

function aBook(output: number): PriceBook {
  const price = aPrice({ input: 1, output });
  return { priceOf: ({ model }) => (model === 'm' ? price : null) };
}

function spanOf({ value }: Unnumbered): string {
  return /"trace_id".*"kind"/.exec(Buffer.from(value ?? []).toString())?.[0] ?? '';
}
