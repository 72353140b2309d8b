import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KeptCall, matchCalls } from './known-calls.ts';
import type { SessionCall } from './session-call.ts';

const AT_MS = Date.UTC(2025, 10, 19, 10);

function aCall(part: Partial<SessionCall> = {}): SessionCall {
  return {
    key: 'claude-code-msg_1',
    ids: ['req_1', 'msg_1'],
    provider: 'anthropic',
    model: 'claude-sonnet-4-5',
    sessions: ['s1'],
    startedAtMs: AT_MS,
    endedAtMs: AT_MS,
    promptTokens: 100,
    cachedPromptTokens: null,
    cacheWriteTokens: null,
    cacheWrite1hTokens: null,
    webSearchRequests: null,
    completionTokens: 10,
    reasoningTokens: null,
    finishReason: null,
    serviceTier: null,
    reportedCostUsd: null,
    metadata: {},
    ...part,
  };
}

function aKept(part: Partial<KeptCall> = {}): KeptCall {
  return {
    request_id: 'trace-span',
    model: 'claude-sonnet-4-5',
    timestamp: new Date(AT_MS - 3000).toISOString(),
    latency_ms: 3000,
    prompt_tokens: 100,
    completion_tokens: 10,
    metadata: null,
    ...part,
  };
}

const howOf = (calls: readonly SessionCall[], kept: readonly KeptCall[]) => [...matchCalls(calls, kept).byKey.values()];

for (const [where, kept] of [
  ['in its metadata', aKept({ metadata: { request_id: 'req_1' }, prompt_tokens: 7 })],
  ['as its id', aKept({ request_id: 'req_1', prompt_tokens: 7 })],
  ['after a prefix', aKept({ request_id: 'claude-code-req_1', prompt_tokens: 7 })],
] as const) {
  test(`telemetry that holds the id of a call ${where} is that call`, () => {
    assert.deepEqual(howOf([aCall()], [kept]), ['by id']);
  });
}

test('an id that begins like another one is another one', () => {
  assert.deepEqual(howOf([aCall()], [aKept({ request_id: 'req_11', prompt_tokens: 7 })]), []);
});

test('without an id, model, tokens and the time of the end tell', () => {
  const call = aCall({ ids: [] });
  assert.deepEqual(howOf([call], [aKept({ model: 'claude-sonnet-4-5[1m]' })]), ['by content']);
  for (const other of [{ model: 'x' }, { prompt_tokens: 99 }, { completion_tokens: 9 }, { latency_ms: 30_000 }]) {
    assert.deepEqual(howOf([call], [aKept(other)]), []);
  }
});

test('a call of Claude on Bedrock or Vertex AI is known by whatever name telemetry has for the model', () => {
  const call = aCall({ ids: [], model: 'claude-sonnet-4-5-20250929' });
  const names = ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'claude-sonnet-4-5@20250929'];
  for (const model of names) assert.deepEqual(howOf([call], [aKept({ model })]), ['by content']);
});

test('one kept call stands for one call of the file', () => {
  const calls = [aCall({ ids: [] }), aCall({ key: 'claude-code-msg_2', ids: [] })];
  assert.deepEqual(howOf(calls, [aKept()]), ['by content']);
  assert.deepEqual([...matchCalls(calls, [aKept()]).unmatched], ['claude-code-msg_2']);
});

test('a call that was known by its id stands for no other one', () => {
  const calls = [aCall({ key: 'claude-code-msg_2', ids: [] }), aCall()];
  assert.deepEqual([...matchCalls(calls, [aKept({ request_id: 'req_1' })]).byKey], [['claude-code-msg_1', 'by id']]);
});

test('what was imported before is known by its own id, and is no telemetry', () => {
  const kept = aKept({
    request_id: 'claude-code-msg_1',
    metadata: { imported_from: 'claude-code', request_id: 'req_1' },
  });
  const found = matchCalls([aCall()], [kept]);
  assert.deepEqual([...found.byKey.values()], ['imported']);
  assert.equal(found.liveSessions.size, 0);
});
