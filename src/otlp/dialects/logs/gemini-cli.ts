import type { OtlpLog } from '../../decode/log-export.ts';
import type { AttributeValue } from '../../decode/trace-export.ts';
import { countFrom, durationFrom, textFrom } from '../read-value.ts';
import { type LogDialect, type LogReading, noCall } from './log-dialect.ts';

const KEYS = [
  'duration_ms',
  'input_token_count',
  'output_token_count',
  'cached_content_token_count',
  'thoughts_token_count',
  'tool_token_count',
  'total_token_count',
  'finish_reasons',
  'response_id',
  'error.message',
  'error_message',
  'error_type',
] as const;

/** Gemini CLI counts thoughts beside the output, as Gemini's API does. */
export const GEMINI_CLI_LOGS: LogDialect = {
  agent: 'gemini-cli',
  prefixes: ['gemini_cli.'],
  keys: KEYS,
  read: (log, name) => readGemini(log, name, 'Gemini CLI'),
};

/** Qwen Code has Gemini CLI's names, and counts thoughts inside the output. */
export const QWEN_CODE_LOGS: LogDialect = {
  agent: 'qwen-code',
  prefixes: ['qwen-code.', 'qwen_code.', 'qwen_cli.'],
  keys: KEYS,
  read: (log, name) => readGemini(log, name, 'Qwen Code'),
};

/** Programs that were made from Gemini CLI (iFlow, LLxprt Code and others): its events under a name of their own. */
export const GEMINI_FORK_LOGS: LogDialect = {
  agent: null,
  prefixes: [''],
  isOwn: ({ eventName, attributes }) =>
    /^[\w-]+\.api_(?:response|error)$/.test(eventName) &&
    (attributes.has('input_token_count') || (eventName.endsWith('error') && attributes.has('model'))),
  keys: KEYS,
  read(log, name) {
    const reading = readGemini(log, name.slice(name.indexOf('.') + 1), FORK);
    if (reading.role !== 'call' || !name.startsWith('llxprt') || reading.failure !== null) return reading;
    // LLxprt Code writes one record where it asks a provider and one where it reads the stream.
    const { attributes } = log;
    const [prompt = '', ...others] = IDENTITY.map((key) => textFrom(attributes.get(key)) ?? '');
    return { ...reading, identity: [prompt.replace(/#a\d+$/, ''), ...others] };
  },
};

const FORK = 'a fork of Gemini CLI';
const IDENTITY = ['prompt_id', 'session.id', 'model', 'input_token_count', 'output_token_count'] as const;

function readGemini(log: OtlpLog, name: string, agentName: string): LogReading {
  if (name !== 'api_response' && name !== 'api_error') return noCall(`an event of ${agentName} beside its calls`);
  const { attributes } = log;
  const text = (...keys: readonly string[]): string | null =>
    keys.map((key) => textFrom(attributes.get(key))).find((found) => found !== null) ?? null;
  const message = text('error.message', 'error_message', 'error');
  const isFailed = name === 'api_error' || message !== null;
  return {
    role: 'call',
    rule: `event.name is ${name} of ${agentName}`,
    attributes: {
      ...usageOf(log, agentName === 'Gemini CLI' || (agentName === FORK && /gemini/i.test(text('model') ?? ''))),
      'gen_ai.provider.name': agentName === 'Gemini CLI' ? providerOf(text('auth_type')) : undefined,
      'gen_ai.response.id': text('response_id') ?? undefined,
      'gen_ai.response.finish_reasons': attributes.get('finish_reasons') ?? undefined,
      'error.type': isFailed ? (text('error.type', 'error_type') ?? undefined) : undefined,
    },
    durationMs: durationFrom(attributes.get('duration_ms'), 1),
    failure: isFailed ? { message } : null,
  };
}

function providerOf(authType: string | null): string {
  return authType !== null && /vertex|cloud/i.test(authType) ? 'gcp.vertex_ai' : 'gcp.gemini';
}

/**
 * The wholes. Whether the output holds the thoughts is told by the total; where it tells nothing, by the agent's habit.
 * What tools added to the prompt is billed as input, and stands beside it where the total has it so.
 */
function usageOf({ attributes }: OtlpLog, isThoughtOutside: boolean): Readonly<Record<string, AttributeValue>> {
  const count = (key: (typeof KEYS)[number]): number | null => countFrom(attributes.get(key));
  const input = count('input_token_count');
  const output = count('output_token_count');
  if (input === null || output === null) return {};
  const thoughts = count('thoughts_token_count') ?? 0;
  const tool = count('tool_token_count') ?? 0;
  const total = count('total_token_count') ?? 0;
  const isInside = total === input + output || total === input + output + tool;
  const isOutside = total === input + output + thoughts || total === input + output + thoughts + tool;
  const beside = thoughts > output || (isInside === isOutside ? isThoughtOutside : isOutside);
  const completion = output + (beside ? thoughts : 0);
  return {
    'gen_ai.usage.input_tokens': tool > 0 && total === input + tool + completion ? input + tool : input,
    'gen_ai.usage.output_tokens': completion,
    'gen_ai.usage.cache_read.input_tokens': count('cached_content_token_count'),
    'gen_ai.usage.reasoning.output_tokens': count('thoughts_token_count'),
  };
}
