import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually, getJson, post } from './http-calls.ts';
import { dataDirFor, type Server, serverFor } from './running-server.ts';

const AGENTS = fileURLToPath(new URL('../fixtures/agents', import.meta.url));
const JSON_TYPE = { 'content-type': 'application/json' };

interface Truth {
  readonly tenant: string;
  readonly calls: readonly Readonly<Record<string, unknown>>[];
}

interface Export {
  readonly path: string;
  readonly body: string;
}

const agents = readdirSync(AGENTS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => ({
    name,
    truth: JSON.parse(readFileSync(join(AGENTS, name, 'truth.json'), 'utf8')) as Truth,
    exports: readdirSync(join(AGENTS, name))
      .filter((file) => file !== 'truth.json')
      .map((file): Export => {
        const signal = /-(traces|logs|metrics)\.json$/.exec(file)?.[1] ?? '';
        return { path: `/v1/${signal}`, body: readFileSync(join(AGENTS, name, file), 'utf8') };
      }),
  }));

test('what a coding agent exports counts each of its calls once, whatever signal comes first', async (t) => {
  for (const order of ['as exported', 'reversed'] as const) {
    const server = await serverFor(t, { CALLS_PER_SECOND_MAX: '1000000' });
    for (const { exports } of agents) {
      const sent = order === 'reversed' ? exports.toReversed() : exports;
      // Exporters send a batch again whose answer they did not see.
      for (const each of [...sent, ...sent]) await send(server, each);
    }
    await assertExact(server);
  }
});

test('one record an export counts as all in one', async (t) => {
  const server = await serverFor(t, { CALLS_PER_SECOND_MAX: '1000000' });
  for (const { exports } of agents) for (const each of exports.flatMap(singly)) await send(server, each);
  await assertExact(server);
});

test('a kill between the logs of an agent and its spans counts no call twice', async (t) => {
  const dataDir = dataDirFor(t);
  // A start removes single calls that are older than is kept, and these are of a fixed day.
  const env = { CALLS_PER_SECOND_MAX: '1000000', CALLS_RETENTION: '36500d' };
  const first = await started(t, dataDir, env);
  for (const { exports } of agents) for (const each of exports.filter(isLogs)) await send(first, each);
  await assertExact(first);
  first.process.kill('SIGKILL');
  await first.exited;
  const second = await started(t, dataDir, env);
  for (const { exports } of agents)
    for (const each of exports.filter((other) => !isLogs(other))) await send(second, each);
  await assertExact(second);
});

async function started(t: TestContext, dataDir: string, env: Record<string, string>): Promise<Server> {
  const server = await serverFor(t, env, { dataDir });
  return server;
}

const isLogs = ({ path }: Export): boolean => path === '/v1/logs';

async function send(server: Server, { path, body }: Export): Promise<void> {
  const { status } = await post(`${server.ingestion}${path}`, body, JSON_TYPE);
  assert.equal(status, 200, path);
}

/** A sentinel call behind all that was sent tells that everything before it was judged. */
async function assertExact(server: Server): Promise<void> {
  const id = `sentinel-${sentinels++}`;
  await send(server, { path: '/v1/logs', body: sentinelLog(id) });
  await eventually('the sentinel', async () => {
    const calls = await callsOf(server, 'sentinel');
    return calls.some(({ session_id: session }) => session === id) || undefined;
  });
  for (const tenant of new Set(agents.map(({ truth }) => truth.tenant))) {
    const truth = agents.filter(({ truth: { tenant: each } }) => each === tenant);
    const told = truth.flatMap(({ truth: { calls } }) => calls.map((call) => JSON.stringify(picked(call))));
    const counted = (await callsOf(server, tenant)).map((call) =>
      JSON.stringify(picked({ ...call, error: call['error'] !== null })),
    );
    assert.deepEqual(counted.toSorted(), told.toSorted(), tenant);
  }
}

let sentinels = 0;

/** The fields that every truth tells. */
function picked(call: Readonly<Record<string, unknown>>): readonly unknown[] {
  return ['prompt_tokens', 'cached_prompt_tokens', 'completion_tokens', 'error'].map((field) => call[field]);
}

async function callsOf(server: Server, tenant: string) {
  const url = `${server.metrics}/v1/calls?limit=1000&tenant_id=${tenant}`;
  return (await getJson<{ calls: Record<string, unknown>[] }>(url)).calls;
}

function sentinelLog(id: string): string {
  const attributes = {
    'event.name': 'gemini_cli.api_response',
    'event.timestamp': '2026-11-28T14:00:00.000Z',
    'session.id': id,
    'tenant.id': 'sentinel',
    model: 'gemini-2.5-pro',
    input_token_count: '1',
    output_token_count: '1',
  };
  const list = Object.entries(attributes).map(([key, value]) => ({ key, value: { stringValue: value } }));
  const scopeLogs = [{ scope: { name: 'gemini-cli' }, logRecords: [{ attributes: list }] }];
  return JSON.stringify({ resourceLogs: [{ scopeLogs }] });
}

/** The items of an export, each in an export of its own. */
function singly({ path, body }: Export): readonly Export[] {
  const parsed = JSON.parse(body) as Record<string, Record<string, unknown>[]>;
  const [outer = ''] = Object.keys(parsed);
  const [scopes, items] =
    { resourceSpans: ['scopeSpans', 'spans'], resourceLogs: ['scopeLogs', 'logRecords'] }[outer] ?? [];
  if (scopes === undefined || items === undefined) return [{ path, body }];
  return (parsed[outer] ?? []).flatMap((resource) =>
    (resource[scopes] as Record<string, unknown[]>[]).flatMap((scope) =>
      (scope[items] ?? []).map((item) => ({
        path,
        body: JSON.stringify({ [outer]: [{ ...resource, [scopes]: [{ ...scope, [items]: [item] }] }] }),
      })),
    ),
  );
}
