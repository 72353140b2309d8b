import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolve } from '../../../reports/resolve.ts';
import { logReportsIn } from '../../agent-captures.contract.ts';
import { reportsIn } from '../../captured-reports.contract.ts';
import { jsonAttributes, type NamedValues } from '../../json-attributes.contract.ts';

const END_MS = Date.UTC(2026, 10, 28, 13);
const NANOS = (ms: number) => `${ms}000000`;
const SCOPE = { name: 'gemini-cli' };
const RESOURCE = { attributes: [] };

function record(counts: NamedValues) {
  const named = { 'event.name': 'gemini_cli.api_response', 'session.id': 's1', model: 'gemini-2.5-pro', ...counts };
  const logRecords = [{ timeUnixNano: NANOS(END_MS), attributes: jsonAttributes({ duration_ms: 900, ...named }) }];
  const scopeLogs = [{ scope: SCOPE, logRecords }];
  return logReportsIn(Buffer.from(JSON.stringify({ resourceLogs: [{ resource: RESOURCE, scopeLogs }] })));
}

function span(input: number, output: number) {
  const ids = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), name: 'llm_call' };
  const times = { startTimeUnixNano: NANOS(END_MS - 900), endTimeUnixNano: NANOS(END_MS + 5) };
  const attributes = jsonAttributes({
    'gen_ai.operation.name': 'llm_call',
    'gen_ai.request.model': 'gemini-2.5-pro',
    'gen_ai.conversation.id': 's1',
    'gen_ai.usage.input_tokens': input,
    'gen_ai.usage.output_tokens': output,
  });
  const scopeSpans = [{ scope: SCOPE, spans: [{ ...ids, ...times, attributes }] }];
  return reportsIn(Buffer.from(JSON.stringify({ resourceSpans: [{ resource: RESOURCE, scopeSpans }] })), 'json');
}

test('a span that leaves out what tools put into the prompt is the call of its record, and another call is not', () => {
  const counts = { input_token_count: 1010, output_token_count: 51, thoughts_token_count: 20 };
  const log = record({ ...counts, tool_token_count: 7, total_token_count: 1088 });
  const promptsOf = (reports: Parameters<typeof resolve>[0]) =>
    resolve(reports)
      .map(({ request }) => request.prompt_tokens ?? 0)
      .toSorted((a, b) => a - b);
  assert.deepEqual(promptsOf([...log, ...span(1010, 51)]), [1017]);
  assert.deepEqual(promptsOf([...span(1010, 51), ...log]), [1017]);
  assert.deepEqual(promptsOf([...log, ...span(1018, 51)]), [1017, 1018]);
  assert.deepEqual(promptsOf([...log, ...span(1010, 50)]), [1010, 1017]);
});
