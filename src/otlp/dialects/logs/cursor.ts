import type { OtlpLog } from '../../decode/log-export.ts';
import { countFrom, textFrom } from '../read-value.ts';
import { type LogDialect, noCall } from './log-dialect.ts';

const REQUEST = 'cursor.api.request.';

const FREE = { 'gen_ai.usage.cost.amount': 0, 'gen_ai.usage.cost.source': 'provider' };

/**
 * Cursor's export for enterprises, which its server writes: a record a request and one a failure, neither in a trace.
 * It delivers at least once, so that a request is known by its usage event.
 */
export const CURSOR_LOGS: LogDialect = {
  agent: null,
  prefixes: ['cursor.api.', 'api_'],
  isOwn: ({ scope, resource }) =>
    scope.name === 'cursor.telemetry' ||
    (scope.name === '' && textFrom(resource.attributes.get('service.name')) === 'cursor'),
  keys: [
    ...['input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_creation_tokens'].map((key) => `${REQUEST}${key}`),
    'cursor.model.name',
    'cursor.api.billable',
    'cursor.conversation.id',
    'cursor.request.id',
    'cursor.usage_event.id',
    'cursor.event.id',
    'cursor.user.id',
  ],
  read(log, name) {
    if (name !== 'request' && name !== 'error') return noCall('an event of Cursor beside its calls');
    const { attributes, resource } = log;
    const count = (key: string): number | null => countFrom(attributes.get(REQUEST + key));
    const [input, output] = [count('input_tokens'), count('output_tokens')];
    const [cached, written] = [count('cache_read_tokens'), count('cache_creation_tokens')];
    const user = attributes.get('cursor.user.id') ?? resource.attributes.get('cursor.user.id');
    const identity = identityOf(log);
    return {
      role: 'call',
      rule: `api_${name} of Cursor`,
      attributes: {
        'gen_ai.request.model': textFrom(attributes.get('cursor.model.name')) ?? undefined,
        'gen_ai.conversation.id': textFrom(attributes.get('cursor.conversation.id')) ?? undefined,
        'user.id': textFrom(user) ?? undefined,
        // Cursor's counts are disjoint.
        'gen_ai.usage.input_tokens': input === null ? null : input + (cached ?? 0) + (written ?? 0),
        'gen_ai.usage.output_tokens': output,
        'gen_ai.usage.cache_read.input_tokens': cached,
        'gen_ai.usage.cache_creation.input_tokens': written,
        ...(attributes.get('cursor.api.billable') === false ? FREE : {}),
      },
      durationMs: null,
      ...(identity === null ? {} : { identity }),
      failure: name === 'error' ? { message: null } : null,
    };
  },
};

function identityOf({ attributes }: OtlpLog): readonly string[] | null {
  const key = ['cursor.usage_event.id', 'cursor.request.id', 'cursor.event.id'].find((each) => attributes.has(each));
  const id = key === undefined ? null : textFrom(attributes.get(key));
  return id === null || key === undefined ? null : [key, id];
}
