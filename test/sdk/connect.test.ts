import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { freePorts } from '../../scripts/services/free-ports.ts';
import { serverFor } from '../end-to-end/running-server.ts';
import { sdkHeadings } from './connect-blocks.ts';
import { type DocumentedApp, installFor, packagesMissing, runDocumentedApp } from './documented-apps.ts';
import { onlyRowOf, type Row } from './documented-row.ts';
import { CACHED_TOKENS, COMPLETION_TOKENS, PROMPT_TOKENS } from './fake-answers.ts';
import { startFakeModelServer } from './fake-model-server.ts';
import { skipWithoutSdks } from './sdk-apps.ts';

/** USD per million tokens: input, cached input, output. */
const PRICES = {
  'gpt-4o-mini': [0.15, 0.075, 0.6],
  'gpt-4o-mini-2024-07-18': [0.15, 0.075, 0.6],
  'claude-haiku-4-5': [1, 0.1, 5],
} as const;

/** What the page promises for an SDK, and what its application does. */
interface Promised extends DocumentedApp {
  readonly sdk: string;
  readonly tenant: string;
  readonly route: string;
  readonly model: keyof typeof PRICES;
  readonly calls: number;
  /** How many of the calls report their cached tokens. */
  readonly callsWithCached: number;
  readonly env?: () => Promise<Record<string, string>>;
}

/** The chapter whose block names the tenant of a whole process, for SDKs that have no way of their own. */
const WHOLE_PROCESS = 'Tenant, route, user';

/** What stands beside the block in the configuration of LiteLLM's proxy. */
const PROXY_MODELS = `
model_list:
  - model_name: gpt-4o-mini
    litellm_params: { model: openai/gpt-4o-mini, api_base: os.environ/OPENAI_BASE_URL, api_key: none }
`;

const ACME = { tenant: 'acme', route: 'checkout', model: 'gpt-4o-mini', calls: 2, callsWithCached: 2 } as const;

/** OpenLLMetry and OpenTelemetry's instrumentation for Node.js report no cached tokens. */
const NODE: readonly Promised[] = [
  {
    ...ACME,
    sdk: 'OpenLLMetry for Node.js',
    heading: 'Node.js / OpenLLMetry (Traceloop)',
    file: 'node/connect/traceloop.mjs',
    calls: 1,
    callsWithCached: 0,
  },
  {
    ...ACME,
    sdk: "OpenTelemetry's own instrumentation for Node.js",
    heading: "Node.js / OpenTelemetry's own instrumentation of OpenAI",
    afterHeading: WHOLE_PROCESS,
    file: 'node/connect/opentelemetry.mjs',
    callsWithCached: 0,
  },
  {
    ...ACME,
    sdk: 'OpenInference for Node.js',
    heading: 'Node.js / OpenInference',
    afterHeading: WHOLE_PROCESS,
    file: 'node/connect/openinference.mjs',
    calls: 1,
    callsWithCached: 1,
  },
  {
    ...ACME,
    sdk: 'the Vercel AI SDK 7',
    heading: 'Node.js / Vercel AI SDK 7',
    afterHeading: WHOLE_PROCESS,
    file: 'node/connect/ai-sdk-7.mjs',
    route: 'support-answer',
  },
  {
    ...ACME,
    sdk: 'the Vercel AI SDK 4',
    heading: 'Node.js / Vercel AI SDK 4 to 6',
    file: 'node-ai-4/connect/ai-sdk-4.mjs',
    route: 'support-answer',
    calls: 1,
    // It knows cached tokens only as the provider's metadata.
    callsWithCached: 1,
  },
  {
    ...ACME,
    sdk: 'the Vercel AI SDK 6',
    heading: 'Node.js / Vercel AI SDK 4 to 6',
    file: 'node-ai-6/connect/ai-sdk-6.mjs',
    route: 'support-answer',
    calls: 1,
    callsWithCached: 1,
  },
  {
    ...ACME,
    sdk: 'the Vercel AI SDK 5',
    heading: 'Node.js / Vercel AI SDK 4 to 6',
    file: 'node-ai-5/connect/ai-sdk-5.mjs',
    route: 'support-answer',
    calls: 1,
    // It reports the cached tokens of streams only.
    callsWithCached: 0,
  },
];

const PROMISED: readonly Promised[] = [
  {
    ...ACME,
    sdk: 'OpenLLMetry for Python',
    heading: 'Python / OpenLLMetry (Traceloop)',
    file: 'python/connect/traceloop.py',
    packages: 'traceloop',
  },
  {
    ...ACME,
    sdk: "OpenTelemetry's own instrumentation for Python",
    heading: "Python / OpenTelemetry's own instrumentation of OpenAI",
    afterHeading: WHOLE_PROCESS,
    file: 'python/connect/openai_v2.py',
    packages: 'openai-v2',
    callsWithCached: 0,
  },
  {
    ...ACME,
    sdk: 'the Anthropic SDK for Python',
    heading: 'Python / Anthropic SDK',
    afterHeading: WHOLE_PROCESS,
    file: 'python/connect/anthropic.py',
    packages: 'shared',
    model: 'claude-haiku-4-5',
  },
  {
    ...ACME,
    sdk: 'OpenInference for Python',
    heading: 'Python / OpenInference (Phoenix)',
    afterHeading: 'Python / Anthropic SDK',
    file: 'python/connect/openinference.py',
    packages: 'shared',
    route: 'default',
  },
  {
    ...ACME,
    sdk: 'OpenLIT',
    heading: 'Python / OpenLIT',
    afterHeading: WHOLE_PROCESS,
    file: 'python/connect/openlit.py',
    packages: 'openlit',
    callsWithCached: 1,
  },
  {
    ...ACME,
    sdk: 'LiteLLM',
    heading: 'Python / LiteLLM',
    afterHeading: WHOLE_PROCESS,
    file: 'python/connect/litellm.py',
    packages: 'litellm',
  },
  {
    ...ACME,
    sdk: "LiteLLM's proxy",
    heading: 'Python / LiteLLM proxy',
    afterHeading: WHOLE_PROCESS,
    file: 'python/connect/litellm_proxy.py',
    packages: 'litellm-proxy',
    // The path that it serves.
    route: '/v1/chat/completions',
    config: PROXY_MODELS,
    env: async () => ({ LITELLM_MASTER_KEY: `sk-${'test'.repeat(8)}`, PROXY_PORT: String((await freePorts(1))[0]) }),
  },
  {
    ...ACME,
    sdk: 'LangChain',
    heading: 'Python / LangChain',
    file: 'python/connect/langchain.py',
    packages: 'langchain',
  },
  {
    ...ACME,
    sdk: 'Pydantic AI',
    heading: 'Python / Pydantic AI',
    afterHeading: 'Python / Anthropic SDK',
    file: 'python/connect/pydantic_ai.py',
    packages: 'shared',
    route: 'support_agent',
    calls: 1,
    callsWithCached: 1,
  },
  {
    ...ACME,
    sdk: 'Logfire',
    heading: 'Python / Logfire',
    file: 'python/connect/logfire.py',
    packages: 'shared',
  },
  {
    ...ACME,
    sdk: 'Langfuse',
    heading: 'Python / Langfuse',
    afterHeading: WHOLE_PROCESS,
    file: 'python/connect/langfuse.py',
    packages: 'shared',
    // It reports the model that answered only, not the one that was asked.
    model: 'gpt-4o-mini-2024-07-18',
  },
  ...NODE,
];

suite('the blocks of docs/connect.md, pasted into an application', {
  skip: skipWithoutSdks(),
  concurrency: false,
}, () => {
  for (const promised of PROMISED) {
    test(`${promised.sdk}: each call counts once, with its tokens and cost, where the page says`, async (t) => {
      await installFor(promised);
      assert.deepEqual(packagesMissing(promised), []);
      const { row, audited, answered } = await rowAfter(t, promised);
      const { calls, callsWithCached } = promised;
      assert.deepEqual([answered, audited], [calls, calls], 'calls that were made, calls that were counted');
      assert.deepEqual(
        [
          row.model,
          row.route,
          row.requests,
          row.completed,
          row.errors,
          row.prompt_tokens,
          row.cached_prompt_tokens,
          row.completion_tokens,
        ],
        [
          promised.model,
          promised.route,
          calls,
          calls,
          0,
          calls * PROMPT_TOKENS,
          callsWithCached * CACHED_TOKENS,
          calls * COMPLETION_TOKENS,
        ],
      );
      const cost = row.estimated_cost_usd ?? Number.NaN;
      assert.ok(Math.abs(cost - costUsd(promised)) < 1e-12, `${cost} USD instead of ${costUsd(promised)}`);
    });
  }
});

test('every SDK of docs/connect.md is tried', () => {
  const tried = [...new Set(PROMISED.map(({ heading }) => heading))];
  assert.deepEqual(tried.toSorted(), sdkHeadings().toSorted());
});

/** Runs the application against servers of its own, and reads the one row that its calls must have made. */
async function rowAfter(t: TestContext, promised: Promised): Promise<{ row: Row; audited: number; answered: number }> {
  const [server, model] = await Promise.all([serverFor(t), startFakeModelServer()]);
  t.after(() => model.stop());
  const env = promised.env === undefined ? {} : { env: await promised.env() };
  await runDocumentedApp(promised, { modelUrl: model.url, streamLensUrl: server.ingestion, ...env });
  return { ...(await onlyRowOf(server.metrics, promised)), answered: model.truth.answered };
}

function costUsd({ model, calls, callsWithCached }: Promised): number {
  const [input, cached, output] = PRICES[model];
  const cachedTokens = callsWithCached * CACHED_TOKENS;
  return (
    ((calls * PROMPT_TOKENS - cachedTokens) * input + cachedTokens * cached + calls * COMPLETION_TOKENS * output) / 1e6
  );
}
