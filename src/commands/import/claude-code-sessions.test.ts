import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readClaudeCodeSession } from './claude-code-sessions.ts';
import { eventLines } from './session-call.ts';

const FOLDER = new URL('../../../test/fixtures/sessions/claude-code/-home-ada-shop/', import.meta.url);

const linesOf = (name: string) => readFileSync(new URL(name, FOLDER), 'utf8').split('\n');

/** A line of an answer of Claude Sonnet 4.5; the message's fields and the usage's may be others. */
function aLine({ usage = {}, message = {}, ...entry }: Record<string, unknown> = {}): string {
  return JSON.stringify({
    type: 'assistant',
    timestamp: '2025-11-19T10:00:00.000Z',
    sessionId: 's1',
    requestId: 'req_1',
    cwd: '/home/ada/shop',
    gitBranch: 'main',
    message: {
      id: 'msg_1',
      model: 'claude-sonnet-4-5-20250929',
      usage: {
        input_tokens: 4,
        cache_read_input_tokens: 1000,
        cache_creation_input_tokens: 200,
        output_tokens: 50,
        ...(usage as object),
      },
      ...(message as object),
    },
    ...entry,
  });
}

test('a session that Claude Code 2.1.332 wrote gives the calls that the model answered', () => {
  const { calls, unreadableLines } = readClaudeCodeSession(linesOf('338f62b3-40b8-4760-87f9-b1a1a487c8d6.jsonl'));
  assert.equal(unreadableLines, 0);
  assert.deepEqual(calls, [
    {
      key: 'claude-code-msg_01fake0001',
      ids: ['req_011fake1', 'msg_01fake0001'],
      provider: 'anthropic',
      model: 'claude-opus-5-5',
      sessions: ['338f62b3-40b8-4760-87f9-b1a1a487c8d6'],
      startedAtMs: Date.parse('2026-11-29T01:01:39.481Z'),
      endedAtMs: Date.parse('2026-11-29T01:01:39.486Z'),
      promptTokens: 2311,
      cachedPromptTokens: 2000,
      cacheWriteTokens: 300,
      cacheWrite1hTokens: 200,
      completionTokens: 41,
      reasoningTokens: 0,
      webSearchRequests: 0,
      finishReason: 'tool_use',
      serviceTier: 'standard',
      reportedCostUsd: null,
      metadata: {
        project: '/home/ada/shop',
        git_branch: 'feature/x',
        agent_version: '2.1.332',
        request_id: 'req_011fake1',
      },
    },
    {
      ...calls[1],
      key: 'claude-code-msg_01fake0002',
      promptTokens: 2312,
      completionTokens: 42,
    },
  ]);
});

test('a forked session says of a call that it repeats which session made it', () => {
  const { calls } = readClaudeCodeSession(linesOf('92b5c362-ad58-44b3-8b75-10e65ae3ed7e.jsonl'));
  assert.deepEqual(
    calls.map(({ ids, sessions }) => [ids[0], sessions[0]?.slice(0, 4)]),
    [
      ['req_011fake1', '338f'],
      ['req_011fake2', '338f'],
      ['req_011fake3', '92b5'],
      ['req_011fake4', '92b5'],
    ],
  );
});

test('of the lines of an answer that streams the last one counts', () => {
  const { calls } = readClaudeCodeSession([
    aLine({ usage: { output_tokens: 1 } }),
    aLine({ usage: { output_tokens: 7 }, timestamp: '2025-11-19T10:00:04.000Z' }),
  ]);
  assert.deepEqual(
    calls.map(({ completionTokens, startedAtMs, endedAtMs }) => [completionTokens, endedAtMs - startedAtMs]),
    [[7, 4000]],
  );
});

test('what the agent wrote itself is no call', () => {
  const lines = [
    aLine({ message: { model: '<synthetic>' } }),
    aLine({ isApiErrorMessage: true }),
    aLine({ type: 'user' }),
    JSON.stringify({ type: 'progress', usage: {} }),
  ];
  assert.deepEqual(readClaudeCodeSession(lines), { calls: [], unreadableLines: 0 });
});

test('a line that was cut while it was written costs no other line', () => {
  const { calls, unreadableLines } = readClaudeCodeSession([aLine(), aLine().slice(0, 300)]);
  assert.deepEqual([calls.length, unreadableLines], [1, 1]);
});

test('a session of a version that wrote no split of the cache is read', () => {
  const { calls } = readClaudeCodeSession([aLine()]);
  const [call] = calls;
  assert.deepEqual([call?.promptTokens, call?.cacheWriteTokens, call?.cacheWrite1hTokens], [1204, 200, null]);
});

test('who served the model follows from the id of its message', () => {
  const providerOf = (id: string) => readClaudeCodeSession([aLine({ message: { id } })]).calls[0]?.provider;
  assert.deepEqual(['msg_1', 'msg_bdrk_1', 'msg_vrtx_1', 'chatcmpl-1'].map(providerOf), [
    'anthropic',
    'aws.bedrock',
    'gcp.vertex_ai',
    null,
  ]);
});

test('numbers that no event may hold are unknown', () => {
  const { calls } = readClaudeCodeSession([aLine({ usage: { input_tokens: -1, output_tokens: 'many' } })]);
  assert.deepEqual([calls[0]?.promptTokens, calls[0]?.completionTokens], [null, null]);
});

test('what a model was asked for advice is a call of that model, and what a compaction took is of the answer', () => {
  const iterations = [
    { type: 'compaction', input_tokens: 180_000, output_tokens: 3500, cache_read_input_tokens: 50_000 },
    { type: 'message', input_tokens: 4, output_tokens: 20, cache_read_input_tokens: 1000 },
    { type: 'advisor_message', model: 'claude-opus-4-7', input_tokens: 159_419, output_tokens: 7805 },
    // Another model took over: not billed.
    { type: 'fallback_message', model: 'claude-opus-5', input_tokens: 900, output_tokens: 1 },
  ];
  const line = aLine({ usage: { iterations, cache_creation: { ephemeral_1h_input_tokens: 60 } } });
  const { calls } = readClaudeCodeSession([line, line]);
  assert.deepEqual(
    calls.map((call) => [call.key, call.model, call.promptTokens, call.cachedPromptTokens, call.completionTokens]),
    [
      ['claude-code-msg_1', 'claude-sonnet-4-5-20250929', 231_204, 51_000, 3550],
      ['claude-code-msg_1-advisor-0', 'claude-opus-4-7', 159_419, null, 7805],
    ],
  );
  assert.deepEqual(
    calls.map((call) => [call.cacheWriteTokens, call.cacheWrite1hTokens]),
    [
      [200, 60],
      [null, null],
    ],
  );
});

test('the searches of the web are those of the last line of an answer, and of no model that was asked for advice', () => {
  const searched = (web_search_requests: number) => ({
    server_tool_use: { web_search_requests, web_fetch_requests: 9 },
  });
  const iterations = [{ type: 'advisor_message', model: 'claude-opus-4-7', input_tokens: 100, output_tokens: 5 }];
  const lines = [1, 3].map((count) => aLine({ usage: { ...searched(count), iterations } }));
  const { calls } = readClaudeCodeSession(lines);
  assert.deepEqual(
    calls.map((call) => call.webSearchRequests),
    [3, null],
  );
  const sender = { tenant: 't', isTenantForced: false, user: null, route: 'claude-code' };
  const responses = calls.map((call) => JSON.parse(eventLines(call, sender).split('\n')[1] ?? '') as object);
  assert.deepEqual(
    responses.map((response) => ('web_search_requests' in response ? response.web_search_requests : 'absent')),
    [3, 'absent'],
  );
});

test("an answer of Claude's fast mode has that tier, for it has prices of its own", () => {
  const { calls } = readClaudeCodeSession([aLine({ usage: { service_tier: 'standard', speed: 'fast' } })]);
  assert.equal(calls[0]?.serviceTier, 'fast');
});

test('an answer that was given in the US has that tier, for it costs more', () => {
  const usage = { service_tier: 'standard', inference_geo: 'us' };
  assert.equal(readClaudeCodeSession([aLine({ usage })]).calls[0]?.serviceTier, 'us');
});
