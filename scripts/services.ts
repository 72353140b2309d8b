import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startKafka } from './services/kafka.ts';
import { startPostgres } from './services/postgres.ts';
import { servicesDirectory } from './services/services-directory.ts';

/** What `up` started, so that `down` can end it from another process. */
interface State {
  readonly environment: Readonly<Record<string, string>>;
  readonly processes: readonly StartedProcess[];
  readonly directories: readonly string[];
}

/** `mark` appears in the process's command line: pids are used again, and a stranger must not be killed. */
interface StartedProcess {
  readonly pid: number;
  readonly mark: string;
}

const STATE_FILE = join(servicesDirectory(), 'state.json');
const USAGE = 'Usage: node scripts/services.ts up [--brokers 1|3] | down | status';

/** Starts a Kafka and a Postgres that outlive this process, unless they run already. */
async function up(brokers: 1 | 3): Promise<void> {
  const running = readState();
  if (running !== null && running.processes.every(isAlive)) {
    printEnvironment(running);
    return;
  }
  await down();
  const kafka = await startKafka({ brokers, detached: true });
  try {
    const postgres = await startPostgres({ detached: true });
    const ownPostgres = postgres.directory === null ? [] : [{ pid: postgres.pid, mark: postgres.directory }];
    const state: State = {
      environment: { KAFKA_BROKERS: kafka.bootstrap, POSTGRES_DSN: postgres.dsn },
      processes: [...kafka.brokers.map(({ pid }) => ({ pid, mark: kafka.directory ?? '' })), ...ownPostgres],
      directories: [kafka.directory, postgres.directory].filter((directory) => directory !== null),
    };
    writeFileSync(STATE_FILE, `${JSON.stringify(state, null, 2)}\n`);
    printEnvironment(state);
  } catch (error) {
    await kafka.stop();
    throw error;
  }
}

async function down(): Promise<void> {
  const state = readState();
  if (state === null) return;
  for (const started of state.processes) if (isAlive(started)) process.kill(started.pid, 'SIGTERM');
  const giveUpAtMs = performance.now() + 15_000;
  while (state.processes.some(isAlive) && performance.now() < giveUpAtMs) await sleep(50);
  for (const started of state.processes) if (isAlive(started)) process.kill(started.pid, 'SIGKILL');
  for (const directory of state.directories) rmSync(directory, { recursive: true, force: true });
  rmSync(STATE_FILE, { force: true });
}

function status(): void {
  const state = readState();
  if (state === null) {
    console.log('No services are running. Start them with: node scripts/services.ts up');
    return;
  }
  for (const { pid, mark } of state.processes)
    console.log(`# ${isAlive({ pid, mark }) ? 'running' : 'ended'} ${pid} ${mark}`);
  printEnvironment(state);
}

function printEnvironment({ environment }: State): void {
  for (const [name, value] of Object.entries(environment)) console.log(`export ${name}='${value}'`);
}

function readState(): State | null {
  return existsSync(STATE_FILE) ? (JSON.parse(readFileSync(STATE_FILE, 'utf8')) as State) : null;
}

function isAlive({ pid, mark }: StartedProcess): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(mark);
  } catch {
    return false;
  }
}

const [command, option, value] = process.argv.slice(2);
const hasBrokers = option === '--brokers' && (value === '1' || value === '3');
if (command === 'up' && (option === undefined || hasBrokers)) await up(value === '3' ? 3 : 1);
else if (command === 'down') await down();
else if (command === 'status') status();
else {
  console.error(USAGE);
  process.exitCode = 2;
}
