import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolve } from '../reports/resolve.ts';
import { reportsIn } from './captured-reports.contract.ts';

const BEGIN_MS = Date.UTC(2026, 10, 28, 13);
const NANOS = (ms: number) => `${BEGIN_MS + ms}000000`;

interface Reading {
  readonly startMs: number;
  readonly usage?: readonly [prompt: number, completion: number];
  readonly error?: string;
}

/** Spans of one response that is made in the background, each in a trace of its own. */
function callsOf(...readings: readonly Reading[]) {
  const spans = readings.map(({ startMs, usage, error }, i) => ({
    traceId: String(i + 1).padStart(32, '0'),
    spanId: '0000000000000001',
    name: 'chat gpt-4.1',
    startTimeUnixNano: NANOS(startMs),
    endTimeUnixNano: NANOS(startMs + 300),
    status: error === undefined ? {} : { code: 2, message: error },
    attributes: [
      { key: 'gen_ai.operation.name', value: { stringValue: 'chat' } },
      { key: 'gen_ai.request.model', value: { stringValue: 'gpt-4.1' } },
      { key: 'gen_ai.response.id', value: { stringValue: 'resp_68a1c0de4f7081908bd20c' } },
      ...(usage === undefined
        ? []
        : [
            { key: 'gen_ai.usage.input_tokens', value: { intValue: String(usage[0]) } },
            { key: 'gen_ai.usage.output_tokens', value: { intValue: String(usage[1]) } },
          ]),
    ],
  }));
  const body = { resourceSpans: [{ scopeSpans: [{ scope: { name: 'openai' }, spans }] }] };
  return resolve(reportsIn(Buffer.from(JSON.stringify(body)), 'json')).map(({ request, response }) => [
    Date.parse(request.timestamp ?? '') - BEGIN_MS,
    request.prompt_tokens ?? null,
    response.completion_tokens ?? null,
    (response.error ?? null) !== null,
  ]);
}

test('a response that had no usage yet when it was asked for has that of whoever read it when it was done', () => {
  const done: Reading = { startMs: 60_000, usage: [3000, 900] };
  assert.deepEqual(callsOf({ startMs: 0 }, { startMs: 30_000 }, done), [[0, 3000, 900, false]]);
  assert.deepEqual(callsOf({ startMs: 0 }, done, { startMs: 90_000, usage: [3000, 900] }), [[0, 3000, 900, false]]);
});

test('a reading that failed says nothing about the response', () => {
  const failed: Reading = { startMs: 30_000, error: 'connection reset' };
  assert.deepEqual(callsOf({ startMs: 0 }, failed, { startMs: 60_000, usage: [3000, 900] }), [[0, 3000, 900, false]]);
});
