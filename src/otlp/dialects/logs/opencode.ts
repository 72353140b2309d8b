import { countFrom, durationFrom, textFrom } from '../read-value.ts';
import { type LogDialect, noCall } from './log-dialect.ts';

/**
 * The plugin of OpenCode that exports its messages: a record an answer and one a failure, with the time at which the
 * message began. With traces on it is written in the span of the call, which says the same.
 */
export const OPENCODE_LOGS: LogDialect = {
  agent: null,
  prefixes: [''],
  isOwn: ({ scope }) => scope.name === 'com.opencode',
  keys: ['duration_ms', 'provider', 'error'],
  read({ attributes }, name) {
    if (name !== 'api_request' && name !== 'api_error') return noCall('an event of OpenCode beside its calls');
    const count = (key: string): number | null => countFrom(attributes.get(key));
    const [input, output] = [count('input_tokens'), count('output_tokens')];
    const [cached, written, reasoning] = [
      count('cache_read_tokens'),
      count('cache_creation_tokens'),
      count('reasoning_tokens'),
    ];
    return {
      role: 'call',
      rule: `event.name is ${name} of OpenCode`,
      attributes: {
        'gen_ai.system': textFrom(attributes.get('provider')) ?? undefined,
        // OpenCode's counts are disjoint.
        'gen_ai.usage.input_tokens': input === null ? null : input + (cached ?? 0) + (written ?? 0),
        'gen_ai.usage.output_tokens': output === null ? null : output + (reasoning ?? 0),
        'gen_ai.usage.cache_read.input_tokens': cached,
        'gen_ai.usage.cache_creation.input_tokens': written,
        'gen_ai.usage.reasoning.output_tokens': reasoning,
      },
      durationMs: durationFrom(attributes.get('duration_ms'), 1),
      isStampedAtStart: true,
      failure: name === 'api_error' ? { message: textFrom(attributes.get('error')) } : null,
    };
  },
};
