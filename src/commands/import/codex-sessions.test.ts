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

test('what Codex reckons of the session of another agent that it took over is no answer', () => {
  const reckoned = { input_tokens: 0, cached_input_tokens: 0, output_tokens: 0, total_tokens: 45_000 };
  const sums = { input_tokens: 46_000, output_tokens: 20 };
  const lines = [aMeta({ id: 'a' }), anAnswer(reckoned, reckoned), aTurn('gpt-5'), anAnswer(sums, sums)];
  const { calls } = readCodexSession(lines);
  assert.deepEqual(
    calls.map(({ promptTokens, completionTokens }) => [promptTokens, completionTokens]),
    [[46_000, 20]],
  );
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

test('a sub-agent that repeats the session which spawned it repeats its calls under their keys', () => {
  const [a, b] = [1, 2].map((n) => anAnswer({ input_tokens: 100 * n, output_tokens: n })) as [string, string];
  const parent = readCodexSession([aMeta({ id: 'a' }), a]).calls.map(({ key }) => key);
  const source = { subagent: { thread_spawn: { parent_thread_id: 'a', depth: 1 } } };
  for (const meta of [aMeta({ id: 'b', source }), aMeta({ id: 'b', parent_thread_id: 'a' })]) {
    const keys = readCodexSession([meta, a, b]).calls.map(({ key }) => key);
    assert.deepEqual([keys[0], keys.length], [parent[0], 2]);
  }
});

test('what Codex spent on shortening a session is a call, which no sum of the session holds', () => {
  const [before, after] = [
    anAnswer({ input_tokens: 100, output_tokens: 10 }),
    anAnswer({ input_tokens: 150, output_tokens: 15 }),
  ];
  const usage = {
    input_tokens: 90_000,
    cached_input_tokens: 60_000,
    output_tokens: 2000,
    reasoning_output_tokens: 500,
  };
  const { calls } = readCodexSession([
    aMeta({ id: 'a' }),
    aTurn('gpt-5.1-codex'),
    before,
    aLine('token_usage_record', { response_id: 'resp_1', usage: { input_tokens: 100, output_tokens: 10 } }),
    aLine('token_usage_record', { response_id: 'resp_2', usage }),
    aLine('compacted', { message: '', compaction_response_id: 'resp_2', replacement_history: [] }),
    after,
  ]);
  assert.deepEqual(
    calls.map((call) => [call.promptTokens, call.cachedPromptTokens, call.completionTokens, call.model]),
    [
      [100, null, 10, 'gpt-5.1-codex'],
      [90_000, 60_000, 2000, 'gpt-5.1-codex'],
      [50, null, 5, 'gpt-5.1-codex'],
    ],
  );
  const told = [
    aLine('token_usage_record', { response_id: 'resp_2', usage }),
    aLine('compacted', { compaction_response_id: 'resp_2' }),
  ];
  const summed = anAnswer({ input_tokens: 90_100, output_tokens: 2010 }, usage);
  for (const lines of [
    [...told, summed],
    [summed, ...told],
  ]) {
    assert.equal(readCodexSession([aMeta({ id: 'a' }), before, ...lines]).calls.length, 2, 'where a sum holds it too');
  }
  assert.deepEqual([calls[1]?.ids, calls[1]?.metadata['query_source']], [['resp_2'], 'compact']);
});

test('two sessions that begin with the same sums are two', () => {
  const answer = anAnswer({ input_tokens: 100, output_tokens: 10 });
  const keyOf = (id: string) => readCodexSession([aMeta({ id }), answer]).calls[0]?.key;
  assert.notEqual(keyOf('a'), keyOf('b'));
});

test('an answer that was cut off is told by the sums alone', () => {
  const nothing = { input_tokens: 0, cached_input_tokens: 0, output_tokens: 0 };
  const first = { input_tokens: 1000, cached_input_tokens: 300, output_tokens: 50 };
  const { calls } = readCodexSession([
    aMeta({ id: 's1' }),
    aTurn('gpt-5-codex'),
    anAnswer(first, first),
    anAnswer({ input_tokens: 2050, cached_input_tokens: 605, output_tokens: 105 }, nothing),
  ]);
  assert.deepEqual(
    calls.map((call) => [call.promptTokens, call.cachedPromptTokens, call.completionTokens]),
    [
      [1000, 300, 50],
      [1050, 305, 55],
    ],
  );
});

test("answers are of the tier that the session's settings had by then", () => {
  const settings = (tier: string | null) =>
    aLine('event_msg', {
      type: 'thread_settings_applied',
      thread_settings: { model: 'gpt-6-sol', service_tier: tier },
    });
  const { calls } = readCodexSession([
    aMeta({ id: 's1' }),
    aTurn('gpt-6-sol'),
    anAnswer({ input_tokens: 10, output_tokens: 1 }),
    settings('priority'),
    anAnswer({ input_tokens: 20, output_tokens: 2 }),
    settings(null),
    anAnswer({ input_tokens: 30, output_tokens: 3 }),
  ]);
  assert.deepEqual(
    calls.map(({ serviceTier }) => serviceTier),
    [null, 'priority', null],
  );
});
