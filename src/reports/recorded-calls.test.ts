import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Report } from './report.ts';
import { resolve } from './resolve.ts';

const START = 1_795_486_623_000;
const TRACE = 'a'.repeat(32);

let spans = 0;
const spanId = (): string => (++spans).toString(16).padStart(16, '0');

/** A call of 4 s, by its span. */
function aSpan({ facts = {}, ...given }: Partial<Report> = {}): Report {
  return {
    sender: '',
    trace_id: TRACE,
    span_id: spanId(),
    kind: 'call',
    scope: 'sdk',
    process: 'svc\n\n\n1',
    start_ms: START,
    duration_ms: 4000,
    facts: { model: 'm', prompt_tokens: 7, completion_tokens: 3, ...facts },
    ...given,
  };
}

/** The convention's details of it, written as it ended. */
function details({ facts = {}, ...given }: Partial<Report> = {}): Report {
  return aSpan({ kind: 'wire', is_log: true, start_ms: START + 4003, duration_ms: null, facts, ...given });
}

/** Written where no span was open: in a trace of its own. */
function traceless(given: Partial<Report> = {}): Report {
  const own = spanId();
  return details({ span_id: own, trace_id: own.repeat(2), is_traceless: true, ...given });
}

/** The latencies of what the reports come to, in whatever order they are. */
function latenciesOf(...reports: readonly Report[]): readonly (number | null)[] {
  const of = (all: readonly Report[]) => resolve(all).map(({ response }) => response.latency_ms ?? null);
  const inOrder = (all: readonly (number | null)[]) => all.toSorted((a, b) => (a ?? 0) - (b ?? 0));
  const latencies = of(reports);
  assert.deepEqual(inOrder(of(reports.toReversed())), inOrder(latencies));
  return latencies;
}

test('the details of a call are no second call where they were written into the span around it', () => {
  const http: Report = { ...aSpan(), kind: 'context', facts: {}, duration_ms: 5000 };
  const call = aSpan({ parent_id: http.span_id });
  assert.deepEqual(latenciesOf(http, call, details({ parent_id: http.span_id })), [4000]);
  // The span around it may come later, or never.
  assert.deepEqual(latenciesOf(call, details({ parent_id: http.span_id })), [4000]);
  assert.deepEqual(latenciesOf(call, details({ parent_id: http.span_id, response_id: 'resp_1' })), [4000]);
});

test('nor where no span was open when they were written', () => {
  assert.deepEqual(latenciesOf(aSpan(), traceless()), [4000]);
  assert.deepEqual(latenciesOf(aSpan({ response_id: 'resp_1' }), traceless()), [4000]);
  assert.deepEqual(
    latenciesOf(aSpan({ response_id: 'resp_01234567' }), traceless({ response_id: 'resp_01234567' })),
    [4000],
  );
});

test('what only the details know is known of the call', () => {
  const [call, ...others] = resolve([
    aSpan({ facts: { finish_reason: null } }),
    traceless({ facts: { finish_reason: 'stop' } }),
  ]);
  assert.deepEqual([others.length, call?.response.finish_reason], [0, 'stop']);
});

test('two spans and two details of equal calls are two calls, a third one beside them is a third', () => {
  for (const record of [details, traceless]) {
    const two = [aSpan(), aSpan({ start_ms: START + 100 }), record(), record({ start_ms: START + 4103 })];
    assert.deepEqual(latenciesOf(...two), [4000, 4000]);
    assert.equal(latenciesOf(...two, record({ start_ms: START + 4050 })).length, 3);
  }
  // The details of one call lie in its trace, those of the other in none.
  assert.equal(latenciesOf(aSpan(), details(), traceless()).length, 2);
});

test('details that say another model, usage or response, or came at another time, are another call', () => {
  const others: Partial<Report>[] = [
    { facts: { model: 'n' } },
    { facts: { prompt_tokens: 8 } },
    { facts: { operation: 'embeddings' } },
    { start_ms: START + 4400 },
    { start_ms: START + 3600 },
    { response_id: 'resp_2' },
  ];
  for (const other of others) {
    for (const record of [details, traceless]) {
      assert.equal(latenciesOf(aSpan({ response_id: 'resp_1' }), record(other)).length, 2, JSON.stringify(other));
    }
  }
  assert.equal(latenciesOf(aSpan(), traceless({ process: 'svc\n\n\n2' })).length, 2);
  assert.equal(latenciesOf(aSpan({ process: '\n\n\n' }), traceless({ process: '\n\n\n' })).length, 2);
});

test('details in the trace of another call are no copy of it, however alike they are', () => {
  assert.equal(latenciesOf(aSpan(), details({ trace_id: 'b'.repeat(32) })).length, 2);
});

test('the details of two instrumentations are of one call', () => {
  assert.deepEqual(latenciesOf(aSpan(), details(), details({ scope: 'other' })), [4000]);
});

test('a call whose usage only one of both knows is one where they ended at once', () => {
  const unknown = { model: 'm', prompt_tokens: null, completion_tokens: null };
  for (const record of [details, traceless]) {
    assert.equal(latenciesOf(aSpan({ facts: unknown }), record()).length, 1);
    assert.equal(latenciesOf(aSpan({ facts: unknown }), record({ start_ms: START + 4030 })).length, 2);
    const failed = { ...unknown, error: 'rate limited' };
    assert.equal(latenciesOf(aSpan({ facts: failed }), record({ start_ms: START + 4300, facts: failed })).length, 1);
    assert.equal(latenciesOf(aSpan({ facts: failed }), record({ facts: unknown })).length, 2);
  }
});

test('what lies in the span of an agent is one of the calls that it adds up', () => {
  const agent = aSpan({ kind: 'sum', facts: { prompt_tokens: 14, completion_tokens: 6 } });
  const call = aSpan({ parent_id: agent.span_id });
  const below = details({ parent_id: agent.span_id });
  assert.deepEqual(latenciesOf(agent, call, below), [4000]);
  const unseen = details({ parent_id: agent.span_id, start_ms: START + 900 });
  assert.deepEqual(latenciesOf(agent, call, below, unseen), [4000, null]);
  assert.deepEqual(latenciesOf(agent, unseen), [null]);
});

test('the exception of a failed call is no second call where no span was open', () => {
  const failed = { prompt_tokens: null, completion_tokens: null, error: 'boom' };
  const exception = (given: Partial<Report> = {}) => traceless({ is_exception: true, facts: failed, ...given });
  assert.deepEqual(latenciesOf(aSpan({ facts: failed }), exception()), [4000]);
  assert.deepEqual(latenciesOf(aSpan({ facts: failed }), exception(), traceless({ facts: failed })), [4000]);
  assert.equal(latenciesOf(aSpan({ facts: failed }), exception(), exception()).length, 2);
  assert.equal(latenciesOf(aSpan(), exception()).length, 2);
});
