import { is } from '../classification.ts';
import type { Dialect } from '../dialect.ts';
import type { SpanReader } from '../span-reader.ts';

/** Claude Code and agents like it: names without any prefix, and the kind of a span in `span.type`. */
export const CLAUDE_CODE: Dialect = {
  name: 'claude-code',
  keys: ['span.type'],
  usage: [
    {
      keys: [
        'input_tokens',
        'output_tokens',
        'total_tokens',
        'cache_read_tokens',
        'cache_read_input_tokens',
        'cache_creation_tokens',
        'cache_creation_input_tokens',
        'cache_creation_5m_tokens',
        'cache_creation_1h_tokens',
        'reasoning_tokens',
      ],
      when: isLlmRequest,
    },
  ],
  classify(reader) {
    const type = reader.attributeText('span.type');
    if (type === null) return null;
    if (isLlmRequest(reader)) return is('call', 'chat', `span.type is ${type}`);
    // Anybody may have a `span.type`; only of a coding agent's span is it known that the others are no calls.
    return reader.span.scope.name.includes('claude_code') ? is('none', 'chat', `span.type is ${type}`) : null;
  },
  /** Counts stand as Anthropic's API reports them: the cache beside the input. */
  habits: ({ reader, scopeName }) =>
    isLlmRequest(reader) || scopeName.includes('claude_code') ? { isCacheOutside: true } : null,
};

function isLlmRequest(reader: SpanReader): boolean {
  const type = reader.attributeText('span.type')?.toLowerCase();
  return type === 'llm_request' || type === 'llm_call' || type === 'model_request';
}
