import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Report } from './report.ts';
import { resolve } from './resolve.ts';

const START = 1_795_486_623_000;

let spans = 0;

/** A call as LiteLLM's proxy writes it below its own span. */
function aCall({ facts = {}, ...given }: Partial<Report> = {}): Report {
  return {
    sender: '',
    trace_id: 'a'.repeat(32),
    span_id: (++spans).toString(16).padStart(16, '0'),
    parent_id: 'f'.repeat(16),
    kind: 'call',
    scope: 'litellm',
    process: 'svc\n\n\n1',
    start_ms: START,
    duration_ms: 4000,
    call_key: 'call-1',
    response_id: `chatcmpl-${spans}`,
    facts: { model: 'm', prompt_tokens: 7, completion_tokens: 3, ...facts },
    ...given,
  };
}

/** How many calls the reports come to, in whatever order they are. */
function countOf(...reports: readonly Report[]): number {
  const count = resolve(reports).length;
  assert.equal(resolve(reports.toReversed()).length, count);
  return count;
}

test('a call that its writer wrote twice is one, whatever response ids it made up', () => {
  assert.equal(countOf(aCall(), aCall()), 1);
  assert.equal(countOf(aCall(), aCall({ start_ms: START + 1, duration_ms: 3999 }), aCall()), 1);
});

test('other calls at that time, and attempts at one call, are calls by themselves', () => {
  assert.equal(countOf(aCall(), aCall({ call_key: 'call-2' })), 2);
  const { call_key: _, ...unnamed } = aCall();
  assert.equal(countOf(aCall(), unnamed), 2);
  assert.equal(countOf(aCall(), aCall({ start_ms: START + 4000 })), 2);
  assert.equal(countOf(aCall({ facts: { prompt_tokens: 8 } }), aCall()), 2);
  assert.equal(countOf(aCall({ facts: { error: 'HTTP 429' } }), aCall()), 2);
});

test('what one of two writings lies below together with other calls is not compared as if it told that call alone', () => {
  const app: Partial<Report> = { process: 'app\n\n\n1', scope: 'openai' };
  const { call_key: _, ...around } = aCall({ ...app, facts: { prompt_tokens: 14, completion_tokens: 6 } });
  const other = aCall({ parent_id: around.span_id, call_key: 'call-2', start_ms: START + 500 });
  const [first, again] = [aCall(), aCall({ parent_id: around.span_id })];
  const ofAnotherTrace = { ...around, trace_id: 'b'.repeat(32), span_id: 'e'.repeat(16), scope: 'langchain' };
  // What counts as both do together is neither of them.
  const ids = { response_id: 'resp_elsewhere' };
  assert.equal(countOf(first, again, other, { ...around, ...ids }, { ...ofAnotherTrace, ...ids }), 3);
});
