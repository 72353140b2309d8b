import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { Client } from 'pg';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import { startPostgres } from '../../scripts/services/postgres.ts';
import { slowly } from '../../src/event-log/event-log-builders.contract.ts';

const skip = skipWithout(await availableServices(), ['postgres']);

test('a database that was killed has its committed rows after it was started again', { skip }, async () => {
  const postgres = await startPostgres({ own: true });
  await query(postgres.dsn, 'CREATE TABLE kept AS SELECT 42 AS answer');
  await postgres.kill();
  await postgres.restart();
  assert.deepEqual(await query(postgres.dsn, 'SELECT answer FROM kept'), [{ answer: 42 }]);
  await postgres.stop();
});

test('a service ends with the process that started it, even where that is killed', {
  skip: skip || linuxOnly(),
}, async () => {
  const source = `
    const { startPostgres } = await import(${JSON.stringify(new URL('../../scripts/services/postgres.ts', import.meta.url).href)});
    const { pid, directory } = await startPostgres({ own: true });
    console.log(pid, directory);
    setInterval(() => {}, 1000);`;
  const starter = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(starter.stdout, 'data')) as [Buffer];
  const [pidText = '', directory = ''] = line.toString().trim().split(' ');
  const pid = Number(pidText);
  assert.equal(commandOf(pid).includes('postgres'), true);
  starter.kill('SIGKILL');
  for (let waitedMs = 0; commandOf(pid) !== '' && waitedMs < 5_000; waitedMs += 20) await slowly(20);
  assert.equal(commandOf(pid), '');
  // Nobody was left to do it.
  rmSync(directory, { recursive: true });
});

async function query(dsn: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: dsn });
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}

/** Empty for a process that has ended. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function linuxOnly(): string | false {
  return process.platform === 'linux' ? false : 'only the Linux kernel ties a process to its parent';
}
