import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { type CleanMachine, cleanMachine, cloneTo, countOneCall, freePorts, ROOT } from './clean-machine.ts';

/** The oldest and the newest npm that the README's command must work with, each with the oldest Node that it takes. */
const MACHINES = [
  { node: '20', npm: '10' },
  { node: '22', npm: '12' },
];

before(() => assert.ok(existsSync(join(ROOT, 'dist/cli/main.js')), 'run "npm run build" first'));

for (const versions of MACHINES) {
  test(`a clone starts with "npm install && npm start" on Node ${versions.node} with npm ${versions.npm}`, async (t) => {
    const machine = await cleanMachine(t, versions);
    const clone = join(machine.home, 'streamlens');
    cloneTo(clone);
    const installed = await machine.npm(['install', '--no-audit', '--no-fund'], clone);
    assert.doesNotMatch(installed, /blocked|was not built/, installed);
    const ports = await freePorts();
    const { NODE = '', NPM_CLI = '' } = machine.env;
    const flags = [
      '--ingestion-port',
      `${ports.ingestion}`,
      '--metrics-port',
      `${ports.metrics}`,
      '--otlp-grpc-port',
      '0',
    ];
    const start = [NODE, NPM_CLI, 'start', '--', ...flags] as const;
    const { requests, dashboard } = await countOneCall(start, { cwd: clone, env: machine.env, ports });
    assert.equal(requests, 1);
    assert.match(dashboard, /<title>/);
  });
}

test('a clone without development dependencies installs, and says that it is not built', async (t) => {
  const machine = await cleanMachine(t, { node: '22', npm: '12' });
  const clone = join(machine.home, 'streamlens');
  cloneTo(clone);
  const said = await machine.npm(['ci', '--omit=dev', '--no-audit', '--no-fund', '--foreground-scripts'], clone);
  assert.match(said, /development dependencies were left out/);
});

test('the packed program runs by npx in an empty folder, with the licences of what it contains', async (t) => {
  const machine = await cleanMachine(t, { node: '24', npm: '12' });
  const tarball = await pack(machine);
  const folder = join(machine.home, 'empty');
  mkdirSync(folder);
  const ports = await freePorts();
  const flags = ['--ingestion-port', `${ports.ingestion}`, '--metrics-port', `${ports.metrics}`];
  const { NODE = '', NPM_CLI = '' } = machine.env;
  // What `npx --yes streamlens up` is, with the tarball in the place of the registry's.
  const npx = [NODE, NPM_CLI, 'exec', '--yes', `--package=${tarball}`, '--', 'streamlens', 'up'] as const;
  const options = { cwd: folder, env: machine.env, ports };
  assert.equal((await countOneCall([...npx, ...flags, '--otlp-grpc-port', '0'], options)).requests, 1);
  assert.deepEqual(readdirSync(folder), ['streamlens-data']);

  const said = await machine.npm(['install', tarball, '--no-audit', '--no-fund'], folder);
  assert.doesNotMatch(said, /deprecated|EBADENGINE|vulnerabilit/);
  const modules = join(folder, 'node_modules');
  assert.ok(!existsSync(join(modules, 'fastify')), 'what the bundle contains is installed beside it');
  const notices = readFileSync(join(modules, 'streamlens/dist/THIRD_PARTY_NOTICES.txt'), 'utf8');
  for (const name of ['fastify', 'preact', 'uplot', 'pino', 'protobufjs'])
    assert.match(notices, new RegExp(`^${name} \\d`, 'm'));
  // The same id again is no second call: what npx was told before it was stopped is there.
  const program = [join(modules, '.bin/streamlens'), 'up'] as const;
  const { requests, exitCode } = await countOneCall([...program, ...flags, '--otlp-grpc-port', '0'], options);
  assert.deepEqual({ requests, exitCode }, { requests: 1, exitCode: 0 });
});

test('the packed program says on an older Node which one it needs, in one sentence', async (t) => {
  const machine = await cleanMachine(t, { node: '20', npm: '10' });
  const tarball = await pack(machine);
  const folder = join(machine.home, 'old');
  mkdirSync(folder);
  spawnSync('tar', ['-xzf', tarball, '-C', folder]);
  const { NODE = '' } = machine.env;
  const program = join(folder, 'package/bin/streamlens.js');
  const { status, stderr } = spawnSync(NODE, [program, 'up'], { cwd: folder, env: machine.env, encoding: 'utf8' });
  assert.match(stderr, /^streamlens: needs Node 24 or newer; this is v20\.[\d.]+\n$/);
  assert.equal(status, 2);
});

/** @returns the path of the tarball that would be published */
async function pack(machine: CleanMachine): Promise<string> {
  const { home } = machine;
  const said = await machine.npm(['pack', '--ignore-scripts', '--pack-destination', home], ROOT);
  const tarball = readdirSync(home).find((name) => name.endsWith('.tgz'));
  assert.ok(tarball !== undefined, said);
  return join(home, tarball);
}
