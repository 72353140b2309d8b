import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { ChildProgram } from './child-program.ts';

/** The original service, built from a checkout whose path is given. */
export interface Original {
  start(role: 'ingestion-api' | 'metrics-processor' | 'metrics-api', options: RoleOptions): Promise<ChildProgram>;
  /** Its tables, in a database that has none. */
  createTables(dsn: string): Promise<void>;
}

interface RoleOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly readyUrl?: string;
}

/** @throws where there is no checkout or it does not build */
export async function buildOriginal(checkout: string): Promise<Original> {
  const directory = resolve(checkout);
  if (!existsSync(join(directory, 'cmd/ingestion-api'))) {
    throw new Error(`--original (ORIGINAL_DIR) must be a checkout of adzynia/streamlens; got ${checkout}`);
  }
  const binaries = join(tmpdir(), 'streamlens-bench-original');
  await promisify(execFile)('go', ['build', '-o', `${binaries}/`, './cmd/...'], { cwd: directory, timeout: 600_000 });
  return {
    start: (role, options) => ChildProgram.start({ program: join(binaries, role), options: [], ...options }),
    async createTables(dsn) {
      const client = new Client({ connectionString: dsn });
      await client.connect();
      try {
        await client.query(readFileSync(join(directory, 'deploy/init.sql'), 'utf8'));
      } finally {
        await client.end();
      }
    },
  };
}
