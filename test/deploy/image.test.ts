import assert from 'node:assert/strict';
import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { skipFor } from '../../scripts/services/available-services.ts';
import { PATIENCE_MS } from '../end-to-end/patience.ts';
import { freePorts } from '../newcomer/clean-machine.ts';
import { Buildah, type ImageConfig } from './buildah.ts';
import { processIdInside, runReadOnly } from './read-only-container.ts';

/** The image of `deploy/Dockerfile`, built and run. What can be read off the file itself is in `test/deploy.test.ts`. */

const HOST_ARCH = process.arch === 'x64' ? 'amd64' : process.arch;
/** Not the one of the image: Kubernetes and OpenShift choose their own. */
const USER = '10001';

describe('the container image', { skip: whyNot() }, () => {
  let buildah: Buildah;
  let config: ImageConfig;
  let root: string;

  before(async () => {
    buildah = await Buildah.create();
    await buildah.build('streamlens', { arch: HOST_ARCH });
    config = await buildah.configOf('streamlens');
    root = await buildah.mount('streamlens');
  });
  after(() => buildah.remove());

  test('runs as a user by number, on a volume, with a health check, and without an argument as one process', () => {
    const { User, Entrypoint, Cmd, WorkingDir, Volumes, ExposedPorts, Healthcheck } = config;
    assert.deepEqual(
      {
        User,
        Entrypoint,
        Cmd,
        WorkingDir,
        Volumes: Object.keys(Volumes),
        ExposedPorts: Object.keys(ExposedPorts).sort(),
      },
      {
        User: '1000:1000',
        Entrypoint: ['node', 'bin/streamlens.js'],
        Cmd: ['up'],
        WorkingDir: '/app',
        Volumes: ['/data'],
        ExposedPorts: ['4317/tcp', '8080/tcp', '8081/tcp', '8082/tcp'],
      },
    );
    assert.deepEqual(Healthcheck.Test, ['CMD', 'node', 'bin/streamlens.js', 'health']);
    for (const variable of ['HOST=0.0.0.0', 'STREAMLENS_DATA_DIR=/data', 'NODE_ENV=production']) {
      assert.ok(config.Env.includes(variable), variable);
    }
    const { uid, gid } = statSync(join(root, 'data'));
    assert.deepEqual([uid, gid], [1000, 1000]);
  });

  test('holds the program, the libraries beside it and their licences, and nothing that builds or tests it', () => {
    assert.deepEqual(readdirSync(join(root, 'app')).sort(), ['LICENSE', 'bin', 'dist', 'node_modules', 'package.json']);
    assert.match(readFileSync(join(root, 'app/dist/THIRD_PARTY_NOTICES.txt'), 'utf8'), /^fastify \d/m);
    const modules = readdirSync(join(root, 'app/node_modules'));
    assert.ok(modules.includes('pg') && !modules.includes('esbuild') && !modules.includes('typescript'));
  });

  test('counts a call as a stranger on a read-only root, and stops orderly', async (t) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'streamlens-image-'));
    t.after(() => rmSync(dataDir, { recursive: true, force: true }));
    chownSync(dataDir, Number(USER), Number(USER));
    const ports = await freePorts();
    const own = [`INGESTION_PORT=${ports.ingestion}`, `METRICS_PORT=${ports.metrics}`, 'OTLP_GRPC_PORT=0'];
    const env = [...config.Env, ...own];
    const place = { root, dataDir, workingDir: config.WorkingDir, user: USER, env };
    const container = runReadOnly({ ...place, command: [...config.Entrypoint, ...config.Cmd] });
    t.after(() => container.kill('SIGKILL'));
    const output = outputOf(container);
    const ingestion = `http://127.0.0.1:${ports.ingestion}`;
    const metrics = `http://127.0.0.1:${ports.metrics}`;
    await until(async () => (await fetch(`${ingestion}/ready`)).ok && (await fetch(`${metrics}/ready`)).ok, output);

    const status = readFileSync(`/proc/${processIdInside(container)}/status`, 'utf8');
    assert.match(status, new RegExp(`^Uid:(\\s+${USER}){4}$`, 'm'));
    assert.match(status, /^CapEff:\s+0+$/m);
    assert.match(status, /^NoNewPrivs:\s+1$/m);
    const touch = ['node', '-e', "require('fs').writeFileSync('/app/x', '')"];
    const refused = await once(runReadOnly({ ...place, command: touch }), 'exit');
    assert.notEqual(refused[0], 0, 'the root could be written');

    const call = { request_id: 'i-1', tenant_id: 'image', route: 'r', model: 'm', timestamp: new Date().toISOString() };
    const headers = { 'Content-Type': 'application/json' };
    const posted = await fetch(`${ingestion}/v1/llm/request`, { method: 'POST', headers, body: JSON.stringify(call) });
    assert.equal(posted.status, 202, await posted.text());
    await until(async () => {
      const answer = await fetch(`${metrics}/v1/metrics?tenant_id=image`);
      const { metrics: rows = [] } = (await answer.json()) as { metrics?: { requests: number }[] };
      return rows[0]?.requests === 1;
    }, output);

    const [, ...health] = config.Healthcheck.Test;
    const [healthy] = (await once(runReadOnly({ ...place, command: health }), 'exit')) as [number];
    assert.equal(healthy, 0);
    const exited = once(container, 'exit');
    process.kill(processIdInside(container), 'SIGTERM');
    assert.deepEqual(await exited, [0, null], output());
    assert.ok(readdirSync(dataDir).includes('events.sqlite'));
  });

  test('has the native library of the machine that it is for, whatever machine builds it', async () => {
    const native = join('app/node_modules/@node-rs');
    assert.ok(readdirSync(join(root, native)).includes(`crc32-linux-${process.arch}-gnu`));
    const other = HOST_ARCH === 'amd64' ? 'arm64' : 'amd64';
    await buildah.build('libraries', { arch: other, stage: 'libraries' });
    const there = readdirSync(join(await buildah.mount('libraries'), native));
    assert.deepEqual(there.sort(), ['crc32', `crc32-linux-${other === 'amd64' ? 'x64' : other}-gnu`]);
  });
});

function whyNot(): string | false {
  if (process.platform !== 'linux') return skipFor('the image is built on Linux');
  if (process.getuid?.() !== 0) return skipFor('chroot isolation needs root');
  if (spawnSync('buildah', ['--version']).status !== 0) return skipFor('there is no `buildah`');
  return false;
}

function outputOf(child: ChildProcess): () => string {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (output += String(text)));
  return () => output;
}

async function until(holds: () => Promise<boolean>, output: () => string): Promise<void> {
  const giveUpAtMs = Date.now() + PATIENCE_MS;
  while (Date.now() < giveUpAtMs) {
    if (await holds().catch(() => false)) return;
    await sleep(50);
  }
  throw new Error(`It did not come about:\n${output()}`);
}
