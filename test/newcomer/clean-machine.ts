import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PATIENCE_MS } from '../end-to-end/patience.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const run = promisify(execFile);

/** npm's own cache is kept, so that a run does not load the same packages again; everything else is as on a new machine. */
export const NPM_CACHE = spawnSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).stdout.trim();

/** A Node and an npm, and nothing else: no settings, no home. */
export interface CleanMachine {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs npm in `cwd` and answers with what it wrote. @throws what it wrote, where it fails */
  npm(args: readonly string[], cwd: string): Promise<string>;
}

/** Installs the newest Node and npm of these lines side by side into a folder of their own. */
export async function cleanMachine(
  t: TestContext,
  versions: { readonly node: string; readonly npm: string },
): Promise<CleanMachine> {
  const home = mkdtempSync(join(tmpdir(), 'streamlens-newcomer-'));
  t.after(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));
  const tools = join(home, 'tools');
  mkdirSync(tools);
  const node = `node-${process.platform}-${process.arch}`;
  const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--no-save', '--force'];
  await run('npm', ['install', ...options, `${node}@${versions.node}`, `npm@${versions.npm}`], { cwd: tools });
  const bin = join(tools, 'node_modules', node, 'bin');
  const env = {
    ...networkSettings(),
    HOME: home,
    PATH: `${bin}:/usr/bin:/bin`,
    npm_config_cache: NPM_CACHE,
    npm_config_prefer_offline: 'true',
  };
  const npmCli = join(tools, 'node_modules/npm/bin/npm-cli.js');
  const npm = async (args: readonly string[], cwd: string): Promise<string> => {
    const { stdout, stderr } = await run(join(bin, 'node'), [npmCli, ...args], {
      cwd,
      env,
      maxBuffer: 1 << 24,
      timeout: INSTALL_MS_MAX,
    });
    return stdout + stderr;
  };
  return { home, env: { ...env, NPM_CLI: npmCli, NODE: join(bin, 'node') }, npm };
}

/** How this machine reaches the registry: certificates, proxies and npm's own words for them are no part of a home. */
export function networkSettings(): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [name, value = ''] of Object.entries(process.env)) {
    if (/proxy$|CA_CERTS$|^SSL_CERT/i.test(name)) settings[name] = value;
  }
  for (const name of ['registry', 'cafile']) {
    const { stdout } = spawnSync('npm', ['config', 'get', name], { encoding: 'utf8' });
    if (stdout.trim() !== 'null') settings[`npm_config_${name}`] = stdout.trim();
  }
  return settings;
}

/** The files that git knows, as they are now: what a clone of this state would hold. */
export function cloneTo(folder: string): void {
  const { stdout } = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 24,
  });
  for (const path of stdout.split('\0')) {
    if (path === '' || path.startsWith('test/fixtures/') || path.startsWith('bench/')) continue;
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    cpSync(join(ROOT, path), join(folder, path), { force: true });
  }
}

/** Starts a program that serves on the given ports, waits until both are ready, counts one call, and stops it. */
export async function countOneCall(
  command: readonly [file: string, ...args: string[]],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>>; readonly ports: Ports },
): Promise<{ readonly requests: number; readonly dashboard: string; readonly exitCode: number | null }> {
  const { cwd, env, ports } = options;
  const [file, ...args] = command;
  const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
  const exited = once(child, 'exit');
  try {
    const metrics = `http://127.0.0.1:${ports.metrics}`;
    await until(`${metrics}/ready`, () => output, child);
    await until(`http://127.0.0.1:${ports.ingestion}/ready`, () => output, child);
    const timestamp = new Date().toISOString();
    const call = { request_id: 'n-1', tenant_id: 'newcomer', route: 'r', model: 'gpt-4.1-mini', timestamp };
    const answer = await fetch(`http://127.0.0.1:${ports.ingestion}/v1/llm/request`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(call),
    });
    if (answer.status !== 202) throw new Error(`The call was not taken: ${await answer.text()}`);
    const requests = await requestsOf(metrics);
    const dashboard = await (await fetch(`${metrics}/`)).text();
    // The whole group, as a terminal does with Ctrl-C.
    process.kill(-(child.pid ?? 0), 'SIGINT');
    const [exitCode] = (await exited) as [number | null];
    return { requests, dashboard, exitCode };
  } finally {
    const isOver = child.exitCode !== null || child.signalCode !== null;
    if (!isOver && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }
}

export interface Ports {
  readonly ingestion: number;
  readonly metrics: number;
}

/** Two ports that were free a moment ago. */
export async function freePorts(): Promise<Ports> {
  const [ingestion, metrics] = await Promise.all([freePort(), freePort()]);
  return { ingestion, metrics };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const INSTALL_MS_MAX = 300_000;

async function requestsOf(metrics: string): Promise<number> {
  const giveUpAtMs = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await fetch(`${metrics}/v1/metrics?tenant_id=newcomer`);
    const { metrics: rows = [] } = (await answer.json()) as { metrics?: { requests: number }[] };
    if (rows.length > 0 || Date.now() > giveUpAtMs) return rows.reduce((sum, row) => sum + row.requests, 0);
    await sleep(50);
  }
}

async function until(url: string, output: () => string, child: { readonly exitCode: number | null }): Promise<void> {
  const giveUpAtMs = Date.now() + PATIENCE_MS;
  while (Date.now() < giveUpAtMs && child.exitCode === null) {
    try {
      if ((await fetch(url)).ok) return;
    } catch {
      // Nothing listens yet.
    }
    await sleep(50);
  }
  throw new Error(`${url} did not become ready:\n${output()}`);
}
