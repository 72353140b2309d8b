import type { SentCall } from './sent-call.ts';

const MINUTE_MS = 60_000;

/** One row as the metrics API shows it, so far as the distributed tests compare it. */
export interface Row {
  readonly tenant_id: string;
  readonly route: string;
  readonly model: string;
  readonly window_start: string;
  requests: number;
  completed: number;
  errors: number;
  prompt_tokens: number;
  completion_tokens: number;
  avg_latency_ms: number | null;
  max_latency_ms: number | null;
}

/** What a batch job over everything that was acknowledged would count, written as plainly as can be. */
export function expectedRows(calls: readonly SentCall[]): Map<string, Row> {
  const rows = new Map<string, Row>();
  const latencySums = new Map<string, number>();
  for (const call of calls) {
    const row: Row = {
      ...seriesOf(call),
      requests: 0,
      completed: 0,
      errors: 0,
      prompt_tokens: 0,
      completion_tokens: 0,
      avg_latency_ms: null,
      max_latency_ms: null,
    };
    const key = keyOf(row);
    const sum = rows.get(key) ?? row;
    rows.set(key, sum);
    sum.requests++;
    sum.prompt_tokens += call.promptTokens;
    if (call.answer === undefined) continue;
    sum.completed++;
    sum.completion_tokens += call.answer.completionTokens;
    if (call.answer.error !== null) sum.errors++;
    sum.max_latency_ms = Math.max(sum.max_latency_ms ?? 0, call.answer.latencyMs);
    latencySums.set(key, (latencySums.get(key) ?? 0) + call.answer.latencyMs);
  }
  for (const [key, row] of rows) {
    if (row.completed > 0) row.avg_latency_ms = Math.round(((latencySums.get(key) ?? 0) / row.completed) * 1e6) / 1e6;
  }
  return rows;
}

type Series = Pick<Row, 'tenant_id' | 'route' | 'model' | 'window_start'>;

function seriesOf(call: SentCall): Series {
  const windowStart = new Date(Math.floor(call.timestampMs / MINUTE_MS) * MINUTE_MS).toISOString();
  return {
    tenant_id: call.tenantId,
    route: call.route,
    model: call.model,
    window_start: windowStart.replace('.000Z', 'Z'),
  };
}

/** Of the row that the call counts in. */
export function keyOfCall(call: SentCall): string {
  return keyOf(seriesOf(call));
}

export function keyOf(row: Series): string {
  return [row.tenant_id, row.route, row.model, row.window_start].join('|');
}

/** Only what is compared, from a row with more fields. */
export function comparable(row: Row): Row {
  return {
    tenant_id: row.tenant_id,
    route: row.route,
    model: row.model,
    window_start: row.window_start,
    requests: row.requests,
    completed: row.completed,
    errors: row.errors,
    prompt_tokens: row.prompt_tokens,
    completion_tokens: row.completion_tokens,
    avg_latency_ms: row.avg_latency_ms,
    max_latency_ms: row.max_latency_ms,
  };
}
