import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { serverFor } from '../end-to-end/running-server.ts';
import { binOf, installPython } from './python-environments.ts';
import { installNodeApps, skipWithoutSdks } from './sdk-apps.ts';

const run = promisify(execFile);
const NODE_APP = fileURLToPath(new URL('apps/openapi-clients', import.meta.url));
const PYTHON_APP = fileURLToPath(new URL('apps/python/openapi_client.py', import.meta.url));
const bin = (name: string): string => `${NODE_APP}/node_modules/.bin/${name}`;

test('clients that are generated from the OpenAPI documents work against the program', {
  skip: skipWithoutSdks(),
  timeout: 15 * 60_000,
}, async (t) => {
  const server = await serverFor(t);
  await installNodeApps('openapi-clients');
  const generated = `${NODE_APP}/generated`;
  mkdirSync(generated, { recursive: true });
  t.after(() => rmSync(generated, { recursive: true, force: true }));
  for (const [name, url] of [
    ['ingestion', server.ingestion],
    ['metrics', server.metrics],
  ] as const) {
    writeFileSync(`${generated}/${name}.json`, await (await fetch(`${url}/openapi.json`)).text());
    // Signing in at a provider answers with redirects alone, which one of its rules does not expect of an API.
    const rules = ['--skip-rule', 'operation-2xx-response'];
    const linted = await run(bin('redocly'), ['lint', `${generated}/${name}.json`, ...rules], { cwd: generated });
    assert.doesNotMatch(linted.stderr, /[1-9]\d* (error|warning)/, `${name}: ${linted.stderr}`);
    await run(bin('openapi-typescript'), [`${generated}/${name}.json`, '-o', `${generated}/${name}.ts`]);
  }
  // Not a source of this project until its imports are there.
  copyFileSync(`${NODE_APP}/client.ts.txt`, `${generated}/client.ts`);
  const strict = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--allowImportingTsExtensions'];
  await run(bin('tsc'), [...strict, '--types', 'node', 'client.ts'], { cwd: generated });
  const { stdout } = await run(process.execPath, ['client.ts', server.ingestion, server.metrics], { cwd: generated });
  assert.deepEqual(JSON.parse(stdout), { requests: 1, tokens: 3 });

  await installPython('openapi-client');
  const folder = mkdtempSync(join(tmpdir(), 'streamlens-client-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const target = ['--output-path', `${folder}/metrics_client`, '--meta', 'none'];
  await run(`${binOf('openapi-client')}/openapi-python-client`, [
    'generate',
    '--path',
    `${generated}/metrics.json`,
    ...target,
  ]);
  const asked = await run(`${binOf('openapi-client')}/python`, [PYTHON_APP, folder, server.metrics]);
  assert.equal(asked.stdout.trim(), '1 3');
});
