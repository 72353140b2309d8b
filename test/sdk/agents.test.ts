import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { before, suite, type TestContext, test } from 'node:test';
import { eventually, getJson, post } from '../end-to-end/http-calls.ts';
import { dataDirFor, runCommand, type Server, serverFor, startServer } from '../end-to-end/running-server.ts';
import { type AgentRun, type CodingAgent, runAgent } from './agents/agent-run.ts';
import { countedCalls, type ToldCall, trueCalls } from './agents/agent-truth.ts';
import { CLAUDE_CODE, CODING_AGENTS, GEMINI_CLI } from './agents/coding-agents.ts';
import { installNodeApps, skipWithoutSdks } from './sdk-apps.ts';

/** A tool is called, an attempt fails, and the answer comes at the next one. */
const RETRIED = ['tool', 429, 'text'] as const;

/** More often than any of them tries it again. */
const FATAL = Array.from({ length: 20 }, () => 401);

async function callsOf({ metrics }: Server, tenant: string): Promise<readonly ToldCall[]> {
  const url = `${metrics}/v1/calls?tenant_id=${tenant}&limit=100`;
  return countedCalls((await getJson<{ calls: Parameters<typeof countedCalls>[0] }>(url)).calls);
}

/** Waits until these calls are there, and says what is there instead where they never are. */
async function assertCounted(server: Server, tenant: string, expected: readonly ToldCall[]): Promise<void> {
  await eventually('the calls of the ledger', async () =>
    JSON.stringify(await callsOf(server, tenant)) === JSON.stringify(expected) ? true : undefined,
  ).catch(() => undefined);
  assert.deepEqual(await callsOf(server, tenant), expected);
}

function toldOf({ isRetryTold }: CodingAgent, { ledger }: AgentRun): readonly ToldCall[] {
  return trueCalls(ledger.filter(({ step }) => typeof step !== 'number' || isRetryTold));
}

async function importOf(
  t: TestContext,
  server: Server,
  { source, tenant, env }: { source: string; tenant: string; env: Readonly<Record<string, string>> },
): Promise<string> {
  const args = ['import', source, '--tenant', tenant, '--base-url', server.ingestion, '--metrics-url', server.metrics];
  const command = runCommand(args, { ...env, XDG_STATE_HOME: dataDirFor(t) });
  assert.equal((await command.exited).code, 0, command.output());
  return command.output();
}

suite('real coding agents against a running StreamLens', { skip: skipWithoutSdks(), concurrency: false }, () => {
  before(() => installNodeApps('agents'));

  for (const agent of CODING_AGENTS) {
    test(`${agent.name}: calls, tokens and cost are those of the model, its files add nothing to them, and alone they tell its answers`, async (t) => {
      const server = await serverFor(t);
      await runAgent(agent, { streamLensUrl: server.ingestion, plan: RETRIED, tenant: 'live' }, async (run) => {
        assert.deepEqual(
          run.ledger.filter(({ isWork }) => isWork).map(({ step }) => step),
          [...RETRIED],
          run.output,
        );
        await assertCounted(server, 'live', toldOf(agent, run));
        if (agent.source === null) return;
        const said = await importOf(t, server, { source: agent.source, tenant: 'live', env: run.env });
        assert.match(said, /\b0 new, sent/, said);
        await assertCounted(server, 'live', toldOf(agent, run));
        await importOf(t, server, { source: agent.source, tenant: 'files', env: run.env });
        const answered = run.ledger.filter(({ step, isWork }) => typeof step !== 'number' && isWork);
        await assertCounted(server, 'files', trueCalls(answered));
      });
    });
  }

  for (const agent of CODING_AGENTS.filter(({ isEndTold }) => isEndTold)) {
    test(`${agent.name}: a prompt that fails is one failed call`, async (t) => {
      const server = await serverFor(t);
      const run = { streamLensUrl: server.ingestion, plan: FATAL, tenant: 'live' };
      await runAgent(agent, run, async ({ ledger }) => {
        const asked = ledger.filter(({ isWork }) => isWork);
        const beside = ledger.filter(({ isWork }) => !isWork);
        await assertCounted(server, 'live', trueCalls([...beside, ...(agent.isRetryTold ? asked : asked.slice(-1))]));
      });
    });
  }

  for (const agent of [CLAUDE_CODE, GEMINI_CLI]) {
    test(`${agent.name}: a server that is killed between its logs and its spans counts each call once`, async (t) => {
      const exports = await recordedExports(agent);
      const [logs, spans] = ['/v1/logs', '/v1/traces'].map((path) =>
        exports.bodies.filter((each) => each.path === path),
      );
      assert.ok(logs !== undefined && logs.length > 0 && spans !== undefined && spans.length > 0);
      const dataDir = dataDirFor(t);
      const first = await startServer(dataDir);
      await sendAll(first, logs);
      await assertCounted(first, 'live', exports.expected);
      first.process.kill('SIGKILL');
      await first.exited;
      const second = await startServer(dataDir);
      t.after(() => second.process.kill('SIGKILL'));
      await sendAll(second, [...spans, ...logs]);
      await assertCounted(second, 'live', exports.expected);
    });
  }
});

interface RecordedExport {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** What an agent exports in one run, and the calls that it made. */
async function recordedExports(
  agent: CodingAgent,
): Promise<{ bodies: readonly RecordedExport[]; expected: readonly ToldCall[] }> {
  const bodies: RecordedExport[] = [];
  const expected: ToldCall[] = [];
  const recorder = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { 'content-type': type = '', 'content-encoding': encoding } = request.headers;
      const headers = { 'content-type': type, ...(encoding === undefined ? {} : { 'content-encoding': encoding }) };
      bodies.push({ path: request.url ?? '', headers, body: new Uint8Array(Buffer.concat(chunks)) });
      response.writeHead(200, { 'content-type': type }).end(type.includes('json') ? '{}' : '');
    });
  });
  await new Promise<void>((resolve) => recorder.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = recorder.address() as AddressInfo;
    const run = { streamLensUrl: `http://127.0.0.1:${port}`, plan: RETRIED, tenant: 'live' };
    await runAgent(agent, run, async (done) => void expected.push(...toldOf(agent, done)));
    return { bodies, expected };
  } finally {
    recorder.closeAllConnections();
    recorder.close();
  }
}

async function sendAll({ ingestion }: Server, exports: readonly RecordedExport[]): Promise<void> {
  for (const { path, headers, body } of exports) {
    const answer = await post(`${ingestion}${path}`, body, headers);
    assert.equal(answer.status, 200, answer.text);
  }
}
