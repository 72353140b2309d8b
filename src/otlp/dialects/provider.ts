/** Beginnings of provider names as SDKs write them, and the name of the OTel enumeration. The first match wins. */
const PROVIDER_PREFIXES: readonly (readonly [prefix: string, provider: string])[] = [
  ['google.vertex', 'gcp.vertex_ai'],
  ['google-vertex', 'gcp.vertex_ai'],
  ['vertex_ai', 'gcp.vertex_ai'],
  ['vertexai', 'gcp.vertex_ai'],
  ['google.generative-ai', 'gcp.gemini'],
  ['google', 'gcp.gemini'],
  ['gemini', 'gcp.gemini'],
  ['amazon-bedrock', 'aws.bedrock'],
  ['bedrock', 'aws.bedrock'],
  ['aws', 'aws.bedrock'],
  ['azure-openai', 'azure.ai.openai'],
  ['az.ai.openai', 'azure.ai.openai'],
  ['azure.ai.openai', 'azure.ai.openai'],
  ['azure_openai', 'azure.ai.openai'],
  ['az.ai.inference', 'azure.ai.inference'],
  ['azure', 'azure.ai.inference'],
  ['mistral', 'mistral_ai'],
  ['xai', 'x_ai'],
  ['x_ai', 'x_ai'],
  ['moonshot', 'moonshot_ai'],
];

/** Names of the enumeration that contain a dot; any other name ends before its first dot (`openai.chat`). */
const DOTTED_PREFIXES = ['gcp.', 'ibm.'];

/**
 * The provider by its name in OTel's enumeration, e.g. `openai.chat` → `openai`, `xai` → `x_ai`. Unknown names
 * stay, in lower case: a self-hosted provider is as good as any.
 */
export function normalizeProvider(name: string): string {
  const lower = name.trim().toLowerCase();
  for (const [prefix, provider] of PROVIDER_PREFIXES) {
    if (lower.startsWith(prefix)) return provider;
  }
  if (DOTTED_PREFIXES.some((prefix) => lower.startsWith(prefix))) return lower;
  const dot = lower.indexOf('.');
  return dot > 0 ? lower.slice(0, dot) : lower;
}
