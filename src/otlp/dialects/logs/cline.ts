import { countFrom, textFrom } from '../read-value.ts';
import { type LogDialect, noCall } from './log-dialect.ts';

/** Which agent of a session it was, as its SDK says of each record. */
const OF_SDK = 'agentKind';

/**
 * Cline: the turn of the assistant has the counts of a call, and a failure of the provider is a record of its own. On
 * its SDK `task.tokens` has the counts, which before repeated those of the turn.
 */
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
    OF_SDK,
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
    const isOfSdk = name === 'tokens' && attributes.has(OF_SDK);
    if (name !== 'conversation_turn' && !isOfSdk) return noCall('an event of Cline beside its calls');
    const [input, output] = [count('tokensIn'), count('tokensOut')];
    if ((text('source') !== 'assistant' && !isOfSdk) || input === null || output === null) {
      return noCall('a turn of Cline without the counts of a call');
    }
    const [cached, written] = [count('cacheReadTokens'), count('cacheWriteTokens')];
    return {
      role: 'call',
      rule: isOfSdk ? 'task.tokens of Cline with the agent' : "the assistant's turn of Cline",
      attributes: {
        ...whose,
        // The cache is taken out of the input, whoever answers; the first SDKs, which named no provider, did not.
        'gen_ai.usage.input_tokens':
          isOfSdk && !attributes.has('provider') ? input : input + (cached ?? 0) + (written ?? 0),
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
