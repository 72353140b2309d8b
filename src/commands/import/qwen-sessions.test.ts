import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readQwenSession } from './qwen-sessions.ts';
import type { SessionCall } from './session-call.ts';

const CHAT = new URL(
  '../../../test/fixtures/sessions/qwen/-home-ada-shop/chats/ff47b1be-fb47-406b-b718-f7260413678e.jsonl',
  import.meta.url,
);

const tokensOf = (call: SessionCall | undefined) => [
  call?.promptTokens,
  call?.cachedPromptTokens,
  call?.completionTokens,
  call?.reasoningTokens,
];

function aLine(event: Record<string, unknown>, uuid = 'u1'): string {
  const uiEvent = {
    'event.name': 'qwen-code.api_response',
    'event.timestamp': '2025-11-19T10:00:05.000Z',
    response_id: 'chatcmpl-1',
    model: 'qwen3-coder-plus',
    duration_ms: 1500,
    input_token_count: 1000,
    output_token_count: 50,
    cached_content_token_count: 400,
    thoughts_token_count: 20,
    total_token_count: 1050,
    ...event,
  };
  return JSON.stringify({ uuid, sessionId: 's1', type: 'system', subtype: 'ui_telemetry', systemPayload: { uiEvent } });
}

test('a chat that Qwen Code 0.24 wrote gives each answer once, with the id that its telemetry has', () => {
  const { calls, unreadableLines } = readQwenSession(readFileSync(CHAT, 'utf8').split('\n').filter(Boolean));
  assert.equal(unreadableLines, 0);
  assert.deepEqual(calls.map(tokensOf), [
    [1010, 301, 51, 20],
    [1030, 303, 53, 20],
  ]);
  assert.deepEqual(
    calls.map(({ ids, sessions, endedAtMs, startedAtMs }) => [ids, sessions, endedAtMs - startedAtMs]),
    [
      [['chatcmpl-1'], ['ff47b1be-fb47-406b-b718-f7260413678e'], 668],
      [['chatcmpl-3'], ['ff47b1be-fb47-406b-b718-f7260413678e'], 462],
    ],
  );
});

test('thoughts lie inside the output, unless the total says that they lie beside it', () => {
  const completion = (event: Record<string, unknown>) => readQwenSession([aLine(event)]).calls[0]?.completionTokens;
  assert.equal(completion({}), 50);
  assert.equal(completion({ total_token_count: 1070 }), 70);
  assert.equal(completion({ thoughts_token_count: 80, total_token_count: 0 }), 130);
  assert.equal(completion({ output_token_count: null }), null);
});

test('a line that comes again is one call; tools, failures and half a line are none', () => {
  const lines = [
    aLine({}),
    aLine({}),
    aLine({ 'event.name': 'qwen-code.tool_call' }, 'u2'),
    aLine({ 'event.name': 'qwen-code.api_error' }, 'u3'),
    '{"uuid":"u4","sess',
  ];
  const { calls, unreadableLines } = readQwenSession(lines);
  assert.deepEqual([calls.map(({ key }) => key), unreadableLines], [['qwen-u1'], 1]);
});
