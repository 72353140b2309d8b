import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readGeminiSession } from './gemini-sessions.ts';

const CHAT = new URL(
  '../../../test/fixtures/sessions/gemini/shop/chats/session-2026-11-29T01-14-6e6de4b9.jsonl',
  import.meta.url,
);

const HEAD = { sessionId: 's1', projectHash: 'f00d', startTime: '2025-11-19T10:00:00.000Z' };

function aMessage(id: string, tokens: Record<string, number> | null): Record<string, unknown> {
  return {
    id,
    timestamp: '2025-11-19T10:00:05.000Z',
    type: 'gemini',
    content: 'Hello',
    model: 'gemini-2.5-pro',
    tokens,
  };
}

const TOKENS = { input: 1000, output: 50, cached: 400, thoughts: 20, tool: 5, total: 1075 };

test('a chat that Gemini CLI 0.61 wrote gives the call that the model answered', () => {
  const { calls, unreadableLines } = readGeminiSession(readFileSync(CHAT, 'utf8').split('\n').filter(Boolean));
  assert.equal(unreadableLines, 0);
  assert.deepEqual(
    calls.map((call) => [
      call.model,
      call.promptTokens,
      call.cachedPromptTokens,
      call.completionTokens,
      call.reasoningTokens,
    ]),
    [['gemini-2.5-pro', 7005, 4000, 85 + 30, 30]],
  );
  assert.deepEqual(calls[0]?.sessions, ['6e6de4b9-709f-4433-8851-813abae26d63']);
});

test('prompt and completion add up to the total that Gemini CLI writes', () => {
  const [call] = readGeminiSession([JSON.stringify({ ...HEAD, messages: [aMessage('m1', TOKENS)] })]).calls;
  assert.equal(Number(call?.promptTokens) + Number(call?.completionTokens), TOKENS.total);
});

test('a chat of a former version is one document over many lines', () => {
  const text = JSON.stringify({ ...HEAD, messages: [aMessage('m1', TOKENS), aMessage('m2', TOKENS)] }, null, 2);
  const { calls, unreadableLines } = readGeminiSession(text.split('\n'));
  assert.deepEqual([calls.length, unreadableLines], [2, 0]);
});

test('a message that comes again when more of it is known is one call', () => {
  const lines = [HEAD, aMessage('m1', null), aMessage('m1', TOKENS), { $set: { messages: [aMessage('m1', TOKENS)] } }];
  const { calls } = readGeminiSession(lines.map((line) => JSON.stringify(line)));
  assert.deepEqual(
    calls.map(({ key, promptTokens }) => [key, promptTokens]),
    [['gemini-m1', 1005]],
  );
});

test('what people wrote, and an answer without tokens, are no calls', () => {
  const user = { ...aMessage('m1', TOKENS), type: 'user' };
  assert.deepEqual(readGeminiSession([JSON.stringify({ ...HEAD, messages: [user, aMessage('m2', null)] })]).calls, []);
});

test('a line that was cut while it was written costs no other line', () => {
  const lines = [JSON.stringify(HEAD), JSON.stringify(aMessage('m1', TOKENS)), '{"id":"m2","typ'];
  const { calls, unreadableLines } = readGeminiSession(lines);
  assert.deepEqual([calls.length, unreadableLines], [1, 1]);
});

test("a sub-agent's calls are of the session that started it, after which its folder is called", () => {
  const lines = [{ ...HEAD, sessionId: 'own', kind: 'subagent' }, aMessage('m1', TOKENS)];
  const sessionsIn = (folder: string) =>
    readGeminiSession(
      lines.map((line) => JSON.stringify(line)),
      folder,
    ).calls[0]?.sessions;
  assert.deepEqual(sessionsIn('parent'), ['parent', 'own']);
  assert.deepEqual(sessionsIn('chats'), ['own']);
});
