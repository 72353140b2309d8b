/**
 * Writes `src/prices/tier-prices.json` from LiteLLM's list of prices, which knows what providers charge for their service
 * tiers and genai-prices does not:
 *
 *     node scripts/write-tier-prices.ts model_prices_and_context_window_backup.json 1.110.2
 *
 * The file is in the Python package `litellm` (MIT). What is kept are factors between a tier's price and the standard one of
 * the same list, so that they hold for a price that genai-prices knows better or later.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { LITELLM_PROVIDERS } from './litellm-providers.ts';

const [file = '', version = ''] = process.argv.slice(2);
const list = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, unknown>>;

const TIERS = { flex: '_flex', batch: '_batches', priority: '_priority' };

const PARTS = {
  input: 'input_cost_per_token',
  cacheRead: 'cache_read_input_token_cost',
  cacheWrite: 'cache_creation_input_token_cost',
  inputAudio: 'input_cost_per_audio_token',
  cacheReadAudio: 'cache_read_input_audio_token_cost',
  inputImage: 'input_cost_per_image_token',
  output: 'output_cost_per_token',
  outputAudio: 'output_cost_per_audio_token',
  outputImage: 'output_cost_per_image_token',
};

/** A price per token, or none. */
function priceIn(model: Record<string, unknown>, key: string): number | null {
  const price = model[key];
  return typeof price === 'number' && price > 0 ? price : null;
}

/** Claude's fast mode costs a multiple of all parts. Opus 4.6 is off this list, and was 6 times on Anthropic's page. */
function fastFactor(name: string, model: Record<string, unknown>): number | null {
  if (model['litellm_provider'] !== 'anthropic') return null;
  const { fast } = (model['provider_specific_entry'] ?? {}) as { fast?: unknown };
  if (name.startsWith('claude-opus-4-6')) return 6;
  return typeof fast === 'number' ? fast : null;
}

function factorsOf(name: string, model: Record<string, unknown>, suffix: string): string | null {
  const fast = suffix === TIERS.priority ? fastFactor(name, model) : null;
  if (fast !== null) return JSON.stringify({ input: fast, cacheRead: fast, cacheWrite: fast, output: fast });
  const factors = Object.entries(PARTS).flatMap(([part, key]) => {
    const [tier, standard] = [priceIn(model, key + suffix), priceIn(model, key)];
    return tier === null || standard === null ? [] : [[part, Number((tier / standard).toFixed(9))] as const];
  });
  return factors.some(([part]) => part === 'input') ? JSON.stringify(Object.fromEntries(factors)) : null;
}

/** Without what names the host; null for the prices of a region, which genai-prices does not tell apart. */
function bareName(name: string): string | null {
  if (/^(?:azure\/(?:eu|us|global)|bedrock)\//.test(name)) return null;
  return name
    .replace(/^(?:azure|azure_ai|gemini|vertex_ai|xai|mistral|fireworks_ai|groq|databricks)\//, '')
    .toLowerCase();
}

const undated = (name: string): string => name.replace(/[-@](?:20\d{6}|20\d\d-\d\d-\d\d|default)$/, '');
const local = (name: string): string => name.replace(/^(?:us|eu|apac|au|jp|ca|us-gov)\./, '');

const groups = new Map<string, Set<string>>();
for (const [tier, suffix] of Object.entries(TIERS)) {
  const known = new Map<string, string>();
  const models = Object.entries(LITELLM_PROVIDERS).flatMap(([theirs, ours]) =>
    Object.entries(list).flatMap(([name, model]) => {
      const factors = model['litellm_provider'] === theirs ? factorsOf(name, model, suffix) : null;
      const bare = bareName(name);
      return factors === null || bare === null ? [] : [{ provider: ours, name: bare, factors }];
    }),
  );
  // Short names first: a dated or regional one is kept where its factors are its own.
  for (const { provider, name, factors } of models.sort((a, b) => a.name.length - b.name.length)) {
    const names = [name, undated(name), local(name), undated(local(name))].map((one) => `${provider} ${one}`);
    if (names.some((one) => known.get(one) === factors) || known.has(`${provider} ${name}`)) continue;
    known.set(`${provider} ${name}`, factors);
    const group = `{"provider":"${provider}","tier":"${tier}","factors":${factors}}`;
    groups.set(group, (groups.get(group) ?? new Set()).add(name));
  }
}

/**
 * What a provider's page says of all its models: https://platform.claude.com/docs/en/about-claude/pricing,
 * https://console.groq.com/docs/batch and /flex-processing, https://docs.mistral.ai/capabilities/batch.
 */
const OF_ALL_MODELS: readonly (readonly [provider: string, tier: string, factor: number])[] = [
  ['anthropic', 'batch', 0.5],
  ['groq', 'batch', 0.5],
  ['groq', 'flex', 1],
  ['mistral', 'batch', 0.5],
];
for (const [provider, tier, factor] of OF_ALL_MODELS) {
  const factors = { input: factor, cacheRead: factor, cacheWrite: factor, output: factor };
  groups.set(JSON.stringify({ provider, tier, factors }), new Set(['*']));
}

const rows = [...groups].map(
  ([group, names]) => `${group.slice(0, -1)},"models":${JSON.stringify([...names].sort())}}`,
);
writeFileSync(
  'src/prices/tier-prices.json',
  `{
"source": "litellm ${version}",
"date": "${new Date().toISOString().slice(0, 10)}",
"tiers": [
${rows.sort().join(',\n')}
]
}
`,
);
