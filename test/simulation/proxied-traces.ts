import type { Random } from './random.ts';
import type { Draft, NewIds, RecordedCall } from './recorded-traces.ts';

type Json = Readonly<Record<string, unknown>>;

const GATEWAY = { scope: 'litellm', process: 'gateway\n\n\n9' };

/**
 * Calls of an application whose gateway tells of them too, below it, and which something else of the application tells
 * of in a trace of its own: another instrumentation, an agent's record, the end of a stream, who reads the answer again.
 * Any of them may be missing.
 */
export function proxiedCalls(random: Random, truth: RecordedCall, ids: NewIds): readonly Draft[] {
  const { startMs, durationMs, facts } = truth;
  const traceId = ids.traceId();
  const span = ids.spanId();
  const drafts: Draft[] = [];
  const draw = (given: Json, chance = 0.85, trace = ids.traceId()): void => {
    if (random.chance(chance)) drafts.push({ traceId: trace, given: { span_id: ids.spanId(), ...given } });
  };
  const app = (given: Json): void => {
    draw({ scope: 'sdk', ...given, span_id: span }, 0.9, traceId);
    const below = { parent_id: span, start_ms: startMs + random.int(0, 20), duration_ms: durationMs - 20 };
    draw(
      { response_id: given['response_id'], ...below, ...random.pick([GATEWAY, GATEWAY, { scope: 'inner' }]) },
      0.8,
      traceId,
    );
    // A try that failed, or another one that was not needed.
    const tried = random.pick([
      { model: facts['model'], error: 'HTTP 503' },
      { ...facts, prompt_tokens: 5 },
    ]);
    draw({ ...GATEWAY, ...below, duration_ms: 10, facts: tried }, 0.2, traceId);
  };
  const kinds = [
    () => {
      app({ facts: random.pick([facts, { model: facts['model'] }]) });
      const earlierMs = random.pick([0, 10, 200]);
      draw({ scope: 'langchain', start_ms: startMs - earlierMs, duration_ms: durationMs + earlierMs });
    },
    () => {
      const agent = { agent: 'claude_code', process: `session-${span}` };
      app({ ...agent, scope: 'agent.spans' });
      draw({ ...agent, scope: 'agent.events', is_log: true, start_ms: startMs + random.int(-300, 300) });
    },
    () => {
      const logfire = { scope: 'logfire.openai', request_digest: 'digest' };
      app({ ...logfire, facts: { model: facts['model'], stream: true }, duration_ms: 20 });
      draw({ ...logfire, kind: 'stream end', start_ms: startMs + 20, duration_ms: random.int(5, 900) });
    },
    () => {
      // Unique in its service, and not everywhere.
      const response_id = `gen-${span.slice(0, 8)}`;
      app({ response_id });
      draw({ ...random.pick([GATEWAY, { scope: 'sdk' }]), response_id, start_ms: startMs + random.pick([10, 5000]) });
      draw({ scope: 'sdk', response_id, start_ms: startMs + 9000 }, 0.3);
    },
  ];
  random.pick(kinds)();
  return drafts;
}
