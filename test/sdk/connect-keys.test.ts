import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { newKey } from '../end-to-end/new-key.ts';
import { dataDirFor, type Server, serverFor } from '../end-to-end/running-server.ts';
import { type DocumentedApp, installFor, runDocumentedApp } from './documented-apps.ts';
import { onlyRowOf } from './documented-row.ts';
import { startFakeModelServer } from './fake-model-server.ts';
import { skipWithoutSdks } from './sdk-apps.ts';

/** How the page says that each takes a key. */
const APPS: readonly (DocumentedApp & {
  readonly sdk: string;
  readonly keyAs: (key: string) => Record<string, string>;
})[] = [
  {
    sdk: "OpenTelemetry's own instrumentation for Python",
    heading: "Python / OpenTelemetry's own instrumentation of OpenAI",
    file: 'python/connect/openai_v2.py',
    packages: 'openai-v2',
    keyAs: (key) => ({ OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer%20${key}` }),
  },
  {
    sdk: 'Langfuse',
    heading: 'Python / Langfuse',
    file: 'python/connect/langfuse.py',
    packages: 'shared',
    keyAs: (key) => ({ LANGFUSE_SECRET_KEY: key }),
  },
  {
    sdk: "OpenTelemetry's own instrumentation for Node.js",
    heading: "Node.js / OpenTelemetry's own instrumentation of OpenAI",
    file: 'node/connect/opentelemetry.mjs',
    keyAs: (key) => ({ OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${key}` }),
  },
];

suite('with API keys on, what docs/connect.md says to set', { skip: skipWithoutSdks(), concurrency: false }, () => {
  for (const { sdk, keyAs, ...app } of APPS) {
    test(`lets ${sdk} in, and the key decides the tenant`, async (t) => {
      await installFor(app);
      const { server, key, reader } = await serverWithKeys(t);
      const model = await startFakeModelServer();
      t.after(() => model.stop());
      await runDocumentedApp(app, { modelUrl: model.url, streamLensUrl: server.ingestion, env: keyAs(key) });
      const { row, audited } = await onlyRowOf(server.metrics, { tenant: 'acme', calls: 2, key: reader });
      assert.deepEqual([model.truth.answered, audited, row.requests, row.completed], [2, 2, 2, 2]);
    });
  }
});

async function serverWithKeys(t: TestContext): Promise<{ server: Server; key: string; reader: string }> {
  const dataDir = dataDirFor(t);
  const key = await newKey(dataDir, '--tenant', 'acme');
  const reader = await newKey(dataDir, '--all-tenants');
  const server = await serverFor(t, { API_KEYS: 'required' }, { dataDir });
  return { server, key: key.text, reader: reader.text };
}
