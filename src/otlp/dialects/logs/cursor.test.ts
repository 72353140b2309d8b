import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolve } from '../../../reports/resolve.ts';
import { logReportsIn } from '../../agent-captures.contract.ts';
import { jsonAttributes, type NamedValues } from '../../json-attributes.contract.ts';

let second = 0;

function recordOf(event: string, attributes: NamedValues): object {
  second += 1;
  return {
    timeUnixNano: `${1_795_870_810 + second}000000000`,
    body: { stringValue: event },
    attributes: jsonAttributes({
      'cursor.conversation.id': 'c1',
      'cursor.model.name': 'claude-4.5-sonnet',
      ...attributes,
    }),
  };
}

function callsOf(...logRecords: readonly object[]) {
  const resource = {
    attributes: jsonAttributes({ 'service.name': 'cursor', 'cursor.team.id': 7, 'cursor.user.id': 42 }),
  };
  const scopeLogs = [{ scope: { name: 'cursor.telemetry', version: '0.1.0' }, logRecords }];
  return resolve(logReportsIn(Buffer.from(JSON.stringify({ resourceLogs: [{ resource, scopeLogs }] }))));
}

const USED = {
  'cursor.api.request.input_tokens': 12,
  'cursor.api.request.output_tokens': 300,
  'cursor.api.request.cache_read_tokens': 9000,
  'cursor.api.request.cache_creation_tokens': 2000,
};

test('a request of Cursor is a call with the cache beside its input, and counts once however often it comes', () => {
  const first = recordOf('api_request', { ...USED, 'cursor.usage_event.id': 'u1', 'cursor.event.id': 'e1' });
  const other = recordOf('api_request', { ...USED, 'cursor.usage_event.id': 'u2', 'cursor.event.id': 'e2' });
  assert.deepEqual(
    callsOf(first, other, first).map(({ request, response }) => [
      request.model,
      request.session_id,
      typeof request.user_id_hash,
      response.prompt_tokens,
      response.completion_tokens,
      response.cached_prompt_tokens,
      response.cache_write_tokens,
    ]),
    [1, 2].map(() => ['claude-4.5-sonnet', 'c1', 'string', 11_012, 300, 9000, 2000]),
  );
});

test('what Cursor does not bill costs nothing, and what it takes back is no call of its own', () => {
  const calls = callsOf(
    recordOf('api_request', { ...USED, 'cursor.api.billable': false, 'cursor.usage_event.id': 'u3' }),
    recordOf('api_request', { ...USED, 'cursor.api.billable': true, 'cursor.usage_event.id': 'u4' }),
    recordOf('api_correction_not_billed_errored', { 'cursor.usage_event.id': 'u4' }),
    recordOf('tool_call', {}),
  );
  assert.deepEqual(
    calls.map(({ response }) => response.reported_cost_usd ?? null),
    [0, null],
  );
});

test('a request of Cursor that failed is one call, whether its usage is told beside or not', () => {
  const [alone, ...none] = callsOf(recordOf('api_error', { 'cursor.usage_event.id': 'u5' }));
  assert.equal(alone?.response.error_kind, 'other');
  assert.deepEqual(none, []);
  const used = recordOf('api_request', { ...USED, 'cursor.usage_event.id': 'u6' });
  const failed = recordOf('api_error', { 'cursor.usage_event.id': 'u6' });
  for (const told of [callsOf(used, failed), callsOf(failed, used)]) {
    assert.deepEqual(
      told.map(({ response }) => response.prompt_tokens),
      [11_012],
    );
  }
  const others = callsOf(
    recordOf('api_request', { ...USED, 'cursor.usage_event.id': 'u7' }),
    recordOf('api_error', { 'cursor.usage_event.id': 'u8' }),
  );
  assert.equal(others.length, 2);
});
