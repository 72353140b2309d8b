import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { PATIENCE_MS } from './patience.ts';

/** The built program; `STREAMLENS_PROGRAM` names another build of it. */
const PROGRAM = process.env['STREAMLENS_PROGRAM'] ?? fileURLToPath(new URL('../../bin/streamlens.js', import.meta.url));

/** A command of the program as a child process. */
export interface Command {
  readonly process: ChildProcess;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** What it wrote so far, both streams. */
  output(): string;
}

/** How a command ended, and all that it wrote. */
export interface Ended {
  readonly code: number | null;
  readonly text: string;
}

/** `streamlens up`. */
export interface Server extends Command {
  readonly ingestion: string;
  readonly metrics: string;
}

/** Those that a test has to know before; else they are free ones. */
export interface Ports {
  readonly ingestionPort?: number;
  readonly metricsPort?: number;
}

export function runCommand(args: readonly string[], env: Record<string, string> = {}): Command {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { PATH: process.env['PATH'] ?? '', OTLP_GRPC_PORT: '0', LOG_LEVEL: 'warn', HOST: '127.0.0.1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const exited = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  return { process: child, exited, output: () => output };
}

/** Runs a command to its end. */
export async function endOf(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const command = runCommand(args, env);
  const { code } = await command.exited;
  return { code, text: command.output() };
}

/** All that a command writes. @throws it where the command ends with another code than 0 */
export async function outputOf(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { code, text } = await endOf(args, env);
  assert.equal(code, 0, text);
  return text;
}

/** Starts the server and waits until it can work. @throws what it wrote, when it ends instead */
export async function startServer(
  dataDir: string,
  env: Record<string, string> = {},
  { ingestionPort = 0, metricsPort = 0 }: Ports = {},
): Promise<Server> {
  const ports = ['--ingestion-port', String(ingestionPort), '--metrics-port', String(metricsPort)];
  const command = runCommand(['up', '--data-dir', dataDir, ...ports], env);
  const port = (name: string) => new RegExp(`${name}\\s+http://localhost:(\\d+)`).exec(command.output())?.[1];
  const deadlineMs = Date.now() + PATIENCE_MS;
  while (Date.now() < deadlineMs && command.process.exitCode === null && command.process.signalCode === null) {
    const [ingestion, metrics] = [port('ingestion API'), port('metrics API')].map((each) => `http://127.0.0.1:${each}`);
    if (ingestion !== undefined && metrics !== undefined && (await isReady(ingestion)) && (await isReady(metrics))) {
      return { ...command, ingestion, metrics };
    }
    await sleep(20);
  }
  command.process.kill('SIGKILL');
  throw new Error(`The server did not become ready:\n${command.output()}`);
}

/** A server of its own for one test, which goes with it; so does its data directory, unless the test has one. */
export async function serverFor(
  t: TestContext,
  env: Record<string, string> = {},
  { dataDir = dataDirFor(t), ...ports }: Ports & { readonly dataDir?: string } = {},
): Promise<Server> {
  const server = await startServer(dataDir, env, ports);
  t.after(async () => {
    server.process.kill('SIGKILL');
    await server.exited;
  });
  return server;
}

export function dataDirFor(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'streamlens-test-'));
  t.after(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }));
  return path;
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/ready`);
    await response.text();
    return response.ok;
  } catch {
    return false;
  }
}
