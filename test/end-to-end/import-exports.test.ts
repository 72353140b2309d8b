import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually, getJson, post } from './http-calls.ts';
import { dataDirFor, runCommand, type Server, serverFor } from './running-server.ts';

interface Call {
  readonly request_id: string;
  readonly model: string;
  readonly status: string;
  readonly latency_ms: number | null;
  readonly prompt_tokens: number | null;
  readonly estimated_cost_usd: number | null;
}

async function callsOf({ metrics }: Server, tenant: string): Promise<readonly Call[]> {
  const from = encodeURIComponent('2020-01-01T00:00:00Z');
  const url = `${metrics}/v1/calls?tenant_id=${tenant}&from=${from}&limit=100`;
  return (await getJson<{ calls: Call[] }>(url)).calls;
}

async function countOf({ metrics }: Server, tenant: string): Promise<number> {
  const url = `${metrics}/v1/metrics/summary?tenant_id=${tenant}&from=2020-01-01T00:00:00Z&to=2030-01-01T00:00:00Z`;
  return (await getJson<{ summary: { completed: number }[] }>(url)).summary[0]?.completed ?? 0;
}

function importer(t: TestContext, server: Server) {
  const state = dataDirFor(t);
  return (...args: readonly string[]) =>
    runCommand(['import', ...args, '--base-url', server.ingestion, '--metrics-url', server.metrics], {
      XDG_STATE_HOME: state,
    });
}

function fileOf(t: TestContext, name: string, rows: readonly object[]): string {
  const path = join(dataDirFor(t), name);
  writeFileSync(path, `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`);
  return path;
}

const recently = new Date(Date.now() - 3_600_000);

const spendLog = (request_id: string, more: object = {}) => ({
  request_id,
  call_type: 'acompletion',
  spend: 0.002,
  prompt_tokens: 300,
  completion_tokens: 50,
  startTime: recently.toISOString(),
  endTime: new Date(recently.getTime() + 1500).toISOString(),
  model: 'gpt-4o-mini',
  custom_llm_provider: 'openai',
  team_id: 'team-7',
  status: 'success',
  ...more,
});

test("LiteLLM's spend logs are counted once under their teams: what telemetry told is known by its id, a repeat adds nothing", async (t) => {
  const server = await serverFor(t);
  const nanos = (ms: number) => `${ms}000000`;
  const value = (text: string) => ({ stringValue: text });
  const span = {
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    name: 'chat',
    startTimeUnixNano: nanos(recently.getTime()),
    endTimeUnixNano: nanos(recently.getTime() + 1490),
    attributes: [
      { key: 'tenant.id', value: value('team-7') },
      { key: 'gen_ai.operation.name', value: value('chat') },
      { key: 'gen_ai.request.model', value: value('gpt-4o-mini') },
      { key: 'gen_ai.response.id', value: value('chatcmpl-live') },
      { key: 'gen_ai.usage.input_tokens', value: { intValue: '300' } },
      { key: 'gen_ai.usage.output_tokens', value: { intValue: '50' } },
    ],
  };
  const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ scope: { name: 'app' }, spans: [span] }] }] });
  assert.equal((await post(`${server.ingestion}/v1/traces`, body)).status, 200);
  await eventually('the live call', async () => ((await countOf(server, 'team-7')) === 1 ? true : undefined));

  const failed = {
    metadata: { error_information: { error_code: '429', error_message: 'slow down' } },
    status: 'failure',
  };
  const path = fileOf(t, 'spend.ndjson', [
    spendLog('chatcmpl-live'),
    spendLog('chatcmpl-2'),
    spendLog('chatcmpl-3', { ...failed, spend: 0 }),
    spendLog('chatcmpl-4', { team_id: 'team-8' }),
  ]);
  const run = importer(t, server);
  for (const told of [/3 new, sent\n {2}1 known from telemetry \(1 by id\)/, /0 new, sent[\s\S]*3 imported before/]) {
    const command = run('litellm', path);
    assert.equal((await command.exited).code, 0, command.output());
    assert.match(command.output(), told);
  }
  await eventually('three calls of the team', async () => ((await countOf(server, 'team-7')) === 3 ? true : undefined));
  const calls = await callsOf(server, 'team-7');
  const imported = calls.find(({ request_id }) => request_id === 'litellm-chatcmpl-2');
  assert.deepEqual(
    [imported?.latency_ms, imported?.prompt_tokens, imported?.estimated_cost_usd],
    [1500, 300, 0.002],
    'what the gateway charged wins over the list',
  );
  assert.deepEqual(calls.map(({ status }) => status).toSorted(), ['completed', 'completed', 'error']);
  assert.equal(await countOf(server, 'team-8'), 1);
  // Another machine, whose state file knows nothing.
  const elsewhere = importer(t, server)('litellm', path);
  assert.equal((await elsewhere.exited).code, 0, elsewhere.output());
  assert.match(elsewhere.output(), /0 new, sent/);
});

test('any file is imported by a mapping, and a row that cannot be read is told with its line and field', async (t) => {
  const server = await serverFor(t);
  const folder = dataDirFor(t);
  const mapping = join(folder, 'mapping.json');
  const fields = { id: 'call', started_at: 'at', model: 'served', prompt_tokens: 'in', completion_tokens: 'out' };
  writeFileSync(mapping, JSON.stringify(fields));
  const csv = join(folder, 'calls.csv');
  const at = recently.toISOString();
  writeFileSync(
    csv,
    `call,at,served,in,out\n1,${at},gpt-4o-mini,10,5\n2,soon,gpt-4o-mini,10,5\n3,${at},gpt-4o-mini,x,5\n`,
  );
  const command = importer(t, server)('file', csv, '--mapping', mapping, '--tenant', 'own');
  assert.equal((await command.exited).code, 1, command.output());
  assert.match(command.output(), /1 new, sent/);
  assert.match(command.output(), /line 3: started_at \(at\) must be a time/);
  assert.match(command.output(), /line 4: prompt_tokens \(in\) must be a number/);
  await eventually('the call', async () => ((await countOf(server, 'own')) === 1 ? true : undefined));

  writeFileSync(mapping, JSON.stringify({ ...fields, modell: 'served' }));
  const wrong = importer(t, server)('file', csv, '--mapping', mapping);
  assert.equal((await wrong.exited).code, 2);
  assert.match(wrong.output(), /--mapping .*mapping\.json: "modell" is no field of a call/);
  const none = importer(t, server)('file', csv);
  assert.equal((await none.exited).code, 2);
  assert.match(none.output(), /--mapping must say which column/);
});
