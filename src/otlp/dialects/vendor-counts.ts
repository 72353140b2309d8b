/**
 * Whether the API that answers reports what its cache gave and took beside the input: those of Anthropic and of
 * Bedrock, also where Vertex AI or Azure serves Claude. APIs in OpenAI's form, and so most gateways, report it inside,
 * whatever the model.
 *
 * @param provider in the words of OTel
 */
export function reportsCacheBeside(provider: string | null, model: string | null): boolean {
  if (provider === 'anthropic' || provider === 'aws.bedrock') return true;
  return (provider === 'gcp.vertex_ai' || provider === 'azure.ai.inference') && /claude/i.test(model ?? '');
}

/**
 * Whether the API that answers reports thoughts beside the output, as Gemini's does.
 *
 * @param provider in the words of OTel
 */
export function reportsThoughtsBeside(provider: string | null): boolean {
  return provider === 'gcp.gemini' || provider === 'gcp.vertex_ai';
}
