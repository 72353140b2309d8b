import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ChildProgram } from '../../bench/setup/child-program.ts';
import { buildCollector } from '../../bench/setup/collector.ts';
import { freePorts } from '../../scripts/services/free-ports.ts';
import { eventually } from '../end-to-end/http-calls.ts';
import { serverFor } from '../end-to-end/running-server.ts';
import { blocksOf } from './connect-blocks.ts';
import { installFor, runDocumentedApp } from './documented-apps.ts';
import { onlyRowOf } from './documented-row.ts';
import { startFakeModelServer } from './fake-model-server.ts';
import { skipWithoutSdks } from './sdk-apps.ts';

const APP = {
  heading: "Node.js / OpenTelemetry's own instrumentation of OpenAI",
  afterHeading: 'Tenant, route, user',
  file: 'node/connect/opentelemetry.mjs',
};

const hasGo = spawnSync('go', ['version']).status === 0;

test('through a Collector with the block of docs/connect.md each call counts once', {
  skip: skipWithoutSdks() || (hasGo ? false : 'the Collector is built with Go, which is not installed'),
}, async (t) => {
  await installFor(APP);
  const [server, model] = await Promise.all([serverFor(t), startFakeModelServer()]);
  t.after(() => model.stop());
  const collectorUrl = await startCollector(t, server.ingestion);
  await runDocumentedApp(APP, { modelUrl: model.url, streamLensUrl: collectorUrl });
  const { row, audited } = await onlyRowOf(server.metrics, { tenant: 'acme', calls: 2 });
  assert.deepEqual([model.truth.answered, audited, row.route, row.requests, row.completed], [2, 2, 'checkout', 2, 2]);
});

/** The block, and beside it the receiver that it names. @returns where applications send to */
async function startCollector(t: TestContext, streamLensUrl: string): Promise<string> {
  const [port = 0] = await freePorts(1);
  const directory = mkdtempSync(join(tmpdir(), 'streamlens-connect-collector-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const block = blocksOf('An OpenTelemetry Collector in between').config;
  const receiver = `receivers: { otlp: { protocols: { http: { endpoint: '127.0.0.1:${port}' } } } }`;
  // Its own metrics would take a port that another Collector of this machine may have.
  const quiet = 'service: { telemetry: { metrics: { level: none } } }';
  const files = [block.replace('http://localhost:8080', streamLensUrl), receiver, quiet].map((text, i) => {
    const file = join(directory, `${i}.yaml`);
    writeFileSync(file, text);
    return file;
  });
  const options = files.flatMap((file) => ['--config', `file:${file}`]);
  const collector = await ChildProgram.start({ program: await buildCollector(), options });
  t.after(() => collector.stop());
  const url = `http://127.0.0.1:${port}`;
  // A GET is refused once it listens.
  await eventually('the Collector listens', () =>
    fetch(`${url}/v1/traces`).then(
      () => true,
      () => undefined,
    ),
  );
  return url;
}
