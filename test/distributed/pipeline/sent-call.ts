import type { SeededRandom } from './seeded-random.ts';

/** One call as an application made it, before it is cut into its two events. */
export interface SentCall {
  readonly requestId: string;
  readonly tenantId: string;
  readonly route: string;
  readonly model: string;
  readonly timestampMs: number;
  readonly promptTokens: number;
  /** Absent: the application never told how it ended. */
  readonly answer?: { readonly completionTokens: number; readonly latencyMs: number; readonly error: string | null };
}

const ROUTES = ['chat', 'search', 'agent/plan'];
const MODELS = ['gpt-4.1-mini', 'claude-sonnet-4-5'];
const TENANTS = 3;
const MINUTES = 3;
const MINUTE_MS = 60_000;

/** What a scenario's calls have in common. */
export interface CallPlan {
  /** Begins every tenant and request id, so that scenarios on one cluster do not meet. */
  readonly name: string;
  readonly firstWindowMs: number;
}

export function planOf(name: string): CallPlan {
  return { name, firstWindowMs: Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - MINUTES * MINUTE_MS };
}

export function tenantsOf({ name }: CallPlan): string[] {
  return Array.from({ length: TENANTS }, (_, index) => `${name}-${index}`);
}

export function makeCall(plan: CallPlan, id: string, random: SeededRandom): SentCall {
  const call = {
    requestId: `${plan.name}-${id}`,
    tenantId: random.pick(tenantsOf(plan)),
    route: random.pick(ROUTES),
    model: random.pick(MODELS),
    timestampMs: plan.firstWindowMs + random.below(MINUTES * MINUTE_MS),
    promptTokens: random.below(5_000),
  };
  if (random.next() < 0.02) return call;
  const error = random.next() < 0.1 ? 'rate limited' : null;
  return { ...call, answer: { completionTokens: random.below(900), latencyMs: random.below(60_000), error } };
}

/** As lines of a batch. */
export function requestLine(call: SentCall): string {
  return JSON.stringify({
    type: 'request',
    request_id: call.requestId,
    tenant_id: call.tenantId,
    route: call.route,
    model: call.model,
    timestamp: new Date(call.timestampMs).toISOString(),
    prompt_tokens: call.promptTokens,
  });
}

export function responseLine({ requestId, timestampMs, answer }: SentCall): string {
  return JSON.stringify({
    type: 'response',
    request_id: requestId,
    timestamp: new Date(timestampMs + (answer?.latencyMs ?? 0)).toISOString(),
    latency_ms: answer?.latencyMs,
    completion_tokens: answer?.completionTokens,
    finish_reason: answer?.error === null ? 'stop' : 'error',
    error: answer?.error ?? null,
  });
}
