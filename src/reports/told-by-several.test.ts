import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenCalls } from './open-calls.ts';
import type { Report } from './report.ts';
import { resolve } from './resolve.ts';

const START = 1_795_486_623_000;
const APP = 'shop\n\n\n1';
const GATEWAY = 'gateway\n\n\n9';

let spans = 0;
const spanId = (): string => (++spans).toString(16).padStart(16, '0');

/** A call in a trace of its own. */
function aCall(given: Partial<Report> = {}): Report {
  const span = spanId();
  return {
    sender: '',
    trace_id: span.repeat(2),
    span_id: span,
    kind: 'call',
    scope: 'openai',
    process: APP,
    start_ms: START,
    duration_ms: 400,
    facts: { model: 'm', prompt_tokens: 7, completion_tokens: 3 },
    ...given,
  };
}

/** The gateway's span of that call. */
function aCopy({ trace_id, span_id, start_ms, duration_ms }: Report, given: Partial<Report> = {}): Report {
  return aCall({
    trace_id,
    parent_id: span_id,
    process: GATEWAY,
    scope: 'litellm',
    start_ms: start_ms + 20,
    duration_ms: (duration_ms ?? 40) - 30,
    ...given,
  });
}

/** How many calls it is, the same in any order, and when all but a few sleep. */
function callsIn(...reports: readonly Report[]): number {
  const count = resolve(reports).length;
  for (let first = 0; first < reports.length; first++) {
    for (const awakeMax of [0, 2]) {
      const turned = [...reports.slice(first), ...reports.slice(0, first)];
      for (const order of [turned, turned.toReversed()]) {
        const open = new OpenCalls({ awakeMax });
        for (const report of order) {
          open.add(report, { place: 0, loggedAtMs: 0 });
          open.settle();
        }
        assert.equal(open.calls().length, count, 'in whatever order they come');
      }
    }
  }
  return count;
}

test('two traces are one call where one of them leaves out of the prompt what the cache took and tells nothing of it', () => {
  const native = aCall({
    scope: 'com.anthropic.sdk.python',
    facts: {
      model: 'm',
      prompt_tokens: 1300,
      cached_prompt_tokens: 200,
      cache_write_tokens: 100,
      completion_tokens: 3,
    },
  });
  const around = (facts: Report['facts']) =>
    aCall({
      scope: 'monocle',
      start_ms: START - 5,
      duration_ms: 410,
      facts: { model: 'm', completion_tokens: 3, ...facts },
    });
  assert.equal(callsIn(native, around({ prompt_tokens: 1200, cached_prompt_tokens: 200 })), 1);
  // Another prompt, another answer, or a cache that it tells: two calls.
  assert.equal(callsIn(native, around({ prompt_tokens: 1201, cached_prompt_tokens: 200 })), 2);
  assert.equal(callsIn(native, around({ prompt_tokens: 1200, completion_tokens: 4 })), 2);
  assert.equal(callsIn(native, around({ prompt_tokens: 1200, cache_write_tokens: 50 })), 2);
});

test('two traces of one call are one, also where a gateway tells of it below one of them', () => {
  const app = aCall();
  const chain = aCall({ scope: 'langchain', start_ms: START - 200, duration_ms: 620 });
  assert.equal(callsIn(app, aCopy(app), chain), 1);
  // Nor does it matter which of the spans knows the usage.
  const blind = aCall({ facts: { model: 'm' } });
  assert.equal(callsIn(blind, aCopy(blind), chain), 1);
  assert.equal(callsIn(chain, aCopy(chain), app), 1);
});

test('calls at once through one gateway stay as many as it tells of', () => {
  const [a, b] = [aCall(), aCall({ start_ms: START + 5 })];
  const chains = [a, b].map(({ start_ms }) => aCall({ scope: 'langchain', start_ms: start_ms - 9, duration_ms: 420 }));
  assert.equal(callsIn(a, aCopy(a), b, aCopy(b), ...chains), 2);
  const chain = aCall({ scope: 'langchain' });
  assert.equal(callsIn(a, aCopy(a), chain, aCopy(chain)), 2);
});

test('of several tries of a gateway another trace is the one that counts the same', () => {
  const app = aCall();
  const chain = aCall({ scope: 'langchain', start_ms: START - 9, duration_ms: 420 });
  const failed = aCopy(app, { start_ms: START + 5, duration_ms: 9, facts: { model: 'm', error: 'HTTP 503' } });
  const reports = [app, failed, aCopy(app), chain];
  assert.equal(callsIn(...reports), 2);
  const spent = resolve(reports).map(({ response }) => [response.error ?? null, response.completion_tokens]);
  assert.deepEqual(new Set(spent.map(String)), new Set([',3', 'HTTP 503,']));
});

test('two traces that name one response are one call, whatever both count, where a gateway tells of it too', () => {
  const response_id = 'resp_0123456789abcdef';
  const app = aCall({ response_id });
  const facts = { model: 'm', prompt_tokens: 7, completion_tokens: 6 };
  const chain = aCall({ scope: 'langchain', response_id, facts });
  assert.equal(callsIn(app, aCopy(app, { response_id }), chain), 1);
});

test("a coding agent's record is of its span's call, also where a gateway tells of it below", () => {
  const agent = { agent: 'claude_code', process: 'session-1' };
  const span = aCall({ ...agent, scope: 'agent.spans' });
  const record = aCall({ ...agent, scope: 'agent.events', is_log: true, start_ms: START + 50 });
  assert.equal(callsIn(span, aCopy(span), record), 1);
});

test("a record of an agent and a gateway's span that name one response do not keep the agent's span from them", () => {
  const agent = { agent: 'claude_code', process: 'session-1' };
  const response_id = 'msg_0123456789abcdef';
  const span = aCall({ ...agent, scope: 'agent.spans' });
  const record = aCall({ ...agent, scope: 'agent.events', is_log: true, response_id });
  const copy = aCall({ process: GATEWAY, scope: 'litellm', response_id });
  assert.equal(callsIn(span, copy, record), 1);
});

test('the end of a stream finds its opening, also where another span of the call lies below it or around it', () => {
  const logfire = { scope: 'logfire.openai', request_digest: 'd' };
  const facts = { model: 'm', stream: true };
  const opening = aCall({ ...logfire, facts, duration_ms: 50 });
  const end = aCall({ ...logfire, kind: 'stream end', start_ms: START + 50, duration_ms: 400 });
  assert.equal(callsIn(opening, end), 1);
  assert.equal(callsIn(opening, aCopy(opening), end), 1);
  const below = aCall({ trace_id: opening.trace_id, parent_id: opening.span_id, start_ms: START + 5 });
  assert.equal(callsIn(opening, below, end), 1);
  const around = aCall({ scope: 'langchain', duration_ms: 900, start_ms: START - 5 });
  const inner = { ...opening, trace_id: around.trace_id, parent_id: around.span_id };
  assert.equal(callsIn(around, inner, end), 1);
});

test('a record where no span was open is of its call, also where a gateway tells of it', () => {
  const app = aCall({ facts: { model: 'm' } });
  const record = aCall({
    kind: 'wire',
    is_log: true,
    is_traceless: true,
    start_ms: START + 400,
    duration_ms: null,
    facts: { model: 'm', prompt_tokens: 7, completion_tokens: 3 },
  });
  assert.equal(callsIn(app, aCopy(app), record), 1);
});

test('a response with a short id that is read again is one call, also where a gateway tells of one reading', () => {
  const app = aCall({ response_id: '42' });
  const again = aCall({ response_id: '42', start_ms: START + 60_000 });
  assert.equal(callsIn(app, again), 1);
  assert.equal(callsIn(app, aCopy(app, { response_id: '42' }), again), 1);
  // The gateway alone tells of a third one.
  const third = aCall({ process: GATEWAY, scope: 'litellm', response_id: '42', start_ms: START + 90_000 });
  assert.equal(callsIn(app, aCopy(app, { response_id: '42' }), again, third), 1);
  assert.equal(callsIn(app, third), 2);
});
