import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { getJson } from './http-calls.ts';
import { dataDirFor, runCommand, type Server, serverFor } from './running-server.ts';
import { until } from './until.ts';

/** Files in the forms that gateways document, with values of our own, under the names that docs/connect.md uses. */
const FIXTURES = fileURLToPath(new URL('../fixtures/exports/', import.meta.url));
const PAGE = fileURLToPath(new URL('../../docs/connect.md', import.meta.url));

const CALL_FIELDS = [
  'request_id',
  'model',
  'status',
  'latency_ms',
  'prompt_tokens',
  'cached_prompt_tokens',
  'completion_tokens',
  'user_id_hash',
  'session_id',
] as const;
type Call = Readonly<Record<(typeof CALL_FIELDS)[number], unknown>>;

/** By command of the page: the calls, oldest first. */
const PROMISED: Readonly<Record<string, readonly (readonly unknown[])[]>> = {
  'import litellm spend-logs.json': [
    ['litellm-chatcmpl-spend-1', 'gpt-4o-mini', 'completed', 2500, 300, 128, 50, 'customer-9', 's-1'],
    ['litellm-spend-2', 'gpt-4o-mini', 'error', 400, 0, 0, 0, 'customer-9', 's-1'],
  ],
  'import envoy-ai-gateway access.log': [
    ['envoy-ai-gateway-envoy-1', 'gpt-4o-mini', 'completed', 1526, 15, 0, 7, null, null],
    ['envoy-ai-gateway-envoy-3', 'gpt-4o-mini', 'completed', 1526, 15, 0, 7, null, 's-envoy'],
  ],
  'import bedrock AWSLogs/123456789012/BedrockModelInvocationLogs/': [
    [
      'bedrock-bedrock-1',
      'anthropic.claude-3-5-sonnet-20241022-v2:0',
      'completed',
      302,
      1004,
      900,
      38,
      'u-bedrock',
      's-bedrock',
    ],
  ],
  'import openrouter activity.csv': [
    ['openrouter-gen-1763546400-a1', 'openai/gpt-4o-mini', 'completed', 1800, 1000, 600, 50, 'u-openrouter', null],
  ],
  'import langfuse observations_v2/': [
    ['langfuse-obs-1', 'gpt-4o-mini', 'completed', 1500, 1000, 600, 50, 'u-langfuse', 's-langfuse'],
  ],
  'import file portkey.jsonl --mapping portkey.json': [
    ['file-portkey-1', 'gpt-4o-mini', 'completed', 1200, 100, 0, 50, null, null],
    ['file-portkey-2', 'gpt-4o-mini', 'error', 80, 0, 0, 0, null, null],
  ],
  'import file helicone.jsonl --mapping helicone.json': [
    ['file-helicone-1', 'gpt-4o-mini', 'completed', 1200, 100, 0, 50, 'u-helicone', 's-helicone'],
  ],
  'import file kong.log --mapping kong.json': [
    ['file-kong-1', 'gpt-4o-mini', 'completed', 1200, 100, 0, 50, 'u-kong', null],
    ['file-kong-2', 'gpt-4o-mini', 'completed', 1200, 28, 0, 20, 'u-kong', null],
  ],
  'import file cloudflare-logs.json --mapping cloudflare.json': [
    ['file-cloudflare-1', 'gpt-4o-mini', 'completed', 1200, 100, 0, 50, 'u-cloudflare', 's-cloudflare'],
  ],
};

test('each import that docs/connect.md shows for a gateway, as it stands there, counts a file in the form that the gateway documents', async (t) => {
  const documented = documentedImports();
  assert.deepEqual(documented.map(({ command }) => command).toSorted(), Object.keys(PROMISED).toSorted());
  const server = await serverFor(t, { CALLS_RETENTION: '36500d', CALLS_PER_SECOND_MAX: '1000000' });
  const folder = dataDirFor(t);
  cpSync(FIXTURES, folder, { recursive: true });
  for (const { mapping } of documented) if (mapping !== null) writeFileSync(join(folder, mapping.name), mapping.text);
  for (const [place, { command }] of documented.entries()) {
    await t.test(command, async (each) => {
      const tenant = `gateway-${place}`;
      const paths = command.split(' ').map((word) => (existsSync(join(folder, word)) ? join(folder, word) : word));
      const urls = ['--base-url', server.ingestion, '--metrics-url', server.metrics];
      const run = runCommand([...paths, '--tenant', tenant, ...urls], { XDG_STATE_HOME: dataDirFor(each) });
      assert.equal((await run.exited).code, 0, run.output());
      const promised = PROMISED[command] ?? [];
      await until(async () => assert.deepEqual(await callsOf(server, tenant), promised));
    });
  }
});

async function callsOf({ metrics }: Server, tenant: string): Promise<readonly (readonly unknown[])[]> {
  const url = `${metrics}/v1/calls?tenant_id=${tenant}&from=2025-11-01T00:00:00Z&to=2025-12-01T00:00:00Z`;
  const { calls } = await getJson<{ calls: readonly Call[] }>(url);
  return calls.map((call) => CALL_FIELDS.map((field) => call[field])).toReversed();
}

interface DocumentedImport {
  /** What stands behind `streamlens`. */
  readonly command: string;
  /** The JSON above the command, under the name by which it asks for it. */
  readonly mapping: { readonly name: string; readonly text: string } | null;
}

/** The blocks of the chapter on gateways that are not marked `no-test`. @throws for a line that is no import */
function documentedImports(): readonly DocumentedImport[] {
  const chapter = /^## Gateways$(.*?)^## /ms.exec(readFileSync(PAGE, 'utf8'))?.[1] ?? '';
  const imports: DocumentedImport[] = [];
  for (const section of chapter.split(/^### /m)) {
    const json = /^```json\n(.*?)^```$/ms.exec(section)?.[1] ?? null;
    for (const [, text = ''] of section.matchAll(/^```sh\n(.*?)^```$/gms)) {
      const command = /^streamlens (import .+)\n$/.exec(text)?.[1];
      assert.ok(command !== undefined, `a test runs only imports, and not: ${text}`);
      const name = / --mapping (\S+)/.exec(command)?.[1] ?? null;
      assert.equal(name === null, json === null, `a mapping stands above the import that uses it: ${command}`);
      imports.push({ command, mapping: name === null || json === null ? null : { name, text: json } });
    }
  }
  return imports;
}
