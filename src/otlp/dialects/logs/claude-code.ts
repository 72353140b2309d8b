import { ownValue } from '../../../events/own-value.ts';
import type { Attributes } from '../../decode/trace-export.ts';
import { agentOf } from '../agents.ts';
import { durationFrom, textFrom } from '../read-value.ts';
import { type LogDialect, noCall } from './log-dialect.ts';

/** Who serves the models. */
const HOST = 'anthropic.provider';

/** Of those that bill Claude in their own way. Elsewhere it has Anthropic's prices, on Foundry too. */
const PROVIDER_OF_HOST: Readonly<Record<string, string>> = {
  bedrock: 'aws.bedrock',
  mantle: 'aws.bedrock',
  vertex: 'gcp.vertex_ai',
};

/** Former versions tell it by the name of the model alone. */
const BEDROCK_MODEL = /(?:^|[./])anthropic\.claude/;
const VERTEX_MODEL = /^claude[^/]*@\d/;

/** Claude Code: one record an answer, and one for a call that was given up, whatever number of attempts it took. */
export const CLAUDE_CODE_LOGS: LogDialect = {
  agent: 'claude-code',
  prefixes: ['claude_code.', 'cowork.', ''],
  isOwn: (log) => /^(?:claude_code|cowork)\./.test(log.eventName) || agentOf(log) === 'claude-code',
  keys: ['request_id', 'duration_ms', 'query_source', 'attempt', HOST],
  read({ attributes }, name) {
    if (name === 'api_retries_exhausted') return noCall('the failure that its api_error tells too');
    if (name !== 'api_request' && name !== 'api_error') return noCall('an event of Claude Code beside its calls');
    return {
      role: 'call',
      rule: `event.name is ${name} of Claude Code`,
      attributes: {
        // By this its counts are read as those of its spans: without what the cache gave and took.
        'span.type': 'llm_request',
        'gen_ai.system': providerOf(attributes),
        'gen_ai.response.id': textFrom(attributes.get('request_id')) ?? undefined,
      },
      durationMs: durationFrom(attributes.get('duration_ms'), 1),
      failure: name === 'api_error' ? { message: textFrom(attributes.get('error')) } : null,
    };
  },
};

/** Agents that name their records and counts as Claude Code does, the cache beside the input. */
export const CLAUDE_CODE_ALIKE_LOGS: LogDialect = {
  agent: null,
  prefixes: [''],
  isOwn: ({ eventName, attributes }) =>
    /(?:^|\.)api_request$/.test(eventName) && attributes.has('input_tokens') && attributes.has('output_tokens'),
  keys: ['duration_ms', 'provider'],
  read: ({ attributes }, name) => ({
    role: 'call',
    rule: `${name} with the counts of a call`,
    attributes: {
      'span.type': 'llm_request',
      'gen_ai.system': textFrom(attributes.get('provider')) ?? undefined,
    },
    durationMs: durationFrom(attributes.get('duration_ms'), 1),
    failure: null,
  }),
};

function providerOf(attributes: Attributes): string {
  const host = ownValue(PROVIDER_OF_HOST, textFrom(attributes.get(HOST)) ?? '');
  if (host !== undefined) return host;
  const model = textFrom(attributes.get('model')) ?? '';
  if (BEDROCK_MODEL.test(model)) return 'aws.bedrock';
  return VERTEX_MODEL.test(model) ? 'gcp.vertex_ai' : 'anthropic';
}
