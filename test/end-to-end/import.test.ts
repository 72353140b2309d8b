import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { eventually, getJson, post } from './http-calls.ts';
import { dataDirFor, runCommand, type Server, serverFor } from './running-server.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/sessions/', import.meta.url));

interface Summary {
  readonly requests: number;
  readonly completed: number;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly estimated_cost_usd: number | null;
}

async function summaryOf({ metrics }: Server): Promise<Summary | undefined> {
  const url = `${metrics}/v1/metrics/summary?tenant_id=default&from=2025-01-01T00:00:00Z&to=2027-01-01T00:00:00Z`;
  return (await getJson<{ summary: Summary[] }>(url)).summary[0];
}

/** Runs `import` with a state directory of its own. */
function importer(t: TestContext, server: Server) {
  const state = dataDirFor(t);
  return (args: readonly string[], env: Record<string, string> = {}) =>
    runCommand(['import', '--base-url', server.ingestion, '--metrics-url', server.metrics, ...args], {
      XDG_STATE_HOME: state,
      ...env,
    });
}

/** `calls` answers of one session, a second apart, in the present form of Claude Code. */
function aLongSession(t: TestContext, calls: number): string {
  const folder = join(dataDirFor(t), 'projects', '-home-ada-shop');
  mkdirSync(folder, { recursive: true });
  const lines = Array.from({ length: calls }, (_, i) =>
    JSON.stringify({
      type: 'assistant',
      timestamp: new Date(Date.UTC(2025, 10, 19) + i * 1000).toISOString(),
      sessionId: 'long',
      requestId: `req_${i}`,
      message: { id: `msg_${i}`, model: 'claude-sonnet-4-5', usage: { input_tokens: 100, output_tokens: 10 } },
    }),
  );
  writeFileSync(join(folder, 'long.jsonl'), `${lines.join('\n')}\n`);
  return folder;
}

test('the sessions that Claude Code wrote are counted as its model answered, also when they are imported twice', async (t) => {
  const server = await serverFor(t);
  const run = importer(t, server);
  const args = ['claude-code', join(FIXTURES, 'claude-code')];
  const dry = run([...args, '--dry-run']);
  assert.equal((await dry.exited).code, 0, dry.output());
  assert.match(dry.output(), /4 new, would be sent/);
  for (const told of [/4 new, sent/, /0 new, sent[\s\S]*4 imported before/]) {
    const command = run(args);
    assert.equal((await command.exited).code, 0, command.output());
    assert.match(command.output(), told);
  }
  const sum = await eventually('four calls', async () => {
    const summary = await summaryOf(server);
    return summary?.completed === 4 ? summary : undefined;
  });
  assert.deepEqual(
    [sum.requests, sum.prompt_tokens, sum.completion_tokens],
    [4, 2311 + 2312 + 2313 + 2314, 41 + 42 + 43 + 44],
  );
  assert.ok(Number(sum.estimated_cost_usd) > 0);
});

test('another machine, or a lost state file, sends nothing again that is kept', async (t) => {
  const server = await serverFor(t);
  const args = ['claude-code', join(FIXTURES, 'claude-code')];
  const first = importer(t, server)(args);
  assert.equal((await first.exited).code, 0, first.output());
  await eventually('four calls', async () => ((await summaryOf(server))?.completed === 4 ? true : undefined));
  const again = importer(t, server)(args);
  assert.equal((await again.exited).code, 0, again.output());
  assert.match(again.output(), /0 new, sent[\s\S]*4 imported before/);
});

test('calls that telemetry told of are left out, by their id', async (t) => {
  const server = await serverFor(t);
  const timestamp = '2026-11-29T01:01:39.000Z';
  const live = {
    request_id: 'live-1',
    tenant_id: 'default',
    route: 'claude-code',
    model: 'claude-opus-5-5',
    timestamp,
  };
  const session = { session_id: '338f62b3-40b8-4760-87f9-b1a1a487c8d6', metadata: { request_id: 'req_011fake1' } };
  const events = [
    { type: 'request', ...live, ...session, prompt_tokens: 2311 },
    { type: 'response', request_id: 'live-1', timestamp, latency_ms: 400, completion_tokens: 41 },
  ];
  assert.equal((await post(`${server.ingestion}/v1/llm/events`, JSON.stringify(events))).status, 202);
  await eventually('the live call', async () => ((await summaryOf(server))?.completed === 1 ? true : undefined));
  const command = importer(t, server)(['claude-code'], { CLAUDE_CONFIG_DIR: configDir(t) });
  assert.equal((await command.exited).code, 0, command.output());
  assert.match(command.output(), /3 new, sent\n {2}1 known from telemetry \(1 by request_id\)/);
  await eventually('four calls', async () => ((await summaryOf(server))?.completed === 4 ? true : undefined));
});

/** `opencode.db` as OpenCode wrote it. */
function openCodeDirectory(t: TestContext): string {
  const directory = dataDirFor(t);
  const database = new DatabaseSync(join(directory, 'opencode.db'));
  database.exec(readFileSync(join(FIXTURES, 'opencode/opencode.sql'), 'utf8'));
  database.close();
  return directory;
}

/** A configuration directory whose `projects` are the fixtures. */
function configDir(t: TestContext): string {
  const directory = dataDirFor(t);
  cpSync(join(FIXTURES, 'claude-code'), join(directory, 'projects'), { recursive: true });
  return directory;
}

test('an import that is killed again and again counts every call once', async (t) => {
  const server = await serverFor(t);
  const calls = 20_000;
  const run = importer(t, server);
  const args = ['claude-code', aLongSession(t, calls)];
  let kills = 0;
  for (let isDone = false; !isDone; ) {
    const command = run(args);
    await Promise.race([command.exited, sleep(kills < 5 ? 500 + kills * 130 : 60_000)]);
    if (kills < 5) kills += command.process.kill('SIGKILL') ? 1 : 0;
    isDone = (await command.exited).code === 0;
  }
  assert.ok(kills > 0, 'it was too fast to be killed');
  const sum = await eventually(`${calls} calls`, async () => {
    const summary = await summaryOf(server);
    return (summary?.completed ?? 0) >= calls ? summary : undefined;
  });
  assert.deepEqual([sum.requests, sum.completed, sum.prompt_tokens], [calls, calls, 100 * calls]);
});

test('an unknown source and a folder that is not there are wrong usage', async () => {
  const unknown = runCommand(['import', 'cursor']);
  assert.equal((await unknown.exited).code, 2);
  assert.match(unknown.output(), /<source> must be one of claude-code/);
  const missing = runCommand(['import', 'claude-code', '/nowhere']);
  assert.equal((await missing.exited).code, 2);
});

test('a metrics API that cannot be asked ends the import before anything is sent', async (t) => {
  const server = await serverFor(t);
  const command = importer(
    t,
    server,
  )(['claude-code', join(FIXTURES, 'claude-code'), '--metrics-url', 'http://localhost:2']);
  assert.equal((await command.exited).code, 1);
  assert.match(command.output(), /cannot be asked which calls are there already/);
  const elsewhere = importer(
    t,
    server,
  )(['claude-code', join(FIXTURES, 'claude-code'), '--metrics-url', server.ingestion]);
  assert.equal((await elsewhere.exited).code, 1);
  assert.match(elsewhere.output(), /it answered 404: There is nothing at \/v1\/calls; .* at the metrics API/);
});

for (const { source, told, tokens, folder } of [
  { source: 'codex', told: /Codex: 4 calls in 1 file[\s\S]*4 new, sent/, tokens: [5001 + 5002 + 5003 + 5004, 410] },
  { source: 'gemini', told: /Gemini CLI: 1 call in 1 file[\s\S]*1 new, sent/, tokens: [7005, 115] },
  { source: 'qwen', told: /Qwen Code: 2 calls in 1 file[\s\S]*2 new, sent/, tokens: [1010 + 1030, 51 + 53] },
  {
    source: 'opencode',
    told: /OpenCode: 4 calls in 1 file[\s\S]*4 new, sent/,
    tokens: [1232 + 1233 + 1234 + 1006, 42 + 43 + 44 + 56],
    folder: openCodeDirectory,
  },
]) {
  test(`the sessions that ${source} wrote are counted as its model answered`, async (t) => {
    const server = await serverFor(t);
    const run = importer(t, server);
    const path = folder?.(t) ?? join(FIXTURES, source);
    const command = run([source, path]);
    assert.equal((await command.exited).code, 0, command.output());
    assert.match(command.output(), told);
    const again = run([source, path]);
    assert.equal((await again.exited).code, 0, again.output());
    assert.match(again.output(), / 0 new, sent/);
    const sum = await eventually('all tokens', async () => {
      const summary = await summaryOf(server);
      return summary?.prompt_tokens === tokens[0] ? summary : undefined;
    });
    assert.equal(sum.completion_tokens, tokens[1]);
    assert.ok(Number(sum.estimated_cost_usd) > 0);
  });
}
