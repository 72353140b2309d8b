import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answersOk } from '../../scripts/services/answers-ok.ts';
import { dyingWithParent } from '../../scripts/services/program-call.ts';
import type { Program } from './program.ts';

export interface ChildOptions {
  readonly program: string;
  readonly options: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Answers 200 when the program can do its work. */
  readonly readyUrl?: string;
}

const READY_MS_MAX = 120_000;

/** A program under measurement. Its output goes to a file, since a pipe would be read by the generator. */
export class ChildProgram {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #directory: string;

  private constructor(child: ChildProcess, directory: string) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    this.#directory = directory;
  }

  /** @throws with the end of its log when it does not become ready */
  static async start(options: ChildOptions): Promise<ChildProgram> {
    const directory = mkdtempSync(join(tmpdir(), 'streamlens-bench-'));
    const log = openSync(join(directory, 'log'), 'a');
    const call = dyingWithParent(options);
    const child = spawn(call.program, call.options, {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...options.env },
      stdio: ['ignore', log, log],
      cwd: directory,
    });
    closeSync(log);
    const started = new ChildProgram(child, directory);
    if (options.readyUrl !== undefined) await started.#waitUntilReady(options.readyUrl);
    return started;
  }

  get log(): string {
    return readFileSync(join(this.#directory, 'log'), 'utf8');
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.isRunning) {
      const ended = once(this.#child, 'exit');
      this.#child.kill(signal);
      const killing = setTimeout(() => this.#child.kill('SIGKILL'), 12_000);
      await ended;
      clearTimeout(killing);
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async #waitUntilReady(url: string): Promise<void> {
    const giveUpAtMs = performance.now() + READY_MS_MAX;
    while (!(await answersOk(url))) {
      if (this.isRunning && performance.now() < giveUpAtMs) {
        await sleep(10);
        continue;
      }
      const log = this.log.slice(-2000);
      await this.stop('SIGKILL');
      throw new Error(`${url} did not become ready; the log ends:\n${log}`);
    }
  }
}

/** One role of StreamLens, on the Node that runs the benchmark. */
export function startRole(
  { entry }: Program,
  command: string,
  { env, readyUrl }: { env: Readonly<Record<string, string>>; readyUrl?: string },
): Promise<ChildProgram> {
  const profile = process.env['BENCH_CPU_PROF'];
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  return ChildProgram.start({
    program: process.execPath,
    options: [...profiling, '--enable-source-maps', entry, command].filter(
      (word) => profile !== undefined || word !== '--enable-source-maps',
    ),
    env: { OTLP_GRPC_PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: process.env['BENCH_LOG_LEVEL'] ?? 'warn', ...env },
    ...(readyUrl === undefined ? {} : { readyUrl }),
  });
}
