import type { Random } from './random.ts';

type Json = Readonly<Record<string, unknown>>;

export interface RecordedCall {
  readonly startMs: number;
  readonly durationMs: number;
  readonly facts: Json;
}

/** What one report says beside the facts of its call; without a trace of its own it lies in that of the call. */
export interface Draft {
  readonly traceId: string;
  readonly given: Json;
}

export interface NewIds {
  readonly traceId: () => string;
  readonly spanId: () => string;
}

/**
 * Calls that are told by a span and by log records of the convention, which lie below the span, below what is around it
 * or in no trace at all; any of them may be missing, and two calls may be alike.
 */
export function recordedCalls(random: Random, { startMs, durationMs, facts }: RecordedCall, ids: NewIds): Draft[] {
  const traceId = ids.traceId();
  const around = ids.spanId();
  const drafts: Draft[] = [];
  const draw = (given: Json, isTraceless = false): void => {
    drafts.push({ traceId: isTraceless ? ids.traceId() : traceId, given: { span_id: ids.spanId(), ...given } });
  };
  const context = { kind: 'context', facts: undefined, response_id: undefined, scope: 'http' };
  const sum = { kind: 'sum', scope: 'agents', response_id: undefined, facts: { ...facts, prompt_tokens: 9999 } };
  if (random.chance(0.7)) draw({ ...random.pick([context, context, sum]), span_id: around });
  for (let i = random.pick([1, 1, 2, 3]); i > 0; i--) {
    const beganMs = startMs + random.int(0, 50) * 10;
    const span = ids.spanId();
    const knows = random.pick([facts, facts, facts, withoutUsage(facts)]);
    const response_id = random.pick([undefined, undefined, `resp_0123${ids.spanId()}`]);
    if (random.chance(0.85)) {
      draw({ span_id: span, parent_id: around, start_ms: beganMs, facts: knows, response_id, scope: 'sdk' });
    }
    const record = {
      kind: 'wire',
      is_log: true,
      scope: random.pick(['sdk', 'sdk', 'other']),
      start_ms: beganMs + durationMs + random.pick([0, 3, 20, 300, 900]),
      duration_ms: null,
      response_id: random.pick([undefined, response_id]),
    };
    const isTraceless = random.chance(0.3);
    const where = isTraceless ? { is_traceless: true } : { parent_id: random.pick([around, around, span, undefined]) };
    if (random.chance(0.85)) draw({ ...record, ...where, facts: { ...facts, finish_reason: 'length' } }, isTraceless);
    if (facts['error'] !== undefined && random.chance(0.7)) {
      const failure = { model: facts['model'], error: 'the answer was 429' };
      draw({ ...record, ...where, is_exception: true, facts: failure, response_id: undefined }, isTraceless);
    }
  }
  return drafts;
}

function withoutUsage({ prompt_tokens: _prompt, completion_tokens: _completion, ...rest }: Json): Json {
  return rest;
}
