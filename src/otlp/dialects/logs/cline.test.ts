import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolve } from '../../../reports/resolve.ts';
import { logReportsIn } from '../../agent-captures.contract.ts';

type Attributes = Readonly<Record<string, string | number>>;

const END = '1795870810000000000';
const WHOSE = { ulid: '01J', provider: 'anthropic', model: 'claude-sonnet-4-5', distinct_id: 'machine' };

function recordOf(event: string, attributes: Attributes) {
  const named = Object.entries({ ...WHOSE, ...attributes }).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : { doubleValue: value },
  }));
  return { timeUnixNano: END, body: { stringValue: event }, attributes: named };
}

function callsOf(...logRecords: readonly object[]) {
  const scopeLogs = [{ scope: { name: 'cline' }, logRecords }];
  return resolve(logReportsIn(Buffer.from(JSON.stringify({ resourceLogs: [{ scopeLogs }] }))));
}

test("the assistant's turn of Cline is a call with the cache beside its input; its other records repeat it", () => {
  const calls = callsOf(
    recordOf('task.conversation_turn', { source: 'user' }),
    recordOf('task.tokens', { tokensIn: 12, tokensOut: 300 }),
    recordOf('task.conversation_turn', {
      source: 'assistant',
      tokensIn: 12,
      tokensOut: 300,
      cacheReadTokens: 9000,
      cacheWriteTokens: 2000,
      totalCost: 0.0147,
    }),
  );
  assert.deepEqual(
    calls.map(({ request, response }) => [
      request.session_id,
      response.prompt_tokens,
      response.completion_tokens,
      response.cached_prompt_tokens,
      response.cache_write_tokens,
      response.reported_cost_usd,
    ]),
    [['01J', 11_012, 300, 9000, 2000, 0.0147]],
  );
});

test('a turn of Cline that was broken off has no counts, what failed before it has a record', () => {
  const brokenOff = { source: 'assistant', tokensIn: 'undefined', tokensOut: 'undefined' };
  assert.deepEqual(callsOf(recordOf('task.conversation_turn', brokenOff)), []);
  const [failed] = callsOf(recordOf('task.provider_api_error', { errorMessage: 'overloaded', errorStatus: 529 }));
  assert.equal(failed?.response.error_kind, 'server');
});

const OF_SDK = { agentId: 'a1', agentKind: 'root', tokensOut: 300, cacheReadTokens: 9000, cacheWriteTokens: 2000 };

test('on its SDK the turn of Cline has no counts, and the record of the tokens is the call', () => {
  const calls = callsOf(
    recordOf('task.conversation_turn', { source: 'assistant', agentKind: 'root' }),
    recordOf('task.tokens', { ...OF_SDK, tokensIn: 12, totalCost: 0.0147 }),
  );
  assert.deepEqual(
    calls.map(({ request, response }) => [request.session_id, response.prompt_tokens, response.reported_cost_usd]),
    [['01J', 11_012, 0.0147]],
  );
});

test('the first SDKs of Cline, which named no provider, had the cache inside the input', () => {
  const { attributes, ...record } = recordOf('task.tokens', { ...OF_SDK, tokensIn: 11_012 });
  const [call] = callsOf({ ...record, attributes: attributes.filter(({ key }) => key !== 'provider') });
  assert.deepEqual(
    [call?.response.prompt_tokens, call?.response.cached_prompt_tokens, call?.response.cache_write_tokens],
    [11_012, 9000, 2000],
  );
});
