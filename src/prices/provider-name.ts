/**
 * The genai-prices id of a provider, from whatever a sender calls it: OpenTelemetry's `gen_ai.provider.name` and the
 * older `gen_ai.system`, the AI SDK (`openai.chat`, `google.vertex.chat`), Pydantic AI, LangChain, OpenInference,
 * LiteLLM.
 *
 * - `''` where nobody who bills is named: no provider at all, or a gateway that passes calls on
 * - a name that is not in the table is given back in lower case: an id of the library, or nobody it knows
 */
export function providerId(name: string): string {
  const raw = name.trim().toLowerCase();
  const spelled = raw.replaceAll(/[ _]+/g, '-');
  // `openai.responses` is OpenAI and `azure.ai.openai` is not `azure.ai`, so the longest known beginning decides.
  for (let end = spelled.length; end > 0; end = spelled.lastIndexOf('.', end - 1)) {
    const id = PROVIDER_IDS.get(spelled.slice(0, end));
    if (id !== undefined) return id;
  }
  return raw;
}

/** Lower case, with `-` for blanks and underscores. */
const SPELLINGS: Readonly<Record<string, readonly string[]>> = {
  openai: ['openai', 'open-ai'],
  anthropic: ['anthropic'],
  azure: [
    'azure',
    'azure.ai.openai',
    'azure.ai.inference',
    'az.ai.openai',
    'az.ai.inference',
    'azure-ai',
    'azure-openai',
    'azure-ai-inference',
    'azure-ai-foundry',
    'azureopenai',
  ],
  aws: ['aws', 'aws.bedrock', 'aws-bedrock', 'bedrock', 'amazon-bedrock', 'bedrock-converse', 'amazon'],
  google: [
    'google',
    'gcp.gemini',
    'gcp.vertex-ai',
    'gcp.gen-ai',
    'gemini',
    'vertex',
    'vertex-ai',
    'vertexai',
    'google-vertex',
    'google-vertex-ai',
    'google-vertexai',
    'google-genai',
    'google-gla',
    'google-generative-ai',
    'google-ai-studio',
  ],
  'x-ai': ['x-ai', 'xai', 'grok'],
  mistral: ['mistral', 'mistral-ai', 'mistralai'],
  cohere: ['cohere', 'cohere-chat'],
  deepseek: ['deepseek', 'deep-seek'],
  groq: ['groq'],
  perplexity: ['perplexity', 'perplexity-ai'],
  fireworks: ['fireworks', 'fireworks-ai'],
  together: ['together', 'together-ai', 'togetherai'],
  openrouter: ['openrouter', 'open-router'],
  cerebras: ['cerebras'],
  cloudflare: ['cloudflare', 'workers-ai', 'workersai', 'cloudflare-workers-ai'],
  moonshotai: ['moonshotai', 'moonshot-ai', 'moonshot'],
  minimax: ['minimax'],
  novita: ['novita', 'novita-ai'],
  voyageai: ['voyageai', 'voyage-ai', 'voyage'],
  'github-copilot': ['github-copilot', 'copilot'],
  ovhcloud: ['ovhcloud', 'ovh', 'ovh-cloud'],
  zai: ['zai', 'z-ai', 'z.ai'],
  zhipuai: ['zhipuai', 'zhipu-ai', 'zhipu'],
  baseten: ['baseten'],
  // Hosts that genai-prices does not have.
  databricks: ['databricks'],
  snowflake: ['snowflake', 'snowflake-cortex', 'cortex'],
  deepinfra: ['deepinfra', 'deep-infra'],
  nebius: ['nebius', 'nebius-ai-studio', 'nebius-token-factory'],
  sambanova: ['sambanova', 'samba-nova'],
  watsonx: ['watsonx', 'watsonx.ai', 'watsonx-ai', 'ibm.watsonx.ai', 'ibm-watsonx', 'ibm-watsonx-ai', 'ibm'],
  dashscope: ['dashscope', 'alibaba', 'alibaba-cloud', 'aliyun'],
  oci: ['oci', 'oci.genai', 'oci-genai', 'oracle'],
  hyperbolic: ['hyperbolic'],
  lambda: ['lambda', 'lambda-ai', 'lambdalabs'],
  nscale: ['nscale'],
  volcengine: ['volcengine'],
  scaleway: ['scaleway'],
  ai21: ['ai21', 'ai21-labs'],
  'jina-ai': ['jina-ai', 'jina'],
  wandb: ['wandb'],
  // They forward calls and say nothing about who bills them; the model's own prefix does.
  '': [
    'litellm',
    'litellm-proxy',
    'gateway',
    'vercel',
    'ai-gateway',
    'vercel-ai-gateway',
    'portkey',
    'helicone',
    'unknown',
    // Frameworks that write their own name in the provider's place.
    'strands-agents',
    'strands',
    'gcp.vertex.agent',
    'google-adk',
    'langchain',
    'langgraph',
    'llama-index',
    'llamaindex',
    'haystack',
    'crewai',
    'autogen',
    'semantic-kernel',
    'microsoft.agent-framework',
    'agent-framework',
    'smolagents',
    'pydantic-ai',
    'dspy',
    'agno',
    'mastra',
    'openai-agents',
    'spring-ai',
    'genkit',
    'livekit',
    'pipecat',
  ],
};

/**
 * Whether a provider that no list has bills at prices of its own, or none: then no other list speaks for its models.
 */
export function billsItself(id: string): boolean {
  const spelled = id.replaceAll(/[ _]+/g, '-');
  return OWN_PRICES.has(spelled) || OWN_PRICES.has(spelled.split('.', 1)[0] ?? '');
}

/**
 * Whether a provider bills the models of the large vendors at their prices: GitHub's list for Copilot has them, one by
 * one, and loses those that it offers no longer.
 */
export function billsAsMakers(provider: string): boolean {
  return providerId(provider) === 'github-copilot';
}

const OWN_PRICES: ReadonlySet<string> = new Set([
  // On somebody's own machines.
  'ollama',
  'vllm',
  'lm-studio',
  'lmstudio',
  'llama.cpp',
  'llama-cpp',
  'llamacpp',
  'llamafile',
  'localai',
  'local',
  'self-hosted',
  'tgi',
  'text-generation-inference',
  'sglang',
  'xinference',
  'triton',
  'nim',
  'nvidia-nim',
  'mlx',
  'gpt4all',
  'jan',
  // Hosts whose prices genai-prices does not have.
  'databricks',
  'snowflake',
  'deepinfra',
  'nebius',
  'sambanova',
  'watsonx',
  'dashscope',
  'oci',
  'hyperbolic',
  'lambda',
  'nscale',
  'volcengine',
  'scaleway',
  'ai21',
  'jina-ai',
  'wandb',
  'siliconflow',
  'replicate',
  'chutes',
  'featherless',
  'parasail',
  'huggingface',
  'hugging-face',
]);

const PROVIDER_IDS: ReadonlyMap<string, string> = new Map(
  Object.entries(SPELLINGS).flatMap(([id, spellings]) => spellings.map((spelling) => [spelling, id] as const)),
);
