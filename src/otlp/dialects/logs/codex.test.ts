import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logReportsIn } from '../../agent-captures.contract.ts';

type Attributes = Readonly<Record<string, string>>;

/** The facts of the calls that records of Codex tell. */
function factsOf(...records: readonly Attributes[]) {
  const logRecords = records.map((attributes) => ({
    timeUnixNano: '0',
    attributes: Object.entries({
      'event.timestamp': '2026-11-28T13:00:10.000Z',
      'conversation.id': 'c1',
      model: 'gpt-5-codex',
      ...attributes,
    }).map(([key, stringValue]) => ({ key, value: { stringValue } })),
  }));
  const scopeLogs = [{ scope: { name: 'codex_otel.log_only' }, logRecords }];
  const body = Buffer.from(JSON.stringify({ resourceLogs: [{ resource: { attributes: [] }, scopeLogs }] }));
  return logReportsIn(body).map(({ facts }) => facts);
}

const END = { 'event.name': 'codex.sse_event', 'event.kind': 'response.completed' };

test('an answer of the fast mode of Codex is of the tier that its record names', () => {
  const [facts] = factsOf({ ...END, service_tier: 'priority', input_token_count: '1000', output_token_count: '50' });
  assert.equal(facts?.service_tier, 'priority');
});

test('a stream of Codex that fails is one failed call, though two records tell it', () => {
  const message = 'stream disconnected before completion: boom';
  const failures = [
    { 'event.name': 'codex.sse_event', 'event.kind': 'response.failed', 'error.message': '{"type":"response.failed"}' },
    { 'event.name': 'codex.sse_event', 'error.message': 'idle timeout waiting for SSE' },
    { 'event.name': 'codex.websocket_event', 'error.message': 'connection reset' },
  ];
  for (const failure of failures) {
    const calls = factsOf(failure, { ...END, 'error.message': message });
    assert.deepEqual(
      calls.map((facts) => facts?.error),
      [message],
    );
  }
});
