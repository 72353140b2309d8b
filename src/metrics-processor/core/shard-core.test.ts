import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LogRecord } from '../../event-log/event-log.ts';
import { INPUT_TOPICS, type InputTopic, TOPICS } from '../../events/topics.ts';
import { aPrice } from '../../prices/price-builders.contract.ts';
import { decodeCheckpoint } from './checkpoint/checkpoint.ts';
import { Recall } from './checkpoint/recall.ts';
import { aReport, span } from './reports/report-builders.contract.ts';
import { REPORT_BOUNDS } from './reports/report-judge.ts';
import { ShardCore } from './shard-core.ts';

const MINUTE = 60_000;
const START = Date.UTC(2025, 10, 19, 10);
const OPTIONS = {
  partition: 0,
  shardCount: 1,
  joinTimeoutMs: 15 * MINUTE,
  dedupHorizonMs: 15 * MINUTE,
  traceHorizonMs: 5 * MINUTE,
  awakeReportsMax: 2,
  logTimeSlackMs: 0,
  pendingMax: 1_000_000,
  pendingBytesMax: 100_000_000,
  callsPerSecondMax: 1_000_000,
  fingerprintSeed: 7,
};
const PRICES = {
  priceOf: () => aPrice({ input: 3, cacheRead: 1, cacheWrite: 4, output: 5 }),
};

type Topics = Record<InputTopic, LogRecord[]>;

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
const at = (minute: number) => new Date(START + minute * MINUTE).toISOString();

function aRequest(id: string, minute: number, more: object = {}): Omit<LogRecord, 'offset'> {
  const event = {
    request_id: id,
    tenant_id: 'acme',
    route: 'chat',
    model: 'm',
    timestamp: at(minute),
    prompt_tokens: 10,
  };
  return {
    loggedAtMs: START + minute * MINUTE,
    key: Buffer.from(id),
    value: bytes({ ...event, ...more }),
    senderTenant: null,
  };
}

function aResponse(id: string, minute: number, more: object = {}): Omit<LogRecord, 'offset'> {
  const event = { request_id: id, timestamp: at(minute), latency_ms: 500, completion_tokens: 20 };
  return {
    loggedAtMs: START + minute * MINUTE,
    key: Buffer.from(id),
    value: bytes({ ...event, ...more }),
    senderTenant: null,
  };
}

function topics(requests: Omit<LogRecord, 'offset'>[], responses: Omit<LogRecord, 'offset'>[]): Topics {
  const number = (records: Omit<LogRecord, 'offset'>[]) => records.map((record, offset) => ({ ...record, offset }));
  return {
    [TOPICS.requests]: number(requests),
    [TOPICS.responses]: number(responses),
    [TOPICS.evaluations]: [],
    [TOPICS.reports]: [],
  };
}

/** Everything the core ever said, summed up so that the cuts between commits do not show. */
class Sums {
  readonly totals = new Map<string, number>();
  readonly letters = new Set<string>();

  add(core: ShardCore): void {
    const commit = core.takeEffects().toCommit();
    for (const { windowStartMs, tally } of commit.tallies) {
      for (const name of [
        'requests',
        'completed',
        'unanswered',
        'errors',
        'promptTokens',
        'completionTokens',
      ] as const) {
        this.#add(`${windowStartMs} ${name}`, tally[name]);
      }
      this.#add(`${windowStartMs} cost`, Number(tally.costPicoUsd.value));
    }
    for (const { tenantId, hourStartMs, counts } of commit.audits) {
      for (const [name, count] of Object.entries(counts)) this.#add(`${tenantId} ${hourStartMs} ${name}`, count);
    }
    for (const letter of commit.deadLetters) this.letters.add(`${letter.topic} ${letter.offset} ${letter.reason}`);
  }

  get result(): object {
    const nonZero = [...this.totals].filter(([, count]) => count !== 0);
    return { totals: nonZero.sort(([a], [b]) => a.localeCompare(b)), letters: [...this.letters].sort() };
  }

  #add(name: string, count: number): void {
    this.totals.set(name, (this.totals.get(name) ?? 0) + count);
  }
}

const END_MS = START + 1000 * MINUTE;

function finish(core: ShardCore): void {
  for (const topic of INPUT_TOPICS) core.seal(topic, END_MS);
}

function foldAll(input: Topics): object {
  const core = new ShardCore(OPTIONS);
  const sums = new Sums();
  for (const topic of INPUT_TOPICS) core.fold(topic, input[topic], PRICES);
  finish(core);
  sums.add(core);
  return sums.result;
}

/** Stops after a commit and comes back from the last checkpoint, which may be older than that commit. */
function recover(core: ShardCore, checkpoint: Uint8Array, input: Topics): ShardCore {
  const back = new ShardCore(OPTIONS);
  const recall = new Recall(back, decodeCheckpoint(checkpoint), OPTIONS.dedupHorizonMs);
  for (const { topic, fromMs, fromOffsetMax, to } of recall.spans) {
    const first = input[topic].findIndex((record) => record.loggedAtMs >= fromMs);
    const from = Math.min(first === -1 ? to : first, fromOffsetMax);
    recall.recall(topic, input[topic].slice(from, to));
  }
  recall.finish();
  for (const topic of INPUT_TOPICS) {
    back.fold(topic, input[topic].slice(back.positions[topic], core.positions[topic]), PRICES);
  }
  back.takeEffects();
  return back;
}

const arbitraryRecords = (make: typeof aRequest) =>
  fc
    .array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 90 }), fc.integer({ min: 0, max: 9 })), {
      maxLength: 25,
    })
    .map((records) =>
      records
        .sort(([, a], [, b]) => a - b)
        .map(([id, minute, luck]) =>
          luck === 0 ? { ...make(id, minute), value: Buffer.from('no event') } : make(id, minute),
        ),
    );

const arbitraryTopics = fc.tuple(arbitraryRecords(aRequest), arbitraryRecords(aResponse)).map(([a, b]) => topics(a, b));

test('a call counts once, whichever half comes first', () => {
  const requestFirst = foldAll(topics([aRequest('a', 0)], [aResponse('a', 1)]));
  const core = new ShardCore(OPTIONS);
  const input = topics([aRequest('a', 0)], [aResponse('a', 1)]);
  core.fold(TOPICS.responses, input[TOPICS.responses], PRICES);
  core.fold(TOPICS.requests, input[TOPICS.requests], PRICES);
  finish(core);
  const sums = new Sums();
  sums.add(core);
  assert.deepEqual(sums.result, requestFirst);
});

test('the interleaving of the topics, the cuts between commits and crashes at any of them change nothing', () => {
  const steps = fc.array(
    fc.record({
      topic: fc.constantFrom(TOPICS.requests, TOPICS.responses),
      count: fc.integer({ min: 1, max: 4 }),
      next: fc.constantFrom('go on', 'commit', 'commit with checkpoint', 'commit and crash'),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(arbitraryTopics, steps, (input, schedule) => {
      let core = new ShardCore(OPTIONS);
      let checkpoint = core.checkpoint();
      const sums = new Sums();
      for (const { topic, count, next } of schedule) {
        core.fold(topic, input[topic].slice(core.positions[topic], core.positions[topic] + count), PRICES);
        if (next === 'go on') continue;
        sums.add(core);
        if (next === 'commit with checkpoint' || core.needsCheckpoint) checkpoint = core.checkpoint();
        if (next === 'commit and crash') core = recover(core, checkpoint, input);
      }
      for (const topic of INPUT_TOPICS) core.fold(topic, input[topic].slice(core.positions[topic]), PRICES);
      finish(core);
      sums.add(core);
      assert.deepEqual(sums.result, foldAll(input));
    }),
    { numRuns: 2000 },
  );
});

test('every record taken is booked once: accepted = counted + waiting + duplicates + dead letters', () => {
  fc.assert(
    fc.property(arbitraryTopics, fc.integer({ min: 0, max: 50 }), (input, cut) => {
      const core = new ShardCore(OPTIONS);
      for (const topic of INPUT_TOPICS) core.fold(topic, input[topic].slice(0, cut), PRICES);
      const audits = core.takeEffects().toCommit().audits;
      for (const { counts } of audits) {
        assert.equal(counts.acceptedRequests, counts.countedRequests + counts.duplicateRequests + counts.deadRequests);
        assert.equal(
          counts.acceptedResponses,
          counts.countedResponses + counts.waitingResponses + counts.duplicateResponses + counts.deadResponses,
        );
      }
      const accepted = audits.reduce((sum, { counts }) => sum + counts.acceptedRequests + counts.acceptedResponses, 0);
      const taken = INPUT_TOPICS.reduce((sum, topic) => sum + Math.min(cut, input[topic].length), 0);
      assert.equal(accepted, taken);
    }),
  );
});

test('a request repeated within the horizon counts once, after it again', () => {
  const input = topics([aRequest('a', 0), aRequest('a', 15), aRequest('a', 30), aRequest('a', 46)], []);
  const core = new ShardCore(OPTIONS);
  core.fold(TOPICS.requests, input[TOPICS.requests], PRICES);
  const requests = core
    .takeEffects()
    .toCommit()
    .tallies.map(({ tally }) => tally.requests);
  assert.deepEqual(requests, [1, 1]);
});

test('a response later than the join timeout is a dead letter and its call stays unanswered', () => {
  const input = topics([aRequest('a', 0), aRequest('b', 0)], [aResponse('b', 15), aResponse('a', 16)]);
  const core = new ShardCore(OPTIONS);
  for (const topic of INPUT_TOPICS) core.fold(topic, input[topic], PRICES);
  finish(core);
  const { tallies, deadLetters } = core.takeEffects().toCommit();
  assert.deepEqual([tallies[0]?.tally.completed, tallies[0]?.tally.unanswered], [1, 1]);
  assert.deepEqual(
    deadLetters.map(({ offset, reason }) => [offset, reason]),
    [[1, 'no_request']],
  );
});

test('what the response bills replaces what the request said about the prompt', () => {
  const input = topics([aRequest('a', 0)], [aResponse('a', 1, { prompt_tokens: 7 })]);
  const core = new ShardCore(OPTIONS);
  for (const topic of INPUT_TOPICS) core.fold(topic, input[topic], PRICES);
  const [delta] = core.takeEffects().toCommit().tallies;
  assert.deepEqual([delta?.tally.promptTokens, delta?.tally.costPicoUsd.value], [7, 7n * 3n + 20n * 5n]);
});

test('an unknown token count enters no average and no cost', () => {
  const input = topics([aRequest('a', 0)], [aResponse('a', 1, { completion_tokens: null })]);
  const core = new ShardCore(OPTIONS);
  for (const topic of INPUT_TOPICS) core.fold(topic, input[topic], PRICES);
  const tally = core.takeEffects().toCommit().tallies[0]?.tally;
  assert.deepEqual([tally?.completionTokensKnown, tally?.unpricedRequests, tally?.costPicoUsd.value], [0, 1, 0n]);
});

test('an embedding without completion tokens is priced by its prompt', () => {
  const embedding = aResponse('a', 1, { completion_tokens: null, operation: 'embeddings' });
  const input = topics([aRequest('a', 0)], [embedding]);
  const core = new ShardCore(OPTIONS);
  for (const topic of INPUT_TOPICS) core.fold(topic, input[topic], PRICES);
  const tally = core.takeEffects().toCommit().tallies[0]?.tally;
  assert.deepEqual([tally?.unpricedRequests, tally?.costPicoUsd.value], [0, 30n]);
});

test('at the bound the oldest waiting request is given up and memory stays bounded', () => {
  const core = new ShardCore({ ...OPTIONS, pendingMax: 2 });
  const input = topics([aRequest('a', 0), aRequest('b', 1), aRequest('c', 2)], []);
  core.fold(TOPICS.requests, input[TOPICS.requests], PRICES);
  assert.equal(core.waitingCount, 2);
  assert.equal(core.needsCheckpoint, true);
});

test('a trace that is told of in one go is judged once, also where a batch is cut into parts', () => {
  const { settledTogetherMax } = REPORT_BOUNDS;
  const traceOf = (index: number): string => index.toString(16).padStart(32, '0');
  const calls = Array.from({ length: settledTogetherMax }, (_, index) =>
    aReport(0, { trace_id: traceOf(index), parent_id: span(9) }),
  );
  const ofLast = { trace_id: traceOf(settledTogetherMax - 1), span_id: span(9) };
  const parent = aReport(0, { ...ofLast, kind: 'context', names: { tenant: 'acme' } });
  const core = new ShardCore(OPTIONS);
  const records = [...calls, parent].map((record, offset) => ({ ...record, offset }));
  core.fold(TOPICS.reports, records, PRICES);
  assert.equal(core.effects.corrections.size, 0);
});

test('a large batch of reports is judged in parts, and what comes in a later part corrects an earlier one', () => {
  const { settledTogetherMax } = REPORT_BOUNDS;
  const traceOf = (index: number): string => index.toString(16).padStart(32, '0');
  const calls = Array.from({ length: settledTogetherMax }, (_, index) =>
    aReport(0, { trace_id: traceOf(index), parent_id: span(9) }),
  );
  const parent = aReport(0, { trace_id: traceOf(0), span_id: span(9), kind: 'context', names: { tenant: 'acme' } });
  const core = new ShardCore(OPTIONS);
  const records = [...calls, parent].map((record, offset) => ({ ...record, offset }));
  core.fold(TOPICS.reports, records, PRICES);
  assert.deepEqual(Object.fromEntries(core.effects.corrections), { tenant: 1 });
  const { tallies } = core.takeEffects().toCommit();
  const requests = tallies.map(({ series, tally }) => [series.tenantId, tally.requests]);
  assert.deepEqual(Object.fromEntries(requests), { acme: 1, default: settledTogetherMax - 1 });
});
