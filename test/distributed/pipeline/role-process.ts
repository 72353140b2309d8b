import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dyingWithParent } from '../../../scripts/services/program-call.ts';
import { PATIENCE_MS } from '../../end-to-end/patience.ts';
import { until } from './until.ts';

export interface RoleOptions {
  /** `metrics-processor`, `topics create`, … */
  readonly command: string;
  /** `bin/streamlens.js` of a copy. */
  readonly entry: string;
  readonly env: Readonly<Record<string, string>>;
  /** Options of Node itself. */
  readonly nodeOptions?: readonly string[];
}

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** From the signal to the end. */
  readonly tookMs: number;
}

/** One process of the program, which can be ended, frozen and started again. */
export class RoleProcess {
  readonly #options: RoleOptions;
  readonly #directory = mkdtempSync(join(tmpdir(), 'streamlens-role-'));
  #child: ChildProcess | null = null;

  constructor(options: RoleOptions) {
    this.#options = options;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#options.env['HTTP_PORT']}`;
  }

  start(): void {
    const { command, entry, env, nodeOptions = [] } = this.#options;
    const call = dyingWithParent({
      program: process.execPath,
      options: [...nodeOptions, entry, ...command.split(' ')],
    });
    const log = createWriteStream(this.#logFile, { flags: 'a' });
    const child = spawn(call.program, call.options, {
      env: { PATH: process.env['PATH'], OTLP_GRPC_PORT: '0', HOST: '127.0.0.1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    this.#child = child;
  }

  /** Starts it and waits until it says that it can do its work. */
  async startReady(path = '/ready'): Promise<void> {
    this.start();
    await this.ready(path);
  }

  async ready(path = '/ready'): Promise<void> {
    const what = () => `${this.#options.command} is ready${this.isRunning ? '' : ' (it ended)'}:\n${this.log}`;
    await until(what, () => answersOk(`${this.url}${path}`), PATIENCE_MS);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals): Promise<Ending> {
    const startedMs = performance.now();
    this.signal(signal);
    const { code, signal: by } = await this.ended();
    return { code, signal: by, tookMs: performance.now() - startedMs };
  }

  /** Asks it to stop, as an operator would. @throws where it ends otherwise than in order, with what it wrote */
  async stop(): Promise<Ending> {
    const ending = await this.end('SIGTERM');
    const { code, signal, tookMs } = ending;
    assert.equal(code, 0, `${this.#options.command} ended with ${signal ?? code} after ${tookMs} ms:\n${this.log}`);
    return ending;
  }

  /** Waits for the end, whatever brings it. */
  async ended(): Promise<Pick<Ending, 'code' | 'signal'>> {
    const child = this.#child;
    if (child === null) throw new Error('The process was not started');
    if (this.isRunning) await once(child, 'close');
    return { code: child.exitCode, signal: child.signalCode };
  }

  /** Everything that it wrote. */
  get log(): string {
    try {
      return readFileSync(this.#logFile, 'utf8');
    } catch {
      return '';
    }
  }

  /** Ends it in whatever state it is, and removes its log. */
  async dispose(): Promise<void> {
    if (this.isRunning) await this.end('SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #logFile(): string {
    return join(this.#directory, 'log');
  }
}

async function answersOk(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false;
  }
}
