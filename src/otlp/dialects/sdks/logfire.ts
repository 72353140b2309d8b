import type { OtlpSpan } from '../../decode/trace-export.ts';
import { is } from '../classification.ts';
import type { Dialect } from '../dialect.ts';

/** Logfire's instrumentations of SDKs and of OpenAI's agents. */
export const LOGFIRE: Dialect = {
  name: 'logfire',
  keys: ['logfire.span_type', 'duration'],
  lateKeys: ['request_data'],
  usageTrust: 2,
  usage: [
    { object: 'gen_ai.usage.raw', as: 'json', isAnswer: true, isPartsOnly: true },
    { object: 'usage', as: 'json' },
    { object: 'response_data', paths: ['usage'], as: 'json', isLate: true, isAnswer: true, isPartsOnly: true },
  ],
  classify({ span }) {
    if (isStreamEnd(span)) return is('stream end', 'chat', 'logfire.span_type is log and it has a duration');
    // Sent when a span starts, as a child of what is sent when it ends.
    if (span.attributes.get('logfire.span_type') === 'pending_span') return is('none', 'chat', 'Logfire pending span');
    return null;
  },
};

function isStreamEnd(span: OtlpSpan): boolean {
  return (
    span.scope.name.startsWith('logfire') &&
    span.attributes.get('logfire.span_type') === 'log' &&
    typeof span.attributes.get('duration') === 'number' &&
    (span.attributes.has('request_data') || span.attributes.has('gen_ai.request.model'))
  );
}
