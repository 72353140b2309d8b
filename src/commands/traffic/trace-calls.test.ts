import assert from 'node:assert/strict';
import { test } from 'node:test';
import { traceCall, traceRoute } from './trace-calls.ts';
import { parseTraceRow, type TraceRow } from './trace-row.ts';

const ROW: TraceRow = { timestamp: '2023-11-16T18:15:46.6805900Z', contextTokens: 374, generatedTokens: 44 };
const SUBJECT = { tenant: 'azure', route: 'conv', model: 'm' };

test('a row of a trace keeps its 100 ns digits and is read as UTC', () => {
  assert.deepEqual(parseTraceRow('2023-11-16 18:15:46.6805900,374,44'), ROW);
});

test('a line that is no row of a trace is refused', () => {
  for (const line of ['', 'TIMESTAMP,ContextTokens,GeneratedTokens', '2023-11-16,1,2', '2023-11-16 18:15:46,-1,2']) {
    assert.equal(parseTraceRow(line), null);
  }
});

test('the latency of a replayed call follows from its tokens alone', () => {
  const { request, response } = traceCall(ROW, { file: 'a.csv', line: 2 }, SUBJECT);
  assert.equal(response.time_to_first_token_ms, 118.7);
  assert.equal(response.latency_ms, 1218.7);
  assert.equal(response.timestamp, '2023-11-16T18:15:47.898Z');
  assert.deepEqual([request.prompt_tokens, response.completion_tokens], [374, 44]);
});

test('the id of a replayed call says its file, its line and its row', () => {
  const id = (row: TraceRow, file: string, line: number) => traceCall(row, { file, line }, SUBJECT).request.request_id;
  assert.equal(id(ROW, 'a.csv', 2), id(ROW, 'a.csv', 2));
  const others = [id(ROW, 'a.csv', 3), id(ROW, 'b.csv', 2), id({ ...ROW, generatedTokens: 45 }, 'a.csv', 2)];
  assert.equal(new Set([id(ROW, 'a.csv', 2), ...others]).size, 4);
  assert.ok(id(ROW, 'x'.repeat(300), 10_000_000).length <= 128);
});

test('the name of a trace file gives the route', () => {
  assert.equal(traceRoute('AzureLLMInferenceTrace_conv.csv'), 'conv');
  assert.equal(traceRoute('AzureLLMInferenceTrace_code.csv'), 'code');
  assert.equal(traceRoute('encoder.csv'), 'encoder');
});
