import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { dyingWithParent, type ProgramCall } from './program-call.ts';

export interface ServiceCommand extends ProgramCall {
  /** Takes stdout and stderr; shown when the service does not start. */
  readonly logFile: string;
  /** Lives on when this process ends. Else it is killed with it. */
  readonly detached: boolean;
}

/** A child process that can be killed and started again with the same command. */
export class ServiceProcess {
  readonly #command: ServiceCommand;
  #child: ChildProcess | null = null;
  readonly #onExit = (): void => void this.#child?.kill('SIGKILL');

  constructor(command: ServiceCommand) {
    this.#command = command;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  start(): void {
    const { logFile, detached } = this.#command;
    const { program, options } = detached ? this.#command : dyingWithParent(this.#command);
    const log = openSync(logFile, 'a');
    this.#child = spawn(program, options, { stdio: ['ignore', log, log], detached });
    // A program that is not there shows as a process that ended.
    this.#child.on('error', () => undefined);
    closeSync(log);
    if (detached) this.#child.unref();
    else process.once('exit', this.#onExit);
  }

  /** Sends a signal; resolves at once. `SIGSTOP` and `SIGCONT` go as well. */
  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.#child?.kill(signal);
  }

  /** Sends a signal and waits until the process has ended; after `graceMs` it is killed. */
  async end(signal: NodeJS.Signals = 'SIGTERM', graceMs = 10_000): Promise<void> {
    if (this.isRunning) {
      this.signal('SIGCONT');
      this.signal(signal);
      const killAtMs = performance.now() + graceMs;
      while (this.isRunning) {
        if (performance.now() > killAtMs) this.signal('SIGKILL');
        await sleep(10);
      }
    }
    process.removeListener('exit', this.#onExit);
  }

  /** Calls `isReady` until it holds. @throws with the last lines of the log when the process ends or time runs out. */
  async waitUntil(isReady: () => Promise<boolean>, timeoutMs: number): Promise<void> {
    const giveUpAtMs = performance.now() + timeoutMs;
    while (!(await isReady())) {
      if (this.isRunning && performance.now() < giveUpAtMs) {
        await sleep(50);
        continue;
      }
      const why = this.isRunning ? `was not ready within ${timeoutMs} ms` : 'ended while it started';
      throw new Error(`${this.#command.program} ${why}. Its log ends:\n${this.#logTail()}`);
    }
  }

  #logTail(): string {
    return readFileSync(this.#command.logFile, 'utf8').split('\n').slice(-15).join('\n');
  }
}
