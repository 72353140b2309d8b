import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ingestionOpenApi } from '../src/ingestion-api/openapi.ts';
import { metricsOpenApi } from '../src/metrics-api/openapi.ts';

const SOURCES = join(import.meta.dirname, '../src');

/** A path of ours as a text of its own, with its parameters as Fastify writes them. */
const PATH = /'(\/(?:v1|metrics|health|ready|docs|openapi)\b[\w/:.-]*\b)'/g;

function pathsOf(document: object): readonly string[] {
  return Object.keys((document as { readonly paths: object }).paths);
}

test('each path that a server answers stands in an OpenAPI document', () => {
  const files = globSync('{api-keys,http,ingestion-api,metrics-api}/**/*.ts', { cwd: SOURCES }).filter(
    (file) => !/\.(test|contract)\.ts$/.test(file) && !file.endsWith('openapi.ts'),
  );
  const written = files.flatMap((file) =>
    Array.from(readFileSync(join(SOURCES, file), 'utf8').matchAll(PATH), ([, path = '']) =>
      path.replaceAll(/:\w+/g, '{}'),
    ),
  );
  const documents = [ingestionOpenApi('1'), metricsOpenApi('1')];
  const documented = new Set(documents.flatMap(pathsOf).map((path) => path.replaceAll(/{\w+}/g, '{}')));
  assert.ok(written.length > 20, 'the paths are found');
  assert.deepEqual(
    [...new Set(written)].filter((path) => !documented.has(path)),
    [],
  );
});
