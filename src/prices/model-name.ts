import { providerId } from './provider-name.ts';

/** A price list to look in and the name to look for. */
export interface ModelName {
  readonly providerId: string;
  readonly name: string;
}

/**
 * In lower case, without blanks and without Claude Code's word for the window, whose price the prompt's length decides;
 * from the path of a URL, where Bedrock's ARNs stand encoded, without its escapes.
 */
export function plainName(model: string): string {
  const name = model
    .trim()
    .toLowerCase()
    .replace(/\[1m\]$/, '');
  if (!name.includes('%')) return name;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/**
 * A model that somebody trained or reserved for themselves: `ft:gpt-4o-…`, Azure's `gpt-4o-….ft-…`, Vertex endpoints,
 * custom and provisioned models of Bedrock. Its name often holds the name of a public model, whose price it does not
 * have.
 */
export function isCustomModel(name: string): boolean {
  return CUSTOM_MODEL.test(name) || (name.startsWith('arn:') && !BEDROCK_ARN.test(name));
}

const CUSTOM_MODEL = /^ft:|[.:]ft-|^tunedmodels\/|\/endpoints\//;

/** A name that says itself who serves the model, e.g. `bedrock/…`, `accounts/fireworks/…`, `us.anthropic.claude-…`. */
export function routedName(name: string): ModelName | null {
  if (BEDROCK_ARN.test(name) || BEDROCK_ID.test(name)) return { providerId: 'aws', name };
  if (name.startsWith('accounts/fireworks/')) return { providerId: 'fireworks', name };
  if (name.startsWith('@cf/')) return { providerId: 'cloudflare', name };
  if (GOOGLE_PATH.test(name)) return { providerId: 'google', name };
  if (name.startsWith('ft:gpt-')) return { providerId: 'openai', name };
  if (name.startsWith('databricks-')) return { providerId: 'databricks', name };
  const slash = name.indexOf('/');
  if (slash <= 0) return null;
  const prefix = name.slice(0, slash);
  const rest = name.slice(slash + 1);
  if (!ROUTE_PREFIXES.has(prefix)) return null;
  // On other hosts `google/gemma-…` is an open model that Google does not bill.
  if (prefix === 'google' && !rest.startsWith('gemini')) return null;
  return { providerId: providerId(prefix), name: rest };
}

/**
 * The price list of a bare name that only one vendor or host has; the library itself knows those of the large vendors.
 */
export function soleOwner(name: string): string | null {
  return OWNERS.find(([, pattern]) => pattern.test(name))?.[0] ?? null;
}

const OWNERS: readonly (readonly [providerId: string, pattern: RegExp])[] = [
  ['openai', /^(?:chatgpt-|text-embedding-(?:3|ada)|omni-moderation|tts-1|dall-e-|computer-use-|codex-mini)/],
  ['perplexity', /^sonar(?:-|$)/],
  ['groq', /^llama.*-(?:versatile|instant)$/],
  ['cohere', /^(?:embed|rerank)-(?:english|multilingual|v\d)/],
];

/**
 * The spellings under which a provider's price list may hold a model, best first: as it came, without what names the
 * host, with `.` and `-` between version numbers exchanged, without the date of the snapshot.
 *
 * The date goes last: snapshots may have a price of their own. A fine-tuned model is looked for as it came only,
 * because each of these steps would end at the price of its base model.
 *
 * @param name lower case
 */
export function spellings(id: string, name: string): readonly string[] {
  if (isCustomModel(name)) return [name];
  const dated = withoutHost(id, name).flatMap((one) => [one, one.replace(COMPACT_DATE, '-$1-$2-$3')]);
  const punctuated = [...dated, ...dated.flatMap(punctuations)];
  const undated = punctuated.map((one) => one.replace(DATE_SUFFIX, ''));
  const named = [...punctuated, ...undated];
  return [...new Set([...named, ...named.map(inOrderOfClaude)])].filter((one) => one !== '');
}

function withoutHost(id: string, name: string): readonly string[] {
  const names = [name];
  const routed = routedName(name);
  const bare = routed?.providerId === id ? routed.name : name;
  if (bare !== name) names.push(bare);
  if (id === 'openrouter') names.push(bare.replace(OPENROUTER_CHOICE, '$1'));
  if (id === 'google') names.push(bare.replace(GOOGLE_PATH, ''), bare.replace(GOOGLE_PARTNER, '$1/'));
  if (id === 'aws') names.push(...bedrockNames(bare));
  if (id === 'fireworks' && !bare.includes('/')) names.push(`accounts/fireworks/models/${bare}`);
  if (id === 'anthropic' || id === 'google') names.push(...names.map((one) => one.replace(VERTEX_VERSION, '-$1')));
  return names;
}

/**
 * Bedrock's ids are `[geography.]vendor.model`. Instrumentations cut the vendor off, LiteLLM puts a route or a region
 * before, profiles and ARNs wrap them. `global.` stays: it is 10 % cheaper than what has no prefix.
 */
function bedrockNames(name: string): readonly string[] {
  const region = BEDROCK_ARN.exec(name)?.[1] ?? '';
  const id = name.replace(BEDROCK_ARN, '').replace(BEDROCK_ROUTE, '').replace(BEDROCK_WINDOW, '');
  const local = id.replace(BEDROCK_GEOGRAPHY, '');
  if (local.includes('.')) return region === '' ? [id, local] : [`${region}/${id}`, id, local];
  return [id, ...BEDROCK_VENDORS.map((vendor) => `${vendor}.${local}`)];
}

/** `claude-3.5` ↔ `claude-3-5`: only between single digits, so dates and sizes (`-8b`) stay as they are. */
function punctuations(name: string): readonly string[] {
  return [name.replaceAll(DOTTED_VERSION, '$1-$2'), name.replaceAll(DASHED_VERSION, '$1.$2')];
}

/** `claude-4.5-sonnet` is `claude-sonnet-4-5`, `claude-sonnet-3.5` is `claude-3-5-sonnet`: the order changed with 4. */
function inOrderOfClaude(name: string): string {
  return name
    .replace(/claude-([4-9](?:[-.]\d)?)-([a-z]+)/, 'claude-$2-$1')
    .replace(/claude-([a-z]+)-(3(?:[-.]\d)?)(?!\d)/, 'claude-$2-$1');
}

const DOTTED_VERSION = /(?<=[-a-z])(\d)\.(\d)(?![\da-z])/g;
const DASHED_VERSION = /(?<=[-a-z])(\d)-(\d)(?![\da-z])/g;

/** A date without dashes, which genai-prices takes as one with them. */
const COMPACT_DATE = /-(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/;
const DATE_SUFFIX = /[-@](?:20\d{2}-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01]))$/;
/** Vertex AI writes a version behind `@`. */
const VERTEX_VERSION = /@(\d+)$/;

/** `models/gemini-…`, `publishers/google/models/…`, `projects/…/locations/…/publishers/…/models/…`; no tuned models. */
const GOOGLE_PATH = /^(?:projects\/[^/]+\/locations\/[^/]+\/)?(?:publishers\/[^/]+\/)?models\//;

/** Chooses the fastest or cheapest host, of which all ask one price for what its maker does not give away. */
const OPENROUTER_CHOICE = /^((?:openai\/(?!gpt-oss)|anthropic\/|google\/gemini|x-ai\/)[^:]+):(?:nitro|floor|exacto)$/;
/** Other vendors' models, as `vendor/model` in LiteLLM's list. */
const GOOGLE_PARTNER = /^(?:projects\/[^/]+\/locations\/[^/]+\/)?publishers\/([^/]+)\/models\//;

const BEDROCK_VENDORS = ['amazon', 'anthropic', 'meta', 'mistral', 'cohere', 'deepseek', 'openai', 'qwen'];
const BEDROCK_ID =
  /^(?:(?:us|us-gov|eu|apac|ap|au|ca|in|jp|sa|global)\.)?(?:amazon|anthropic|meta|mistral|cohere|deepseek|openai|qwen|ai21|writer|nvidia|google)\.[a-z][^/]*$/;
const BEDROCK_GEOGRAPHY = /^(?:us|us-gov|eu|apac|ap|au|ca|in|jp|sa)\./;
/** Only what names a public model; a provisioned or custom model has a price of its own. */
const BEDROCK_ARN = /^arn:aws[a-z-]*:bedrock:([^:]*):[^:]*:(?:foundation-model|inference-profile)\//;
const BEDROCK_ROUTE = /^(?:(?:converse|converse_like|invoke)\/)?(?:[a-z]{2}(?:-[a-z]+)+-\d\/)?/;

/** Titles of variants that differ in what they take, not in what it costs. */
const BEDROCK_WINDOW = /:\d+k$/;

/** Prefixes by which LiteLLM writes routes, and vendors whose models nobody else may host at another price. */
const ROUTE_PREFIXES: ReadonlySet<string> = new Set([
  'anthropic',
  'azure',
  'azure_ai',
  'bedrock',
  'cerebras',
  'cohere',
  'cohere_chat',
  'dashscope',
  'databricks',
  'deepinfra',
  'deepseek',
  'fireworks_ai',
  'gemini',
  'github_copilot',
  'google',
  'groq',
  'hyperbolic',
  'lambda_ai',
  'mistral',
  'moonshot',
  'nebius',
  'nscale',
  'oci',
  'openai',
  'openrouter',
  'perplexity',
  'sambanova',
  'snowflake',
  'together_ai',
  'vertex_ai',
  'volcengine',
  'voyage',
  'watsonx',
  'x-ai',
  'xai',
]);
