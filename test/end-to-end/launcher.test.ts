import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from './http-calls.ts';
import { dataDirFor } from './running-server.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/streamlens.js', import.meta.url));

/** glibc prints its settings nowhere, so this looks at the environment that the program ends up with. */
function environmentOf(env: Readonly<Record<string, string>>, args: readonly string[] = ['--version']): string {
  const print = "process.on('exit', () => console.log(JSON.stringify(process.env)))";
  const options = ['--import', `data:text/javascript,${print}`, LAUNCHER, ...args];
  const { stdout, status } = spawnSync(process.execPath, options, { env, encoding: 'utf8' });
  assert.equal(status, 0);
  return stdout;
}

test('the program starts with an allocator that gives memory back', { skip: process.platform !== 'linux' }, () => {
  const printed = environmentOf({ KEPT: 'yes' });
  assert.match(printed, /"MALLOC_MMAP_THRESHOLD_":"131072"/);
  assert.match(printed, /"KEPT":"yes"/);
  assert.match(printed, /^\d+\.\d+\.\d+$/m);
});

test('all roles in one process share a smaller heap for young objects', { skip: process.platform !== 'linux' }, () => {
  const options = /"NODE_OPTIONS":"--max-semi-space-size=4 --no-warnings"/;
  assert.match(environmentOf({ NODE_OPTIONS: '--no-warnings' }, ['up', '--help']), options);
  assert.doesNotMatch(environmentOf({}, ['metrics-api', '--help']), /semi-space/);
});

test('what the user says stands, about the allocator and about heaps', { skip: process.platform !== 'linux' }, () => {
  const said = { MALLOC_ARENA_MAX: '8', NODE_OPTIONS: '--max-semi-space-size=32 --no-warnings' };
  const printed = environmentOf(said, ['up', '--help']);
  assert.match(printed, /"MALLOC_ARENA_MAX":"8"/);
  assert.match(printed, /"NODE_OPTIONS":"--max-semi-space-size=32 --no-warnings"/);
});

test('exit codes pass through the second start', () => {
  assert.equal(spawnSync(process.execPath, [LAUNCHER, 'no-such-command'], { encoding: 'utf8' }).status, 2);
});

test('a command ends in peace when nobody reads its output any more', async () => {
  const child = spawn(process.execPath, [LAUNCHER, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let told = '';
  child.stderr.on('data', (text: Buffer) => (told += text));
  const [code] = (await once(child, 'close')) as [number];
  assert.deepEqual([code, told], [0, '']);
});

test('a server ends when the launcher that started it is killed', async (t) => {
  const dataDir = dataDirFor(t);
  // What the launcher does on Node 20 and 22, where it may not be installed here.
  const launcher = `
    const { spawn } = require('node:child_process');
    const args = ${JSON.stringify([LAUNCHER, 'up', '--data-dir', dataDir, '--ingestion-port', '0', '--metrics-port', '0'])};
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, OTLP_GRPC_PORT: '0', STREAMLENS_LAUNCHER_PID: String(process.pid) },
    });
    console.log('child ' + child.pid);
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['-e', launcher], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => parent.kill('SIGKILL'));
  let output = '';
  for (const stream of [parent.stdout, parent.stderr]) stream.on('data', (text: Buffer) => (output += text));
  await eventually('the server to start', async () => (output.includes('metrics API') ? true : undefined));
  const pid = Number(/child (\d+)/.exec(output)?.[1]);
  t.after(() => isAlive(pid) && process.kill(pid, 'SIGKILL'));
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await eventually('the server to end', async () => (isAlive(pid) ? undefined : true));
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
