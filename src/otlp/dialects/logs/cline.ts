import { countFrom, textFrom } from '../read-value.ts';
import { type LogDialect, noCall } from './log-dialect.ts';

/** Cline: the turn of the assistant has the counts of a call, and a failure of the provider is a record of its own. */
export const CLINE_LOGS: LogDialect = {
  agent: null,
  prefixes: ['task.'],
  isOwn: ({ scope }) => scope.name === 'cline',
  keys: [
    'source',
    'ulid',
    'provider',
    'user_id',
    'tokensIn',
    'tokensOut',
    'cacheReadTokens',
    'cacheWriteTokens',
    'totalCost',
    'errorMessage',
    'errorStatus',
  ],
  read({ attributes }, name) {
    const text = (key: string): string | undefined => textFrom(attributes.get(key)) ?? undefined;
    const count = (key: string): number | null => countFrom(attributes.get(key));
    const whose = {
      'gen_ai.system': text('provider'),
      'gen_ai.conversation.id': text('ulid'),
      'user.id': text('user_id'),
    };
    if (name === 'provider_api_error') {
      const status = { 'http.response.status_code': count('errorStatus') };
      const failure = { message: text('errorMessage') ?? null };
      return {
        role: 'call',
        rule: 'a failed request of Cline',
        attributes: { ...whose, ...status },
        durationMs: null,
        failure,
      };
    }
    if (name !== 'conversation_turn') return noCall('an event of Cline beside its calls');
    const [input, output] = [count('tokensIn'), count('tokensOut')];
    if (text('source') !== 'assistant' || input === null || output === null) {
      return noCall('a turn of Cline without the counts of a call');
    }
    const [cached, written] = [count('cacheReadTokens'), count('cacheWriteTokens')];
    return {
      role: 'call',
      rule: "the assistant's turn of Cline",
      attributes: {
        ...whose,
        // Whatever the provider says, Cline takes the cache out of the input.
        'gen_ai.usage.input_tokens': input + (cached ?? 0) + (written ?? 0),
        'gen_ai.usage.output_tokens': output,
        'gen_ai.usage.cache_read.input_tokens': cached,
        'gen_ai.usage.cache_creation.input_tokens': written,
        cost_usd: attributes.get('totalCost') ?? null,
      },
      durationMs: null,
      failure: null,
    };
  },
};
