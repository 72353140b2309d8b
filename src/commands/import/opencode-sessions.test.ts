import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { collectCalls } from './collect-calls.ts';
import { NO_MAPPING } from './exports/mapping.ts';
import { readOpenCode } from './opencode-sessions.ts';
import { findSessionFiles } from './session-files.ts';
import { SOURCES } from './sources.ts';

const SQL = readFileSync(new URL('../../../test/fixtures/sessions/opencode/opencode.sql', import.meta.url), 'utf8');

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'streamlens-opencode-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function aDatabase(t: TestContext, more = ''): string {
  const path = join(folderFor(t), 'opencode.db');
  const database = new DatabaseSync(path);
  database.exec(SQL + more);
  database.close();
  return path;
}

function aMessage(part: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: 'msg_a',
    sessionID: 'ses_a',
    role: 'assistant',
    modelID: 'claude-sonnet-4-5',
    providerID: 'anthropic',
    time: { created: 1_763_546_400_000, completed: 1_763_546_404_000 },
    tokens: { input: 100, output: 20, reasoning: 0, cache: { read: 300, write: 40 } },
    cost: 0.01,
    path: { cwd: '/home/ada/shop', root: '/' },
    ...part,
  };
}

function aFile(folder: string, path: string, content: unknown): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(content, null, 2));
  return file;
}

/** As the command finds and reads them. */
function callsBelow(folder: string) {
  const source = SOURCES.find(({ name }) => name === 'opencode');
  assert.ok(source !== undefined);
  const files = findSessionFiles([folder], (path) => source.isSession(path));
  return collectCalls(
    files,
    (path) => source.read(path, NO_MAPPING),
    () => undefined,
  );
}

test('the database that OpenCode 1.18 wrote gives the calls that the model answered, and none for those that failed', (t) => {
  const { calls, unreadableLines } = readOpenCode(aDatabase(t));
  assert.equal(unreadableLines, 0);
  assert.deepEqual(
    calls.map((call) => [call.model, call.promptTokens, call.cachedPromptTokens, call.cacheWriteTokens]),
    [
      ['claude-sonnet-4-5', 1232, 200, 30],
      ['claude-sonnet-4-5', 1233, 200, 30],
      ['claude-sonnet-4-5', 1234, 200, 30],
      ['gpt-4.1-mini', 1006, 200, 0],
    ],
  );
  assert.deepEqual(
    calls.map((call) => [call.completionTokens, call.reasoningTokens]),
    [
      [42, 0],
      [43, 0],
      [44, 0],
      [56, 7],
    ],
  );
  assert.deepEqual(calls[0]?.metadata, { project: '/home/ada/shop', agent_version: '1.18.33', agent_name: 'build' });
});

test('a call that a fork and the files before the database repeat is one, of the session that made it', (t) => {
  const folder = folderFor(t);
  aFile(folder, 'storage/message/ses_a/msg_a.json', aMessage());
  aFile(folder, 'storage/message/ses_b/msg_b.json', aMessage({ id: 'msg_b', sessionID: 'ses_b' }));
  const database = new DatabaseSync(join(folder, 'opencode.db'));
  const { sessionID: _, id: __, ...data } = aMessage();
  database.exec(SQL);
  database
    .prepare('INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES (?, ?, ?, ?, ?)')
    .run('msg_a', 'ses_ddab7404cffeaP2g1ywkdWR9qQ', 1, 1, JSON.stringify(data));
  database.close();
  const { calls, copies } = callsBelow(folder);
  assert.equal(calls.length, 5);
  assert.equal(copies, 2);
  assert.deepEqual(
    calls.filter(({ cacheWriteTokens }) => cacheWriteTokens === 40).map(({ sessions }) => sessions.slice(1)),
    [['ses_a', 'ses_b']],
  );
});

test('an answer of several steps is a call for each, since its message has the usage of the last one only', (t) => {
  const folder = folderFor(t);
  const path = aFile(folder, 'storage/message/ses_a/msg_a.json', aMessage());
  aFile(folder, 'storage/part/msg_a/prt_0.json', { type: 'text', text: 'the "step-finish" of a text' });
  for (const [name, output] of [
    ['prt_1', 7],
    ['prt_2', 20],
  ] as const) {
    aFile(folder, `storage/part/msg_a/${name}.json`, {
      type: 'step-finish',
      tokens: { input: 100, output, reasoning: 0, cache: { read: 0, write: 0 } },
    });
  }
  const { calls } = readOpenCode(path);
  assert.deepEqual(
    calls.map(({ completionTokens }) => completionTokens).toSorted((a, b) => Number(a) - Number(b)),
    [7, 20],
  );
  assert.equal(new Set(calls.map(({ key }) => key)).size, 2);
});

test('what is being written, what used nothing and what is no answer gives no call', (t) => {
  const folder = folderFor(t);
  const nothing = { input: 0, output: 0, reasoning: 0, cache: { read: 0, write: 0 } };
  aFile(folder, 'storage/message/ses_a/msg_1.json', aMessage({ time: { created: 1_763_546_400_000 } }));
  aFile(folder, 'storage/message/ses_a/msg_2.json', aMessage({ tokens: nothing }));
  aFile(folder, 'storage/message/ses_a/msg_3.json', aMessage({ role: 'user' }));
  writeFileSync(join(folder, 'storage/message/ses_a/msg_4.json'), '{"role":"assis');
  assert.deepEqual([callsBelow(folder).calls.length, callsBelow(folder).unreadableLines], [0, 1]);
});

for (const { told, tokens, provider, completion } of [
  { told: 'beside the output, as there is a total', tokens: { total: 157 }, provider: 'openai', completion: 57 },
  { told: 'in the output before there was a total', tokens: {}, provider: 'openai', completion: 50 },
  { told: "beside Google's output", tokens: {}, provider: 'google', completion: 57 },
]) {
  test(`reasoning is counted ${told}`, (t) => {
    const all = { input: 100, output: 50, reasoning: 7, cache: { read: 0, write: 0 }, ...tokens };
    const path = aFile(
      folderFor(t),
      'storage/message/ses_a/msg_a.json',
      aMessage({ providerID: provider, tokens: all }),
    );
    assert.equal(readOpenCode(path).calls[0]?.completionTokens, completion);
  });
}

test('a file that is no database of OpenCode is told by its path', (t) => {
  const path = join(folderFor(t), 'opencode.db');
  writeFileSync(path, 'nothing of the kind');
  assert.throws(() => readOpenCode(path), /opencode\.db cannot be read as a database of OpenCode/);
});
