import type { Dialect } from '../dialect.ts';

/** Model ids in Bedrock's form: a vendor's name and a dot, maybe behind a region, or an ARN. */
const BEDROCK_MODEL =
  /^(?:arn:aws[\w-]*:bedrock:|(?:[a-z]{2,6}(?:-gov)?\.)?(?:anthropic|amazon|meta|mistral|cohere|ai21|deepseek|qwen|writer|openai|nvidia|google|minimax|moonshotai?|twelvelabs|luma|stability|zai)\.)/i;

/** Strands Agents: copies the counts of whatever provider it talks to, under several spellings. */
export const STRANDS: Dialect = {
  name: 'strands',
  /** Bedrock and Anthropic report the cache beside the input; OpenAI and Gemini inside it. */
  habits({ scopeName, model }) {
    if (!scopeName.startsWith('strands')) return null;
    return { isCacheOutside: model !== null && (BEDROCK_MODEL.test(model) || /claude/i.test(model)) };
  },
};
