import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { freePorts } from './free-ports.ts';
import { ServiceProcess } from './service-process.ts';
import { asUnprivileged, giveTo } from './unprivileged.ts';

export interface PostgresOptions {
  /** Starts a server of its own even where `POSTGRES_DSN` names one: for tests that stop it. */
  readonly own?: boolean;
  /** Lives on when this process ends. */
  readonly detached?: boolean;
  /** `false` is quicker and survives a killed server, though not a killed machine; not for measurements. */
  readonly fsync?: boolean;
  /** Passed to the server as `-c name=value`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface RunningPostgres {
  /** For `POSTGRES_DSN`. Of an own server: a superuser of an empty database `streamlens`. */
  readonly dsn: string;
  /** False where the server is that of the environment: then only `stop` may be called, and does nothing. */
  readonly isOwn: boolean;
  readonly pid: number;
  readonly directory: string | null;
  /** Ends it at once, as a crash does. `SIGSTOP` and `SIGCONT` suspend and resume it. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Ends it in order, cutting its connections, and starts it again on the same port with the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const START_MS_MAX = 60_000;

/** Why no server can be started here, or null. */
export function postgresObstacle(): string | null {
  const directory = programsDirectory();
  return directory === null ? 'there is no `postgres` with its `initdb` on the PATH or in /usr/lib/postgresql' : null;
}

/** The server named in `POSTGRES_DSN`, else a new one on a free port of the loopback. @throws when it does not start. */
export async function startPostgres(options: PostgresOptions = {}): Promise<RunningPostgres> {
  const named = process.env['POSTGRES_DSN'];
  if (named && options.own !== true) return ofEnvironment(named);
  const programs = programsDirectory();
  if (programs === null) throw new Error(`PostgreSQL cannot be started: ${postgresObstacle()}`);
  const directory = mkdtempSync(join(tmpdir(), 'streamlens-postgres-'));
  giveTo(directory);
  const [port = 0] = await freePorts(1);
  await createCluster(programs, directory);
  const service = new ServiceProcess({
    ...asUnprivileged(join(programs, 'postgres'), ['-D', join(directory, 'data'), ...settingsOf(port, options)]),
    logFile: join(directory, 'server.log'),
    detached: options.detached ?? false,
  });
  const start = async (): Promise<void> => {
    service.start();
    await service.waitUntil(() => accepts(dsnOf(port, 'postgres')), START_MS_MAX);
  };
  const stop = async (): Promise<void> => {
    await service.end('SIGQUIT');
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await start();
    await createDatabase(dsnOf(port, 'postgres'));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    dsn: dsnOf(port, 'streamlens'),
    isOwn: true,
    get pid() {
      return service.pid;
    },
    directory,
    kill: async (signal = 'SIGKILL') => {
      if (signal === 'SIGKILL') await service.end(signal);
      else service.signal(signal);
    },
    restart: async () => {
      // SIGINT is Postgres's fast shutdown: it rolls back what is open. SIGTERM would wait for the clients.
      await service.end('SIGINT', 20_000);
      await start();
    },
    stop,
  };
}

function ofEnvironment(dsn: string): RunningPostgres {
  return { dsn, isOwn: false, pid: 0, directory: null, kill: refuse, restart: refuse, stop: async () => {} };
}

async function refuse(): Promise<void> {
  throw new Error('This database is that of POSTGRES_DSN: start one with `own` to stop it');
}

async function createCluster(programs: string, directory: string): Promise<void> {
  const passwordFile = join(directory, 'password');
  writeFileSync(passwordFile, PASSWORD);
  giveTo(passwordFile);
  const options = ['-D', join(directory, 'data'), '-U', USER, '-E', 'UTF8', '--locale=C', '--no-sync'];
  const initdb = asUnprivileged(join(programs, 'initdb'), [
    ...options,
    '-A',
    'scram-sha-256',
    `--pwfile=${passwordFile}`,
  ]);
  await promisify(execFile)(initdb.program, [...initdb.options], { timeout: START_MS_MAX, cwd: directory });
}

function settingsOf(port: number, { fsync = true, settings = {} }: PostgresOptions): string[] {
  const all = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    // No socket: its default folder may belong to another user.
    unix_socket_directories: '',
    max_connections: '100',
    ...(fsync ? {} : { fsync: 'off', full_page_writes: 'off' }),
    ...settings,
  };
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

const USER = 'streamlens';
const PASSWORD = 'streamlens';

function dsnOf(port: number, database: string): string {
  return `postgres://${USER}:${PASSWORD}@127.0.0.1:${port}/${database}?sslmode=disable`;
}

async function accepts(dsn: string): Promise<boolean> {
  const client = new Client({ connectionString: dsn, connectionTimeoutMillis: 2_000 });
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function createDatabase(dsn: string): Promise<void> {
  const client = new Client({ connectionString: dsn, connectionTimeoutMillis: 2_000 });
  await client.connect();
  try {
    await client.query('CREATE DATABASE streamlens');
  } finally {
    await client.end();
  }
}

/** The folder with `postgres` and `initdb`: the first on the PATH, else the newest that Debian's packages installed. */
function programsDirectory(): string | null {
  const onPath = (process.env['PATH'] ?? '').split(delimiter);
  const packaged = '/usr/lib/postgresql';
  const versions = existsSync(packaged) ? readdirSync(packaged).sort((a, b) => Number(b) - Number(a)) : [];
  const directories = [...onPath, ...versions.map((version) => join(packaged, version, 'bin'))];
  return directories.find((directory) => directory !== '' && hasPrograms(directory)) ?? null;
}

function hasPrograms(directory: string): boolean {
  return ['postgres', 'initdb'].every((name) => isProgram(join(directory, name)));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
