import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { blocksOf } from '../connect-blocks.ts';
import { type LedgerEntry, type Step, startAgentModelServer } from './agent-model-server.ts';

const BIN = fileURLToPath(new URL('../apps/agents/node_modules/.bin', import.meta.url));
const RUN_MS_MAX = 180_000;

/** A coding agent, and how it is told to call a fake model and to tell StreamLens. */
export interface CodingAgent {
  readonly name: string;
  /** Of its block in docs/connect.md. */
  readonly heading: string;
  /** Source of `streamlens import`; null where there is none. */
  readonly source: string | null;
  readonly tool: { readonly name: string; readonly input: Readonly<Record<string, unknown>> };
  /** Whether it tells of a failed attempt that it tried again. */
  readonly isRetryTold: boolean;
  /** Whether it tells of a failure with which it ends. */
  readonly isEndTold: boolean;
  readonly command: readonly string[];
  /** The same as a server that outlives its runs, where a run ends without telling all, and how a run finds it. */
  readonly server: { readonly command: readonly string[]; attached(url: string): readonly string[] } | null;
  /** Where its settings of the block go; null where the block has none. */
  readonly settingsFile: string | null;
  /** Its settings of the model; the block is laid over them. */
  settings(modelUrl: string): string;
  env(modelUrl: string, home: string): Readonly<Record<string, string>>;
}

export interface AgentRun {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  readonly ledger: readonly LedgerEntry[];
  readonly output: string;
}

/** Runs an agent on one prompt, in a home of its own, with its block of the page. `done` is called before all is removed. */
export async function runAgent(
  agent: CodingAgent,
  { streamLensUrl, plan, tenant }: { streamLensUrl: string; plan: readonly Step[]; tenant: string },
  done: (run: AgentRun) => Promise<void>,
): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'streamlens-agent-'));
  const model = await startAgentModelServer(plan, agent.tool);
  try {
    const cwd = join(home, 'work');
    mkdirSync(cwd);
    const { shell, config } = blocksOf(agent.heading);
    const addressed = (text: string) => text.replaceAll('http://localhost:8080', streamLensUrl);
    if (agent.settingsFile !== null) {
      const path = join(home, agent.settingsFile);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, laidOver(agent.settings(model.url), addressed(config)));
    }
    const env = {
      PATH: `${BIN}:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      HOME: home,
      NO_COLOR: '1',
      CI: '1',
      OTEL_RESOURCE_ATTRIBUTES: `tenant.id=${tenant}`,
      ...agent.env(model.url, home),
    };
    const script = join(home, 'run.sh');
    writeFileSync(script, `${addressed(shell)}\nexec "$@"\n`);
    const inHome = { cwd, env };
    const scripted = (command: readonly string[]) => ['bash', '-eu', script, ...command];
    if (agent.server === null) {
      const output = await outputOf(scripted(agent.command), inHome);
      await done({ home, env, ledger: [...model.ledger], output });
      return;
    }
    const server = await startAgentServer(scripted(agent.server.command), inHome);
    try {
      const command = [...agent.command, ...agent.server.attached(server.url)];
      const output = await outputOf(scripted(command), inHome);
      // It lives for as long as its telemetry may take to come.
      await done({ home, env, ledger: [...model.ledger], output: `${output}\n${server.output()}` });
    } finally {
      await server.stop();
    }
  } finally {
    await model.stop();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** JSON settings are merged, sections of TOML go behind each other. */
function laidOver(settings: string, block: string): string {
  if (!block.startsWith('{')) return `${settings}\n${block}`;
  return JSON.stringify({ ...(JSON.parse(settings) as object), ...(JSON.parse(block) as object) });
}

interface InHome {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** An agent whose model fails ends with a failure of its own: what it told is looked at all the same. */
function outputOf(command: readonly string[], { cwd, env }: InHome): Promise<string> {
  const [file = '', ...args] = command;
  return new Promise((resolve) => {
    const child = execFile(file, args, { cwd, env, timeout: RUN_MS_MAX }, (error, stdout, stderr) =>
      resolve(`${error?.message ?? ''}\n${stdout}\n${stderr}`),
    );
    child.stdin?.end();
  });
}

interface AgentServer {
  readonly url: string;
  output(): string;
  stop(): Promise<void>;
}

/** Starts it and waits for the line that says where it listens. @throws what it wrote, when it ends instead */
async function startAgentServer(command: readonly string[], { cwd, env }: InHome): Promise<AgentServer> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        const said = /listening on (http:\S+)/.exec(output)?.[1];
        if (said !== undefined) resolve(said);
      });
    }
    child.once('error', reject);
    void closed.then(() => reject(new Error(`The agent's server ended:\n${output}`)));
  });
  return { url, output: () => output, stop: () => stopped(child, closed) };
}

async function stopped(child: ChildProcess, closed: Promise<unknown>): Promise<void> {
  child.kill('SIGKILL');
  await closed;
}
