import { isUsageKey } from '../../usage/read-usage.ts';
import { textFrom } from '../read-value.ts';
import { type LogDialect, noCall } from './log-dialect.ts';

/** OpenTelemetry's events of a client's model call. */
export const CONVENTION_LOGS: LogDialect = {
  agent: null,
  prefixes: ['gen_ai.client.'],
  keys: ['exception.message', 'exception.type'],
  read({ attributes }, name) {
    if (name === 'inference.operation.details') {
      const hasEnd = attributes.keys.some(
        (key, i) => attributes.values[i] !== null && (isUsageKey(key) || /^gen_ai\.response\.|^error\.type$/.test(key)),
      );
      // Gemini CLI writes one before the call and one behind it.
      if (!hasEnd) return noCall('the details of a request, without any answer');
      return { role: 'call', rule: `${name} of the convention`, attributes: {}, durationMs: null, failure: null };
    }
    if (name !== 'operation.exception') return noCall('an event of the convention that is no model call');
    const isNamed = attributes.has('gen_ai.request.model') || attributes.has('gen_ai.response.model');
    if (!isNamed) return noCall('an exception that names no model: its span tells the call');
    const type = textFrom(attributes.get('error.type')) ?? textFrom(attributes.get('exception.type')) ?? undefined;
    return {
      role: 'call',
      rule: `${name} of the convention`,
      attributes: { 'error.type': type },
      durationMs: null,
      isException: true,
      failure: { message: textFrom(attributes.get('exception.message')) },
    };
  },
};
