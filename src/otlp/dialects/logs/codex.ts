import type { OtlpLog } from '../../decode/log-export.ts';
import type { Attributes } from '../../decode/trace-export.ts';
import { countFrom, durationFrom, textFrom } from '../read-value.ts';
import { type LogDialect, type LogReading, noCall } from './log-dialect.ts';

/** Other paths of the API list models or compact a history locally; they spend nothing that is told. */
const MODEL_ENDPOINT = /responses|completions|messages/;

/**
 * Codex: the end of a stream comes as two records, one with the counts and one without. A stream that fails has one of
 * its failure and one of its end, whatever failed it; a request that failed before its stream began has one an attempt.
 */
export const CODEX_LOGS: LogDialect = {
  agent: 'codex',
  prefixes: ['codex.'],
  keys: [
    'event.kind',
    'duration_ms',
    'ttft_ms',
    'endpoint',
    'error.message',
    'attempt',
    'input_token_count',
    'output_token_count',
    'cached_token_count',
    'cache_write_token_count',
    'reasoning_token_count',
    'service_tier',
  ],
  read(log, name) {
    const kind = textFrom(log.attributes.get('event.kind'));
    const message = textFrom(log.attributes.get('error.message'));
    if (name === 'sse_event' || name === 'websocket_event') {
      if (kind !== 'response.completed') return noCall('a part of a stream');
      if (message !== null) return failed(message, null);
      const hasCounts = countFrom(log.attributes.get('input_token_count')) !== null;
      return hasCounts ? completed(log) : noCall('the end of a stream, without its counts');
    }
    if (name === 'api_request' || name === 'websocket_request') {
      const status = countFrom(log.attributes.get('http.response.status_code'));
      const isFailed = isModelRequest(log.attributes) && ((status ?? 0) >= 400 || message !== null);
      if (isFailed) return failed(message, durationFrom(log.attributes.get('duration_ms'), 1));
      return noCall('a request of Codex whose answer comes as a stream');
    }
    return noCall('an event of Codex beside its calls');
  },
};

export function isModelRequest(attributes: Attributes): boolean {
  return MODEL_ENDPOINT.test(textFrom(attributes.get('endpoint')) ?? 'responses');
}

function completed({ attributes }: OtlpLog): LogReading {
  const count = (key: string): number | undefined => countFrom(attributes.get(key)) ?? undefined;
  return {
    role: 'call',
    rule: 'codex.sse_event of a completed response with its counts',
    attributes: {
      'gen_ai.usage.input_tokens': count('input_token_count'),
      'gen_ai.usage.output_tokens': count('output_token_count'),
      'gen_ai.usage.cache_read.input_tokens': count('cached_token_count'),
      'gen_ai.usage.cache_write.input_tokens': count('cache_write_token_count'),
      'gen_ai.usage.reasoning.output_tokens': count('reasoning_token_count'),
      'gen_ai.request.stream': true,
      // What was asked for, also where another tier answered.
      'openai.request.service_tier': textFrom(attributes.get('service_tier')) ?? undefined,
      // It writes 0 where it did not measure.
      ttft_ms: count('ttft_ms') || null,
    },
    durationMs: null,
    failure: null,
  };
}

function failed(message: string | null, durationMs: number | null): LogReading {
  return { role: 'call', rule: 'a request of Codex that failed', attributes: {}, durationMs, failure: { message } };
}
