/** Beginnings of provider names as SDKs write them, and the name of the OTel enumeration. The first match wins. */
const PROVIDER_PREFIXES: readonly (readonly [prefix: string, provider: string])[] = [
  // LangChain4j writes the names of its enumeration.
  ['open_ai', 'openai'],
  ['google.vertex', 'gcp.vertex_ai'],
  ['google-vertex', 'gcp.vertex_ai'],
  ['google_vertex', 'gcp.vertex_ai'],
  ['google_anthropic_vertex', 'gcp.vertex_ai'],
  ['googlevertex', 'gcp.vertex_ai'],
  ['vertex', 'gcp.vertex_ai'],
  // Envoy's AI gateway, of Claude.
  ['gcp.anthropic', 'gcp.vertex_ai'],
  ['google.generative-ai', 'gcp.gemini'],
  ['google', 'gcp.gemini'],
  ['gemini', 'gcp.gemini'],
  ['genai', 'gcp.gemini'],
  ['amazon', 'aws.bedrock'],
  ['bedrock', 'aws.bedrock'],
  ['aws', 'aws.bedrock'],
  ['azure-openai', 'azure.ai.openai'],
  ['az.ai.openai', 'azure.ai.openai'],
  ['azure.ai.openai', 'azure.ai.openai'],
  ['azure.openai', 'azure.ai.openai'],
  ['azure_openai', 'azure.ai.openai'],
  ['azure_open_ai', 'azure.ai.openai'],
  ['azureopenai', 'azure.ai.openai'],
  ['az.ai.', 'azure.ai.inference'],
  ['azure', 'azure.ai.inference'],
  ['microsoft_foundry', 'azure.ai.inference'],
  ['microsoft.foundry', 'azure.ai.inference'],
  ['mistral', 'mistral_ai'],
  ['xai', 'x_ai'],
  ['x_ai', 'x_ai'],
  ['moonshot', 'moonshot_ai'],
  ['watsonx', 'ibm.watsonx.ai'],
];

/** Whose API a host serves, for SDKs that give its address as the provider (LiveKit). The first match wins. */
const PROVIDER_HOSTS: readonly (readonly [host: RegExp, provider: string])[] = [
  [/\.openai\.azure\.com$/, 'azure.ai.openai'],
  [/\.(?:services\.ai|cognitiveservices)\.azure\.com$/, 'azure.ai.inference'],
  [/(?:^|\.)openai\.com$/, 'openai'],
  [/(?:^|\.)anthropic\.com$/, 'anthropic'],
  [/^generativelanguage\.googleapis\.com$/, 'gcp.gemini'],
  [/aiplatform\.googleapis\.com$/, 'gcp.vertex_ai'],
  [/^bedrock.*\.amazonaws\.com$/, 'aws.bedrock'],
  [/(?:^|\.)x\.ai$/, 'x_ai'],
  [/(?:^|\.)mistral\.ai$/, 'mistral_ai'],
  [/(?:^|\.)moonshot\.(?:ai|cn)$/, 'moonshot_ai'],
  [/(?:^|\.)(groq|deepseek|cohere)\.com$/, '$1'],
  [/(?:^|\.)(fireworks|cerebras|perplexity|openrouter)\.ai$/, '$1'],
  [/(?:^|\.)(together)\.(?:ai|xyz)$/, '$1'],
];

/**
 * Frameworks that write their own name in the provider's place. It says nothing of who answers and bills; the model's
 * name may.
 */
const FRAMEWORK =
  /^(?:strands|gcp\.vertex\.agent|langchain|langgraph|llama[_-]?index|haystack|crew[_-]?ai|autogen|ag2|semantic[_-]?kernel|microsoft[._-]?agent|agent[_-]?framework|smolagents|pydantic[_-]?ai|dspy|agno|mastra|google[_-]?adk|openai[_-]agents|spring[_-]?ai|beeai|livekit|pipecat|letta|camel|genkit|not[ _]available|unknown|none|other$)/;

/** Names of the enumeration that contain a dot; any other name ends before its first dot (`openai.chat`). */
const DOTTED_PREFIXES = ['gcp.', 'ibm.'];

/** Dify names a provider behind the author and the name of its plugin, `langgenius/azure_openai/azure_openai`. */
const OF_DIFY = /^[\w-]+\/[\w-]+\/(?=[\w-]+$)/;

/** Names as they should be, which most are. */
const USUAL = new Set([
  'openai',
  'anthropic',
  'aws.bedrock',
  'azure.ai.openai',
  'gcp.gemini',
  'gcp.vertex_ai',
  'cohere',
]);

/**
 * The provider by its name in OTel's enumeration, e.g. `openai.chat` → `openai`, `xai` → `x_ai`. Unknown names stay, in
 * lower case: a self-hosted provider is as good as any. Null where none is named.
 */
export function normalizeProvider(name: string | null): string | null {
  if (name !== null && USUAL.has(name)) return name;
  const lower = (name?.trim().toLowerCase() ?? '').replace(OF_DIFY, '');
  if (lower === '' || FRAMEWORK.test(lower)) return null;
  const ofHost = providerOfHost(lower);
  if (ofHost !== null) return ofHost;
  for (const [prefix, provider] of PROVIDER_PREFIXES) {
    if (lower.startsWith(prefix)) return provider;
  }
  if (DOTTED_PREFIXES.some((prefix) => lower.startsWith(prefix))) return lower;
  const dot = lower.indexOf('.');
  return dot > 0 ? lower.slice(0, dot) : lower;
}

function providerOfHost(name: string): string | null {
  if (!HOST.test(name)) return null;
  for (const [host, provider] of PROVIDER_HOSTS) {
    const found = host.exec(name);
    if (found !== null) return provider.replace('$1', found[1] ?? '');
  }
  return null;
}

/** Most names of providers have no such ending, and one look tells it. */
const HOST = /\.(?:com|ai|cn|xyz)$/;
