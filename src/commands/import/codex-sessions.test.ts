import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readCodexSession } from './codex-sessions.ts';

const ROLLOUT = new URL(
  '../../../test/fixtures/sessions/codex/rollout-2026-11-29T01-14-17-01a224dd-fc0a-7642-8b77-830c0a275452.jsonl',
  import.meta.url,
);

interface Sums {
  readonly input_tokens: number;
  readonly cached_input_tokens?: number;
  readonly output_tokens: number;
}

const aMeta = (payload: Record<string, unknown>) => aLine('session_meta', { cwd: '/home/ada/shop', ...payload });
const aTurn = (model: string) => aLine('turn_context', { model });
const anAnswer = (total: Sums, last?: Sums) =>
  aLine('event_msg', { type: 'token_count', info: { total_token_usage: total, last_token_usage: last } });

function aLine(type: string, payload: unknown): string {
  return JSON.stringify({ timestamp: '2025-11-19T10:00:00.000Z', type, payload });
}

test('a session that Codex 0.171 wrote, resumed once, gives the calls that the model answered', () => {
  const { calls, unreadableLines } = readCodexSession(readFileSync(ROLLOUT, 'utf8').split('\n'));
  assert.equal(unreadableLines, 0);
  assert.deepEqual(
    calls.map((call) => [call.promptTokens, call.cachedPromptTokens, call.completionTokens, call.reasoningTokens]),
    [1, 2, 3, 4].map((n) => [5000 + n, 3000, 100 + n, 60]),
  );
  const [call] = calls;
  assert.deepEqual(
    [call?.model, call?.provider, call?.sessions, call?.metadata],
    [
      'gpt-5.1-codex',
      'fake',
      ['01a224dd-fc0a-7642-8b77-830c0a275452'],
      { project: '/home/ada/shop', agent_version: '0.171.0' },
    ],
  );
});

test('a sum that did not grow repeats an answer', () => {
  const sums = { input_tokens: 100, output_tokens: 10 };
  const lines = [aMeta({ id: 'a' }), aTurn('gpt-5'), anAnswer(sums, sums), anAnswer(sums, sums)];
  assert.equal(readCodexSession(lines).calls.length, 1);
});

test('what a file tells of limits only is no call', () => {
  const limits = aLine('event_msg', { type: 'token_count', info: null, rate_limits: {} });
  assert.deepEqual(readCodexSession([aMeta({ id: 'a' }), limits]), { calls: [], unreadableLines: 0 });
});

test('where only the sums are told, a call is what they grew by', () => {
  const { calls } = readCodexSession([
    aMeta({ id: 'a' }),
    aTurn('gpt-5'),
    anAnswer({ input_tokens: 100, cached_input_tokens: 0, output_tokens: 10 }),
    anAnswer({ input_tokens: 250, cached_input_tokens: 90, output_tokens: 15 }),
  ]);
  assert.deepEqual(
    calls.map((call) => [call.promptTokens, call.cachedPromptTokens, call.completionTokens]),
    [
      [100, 0, 10],
      [150, 90, 5],
    ],
  );
});

test('the model may change from turn to turn', () => {
  const [one, two] = [
    { input_tokens: 1, output_tokens: 1 },
    { input_tokens: 2, output_tokens: 2 },
  ];
  const { calls } = readCodexSession([aMeta({ id: 'a' }), aTurn('gpt-5'), anAnswer(one), aTurn('o3'), anAnswer(two)]);
  assert.deepEqual(
    calls.map(({ model }) => model),
    ['gpt-5', 'o3'],
  );
});

test('a fork of a fork repeats the calls of the first session under their keys', () => {
  const [a, b, c] = [1, 2, 3].map((n) => anAnswer({ input_tokens: 100 * n, output_tokens: n })) as [
    string,
    string,
    string,
  ];
  const metas = [aMeta({ id: 'a' }), aMeta({ id: 'b', forked_from_id: 'a' }), aMeta({ id: 'c', forked_from_id: 'b' })];
  const [first, second, third] = metas as [string, string, string];
  const keysOf = (lines: readonly string[]) => readCodexSession(lines).calls.map(({ key }) => key);
  const inFirst = keysOf([first, a]);
  const inSecond = keysOf([second, first, a, b]);
  const inThird = keysOf([third, second, first, a, b, c]);
  assert.deepEqual(inSecond.slice(0, 1), inFirst);
  assert.deepEqual(inThird.slice(0, 2), inSecond);
  assert.equal(new Set(inThird).size, 3);
  assert.deepEqual(readCodexSession([third, second, first, c]).calls[0]?.sessions, ['c']);
});

test('two sessions that begin with the same sums are two', () => {
  const answer = anAnswer({ input_tokens: 100, output_tokens: 10 });
  const keyOf = (id: string) => readCodexSession([aMeta({ id }), answer]).calls[0]?.key;
  assert.notEqual(keyOf('a'), keyOf('b'));
});
