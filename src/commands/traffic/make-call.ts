import type { LlmRequest } from '../../events/llm-request.ts';
import type { LlmResponse } from '../../events/llm-response.ts';
import type { SeededRandom } from './seeded-random.ts';
import {
  FAILURES,
  LATENCY_MS_MAX,
  type ModelProfile,
  ROUTES,
  type RouteProfile,
  UNANSWERED_SHARE,
} from './traffic-profile.ts';

/** One call as an application would report it; without a response where none will come. */
export interface SampleCall {
  readonly request: LlmRequest;
  readonly response: LlmResponse | null;
  readonly latencyMs: number;
}

/** The next call of `random`, begun at `startedAtMs` (since the epoch). */
export function makeCall(
  random: SeededRandom,
  startedAtMs: number,
  tenants: readonly [Tenant, ...Tenant[]],
): SampleCall {
  const requestId = `req-${random.uuid()}`;
  const route = random.pick(ROUTES);
  const { model } = random.pick(route.models);
  const promptTokens = tokens(random, route.promptTokensMedian, PROMPT_TOKENS_MAX);
  const cachedTokens = random.isTrue(route.cachedShare) ? Math.floor(promptTokens * (0.3 + 0.6 * random.next())) : 0;
  const isStreamed = random.isTrue(route.streamShare);
  const request: LlmRequest = {
    request_id: requestId,
    tenant_id: random.pick(tenants).name,
    route: route.name,
    model: model.name,
    provider: model.provider,
    timestamp: new Date(startedAtMs).toISOString(),
    prompt_tokens: promptTokens,
    ...(cachedTokens > 0 ? { cached_prompt_tokens: cachedTokens } : {}),
    stream: isStreamed,
    user_id_hash: `user-${Math.floor(random.next() * 500)}`,
    session_id: `session-${Math.floor(random.next() * 200)}`,
    metadata: { region: random.isTrue(0.7) ? 'eu' : 'us', experiment: 'sample_traffic' },
  };
  const outcome = answer(random, { route, model, promptTokens, isStreamed });
  const response = {
    request_id: requestId,
    timestamp: new Date(startedAtMs + outcome.latency_ms).toISOString(),
    ...outcome,
  };
  return {
    request,
    response: random.isTrue(UNANSWERED_SHARE) ? null : response,
    latencyMs: outcome.latency_ms,
  };
}

export interface Tenant {
  readonly name: string;
  readonly weight: number;
}

/** `tenant-1` and so on; each sends a part of what the one before it sends. */
export function makeTenants(count: number): [Tenant, ...Tenant[]] {
  const tenant = (index: number): Tenant => ({ name: `tenant-${index + 1}`, weight: 1 / (index + 1) });
  return [tenant(0), ...Array.from({ length: count - 1 }, (_, index) => tenant(index + 1))];
}

const PROMPT_TOKENS_MAX = 180_000;
const COMPLETION_TOKENS_MAX = 8000;
const PROMPT_TOKENS_PER_MS = 20;

interface Asked {
  readonly route: RouteProfile;
  readonly model: ModelProfile;
  readonly promptTokens: number;
  readonly isStreamed: boolean;
}

type Outcome = Omit<LlmResponse, 'request_id' | 'timestamp'> & { latency_ms: number };

function answer(random: SeededRandom, { route, model, promptTokens, isStreamed }: Asked): Outcome {
  const firstTokenMs = random.lognormal(model.firstTokenMs, 0.4) + promptTokens / PROMPT_TOKENS_PER_MS;
  if (random.isTrue(model.errorShare)) {
    const { error } = random.pick(FAILURES);
    const latencyMs = error === 'timeout' ? LATENCY_MS_MAX : firstTokenMs;
    return { latency_ms: tenths(latencyMs), completion_tokens: 0, finish_reason: 'error', error };
  }
  const completionTokens = tokens(random, route.completionTokensMedian, COMPLETION_TOKENS_MAX);
  const reasoningTokens = model.isReasoning ? tokens(random, 600, COMPLETION_TOKENS_MAX) : 0;
  const latencyMs = firstTokenMs + (completionTokens + reasoningTokens) * random.lognormal(model.tokenMs, 0.25);
  return {
    latency_ms: tenths(latencyMs),
    completion_tokens: completionTokens + reasoningTokens,
    ...(reasoningTokens > 0 ? { reasoning_tokens: reasoningTokens } : {}),
    ...(isStreamed ? { time_to_first_token_ms: tenths(firstTokenMs) } : {}),
    finish_reason: random.isTrue(0.03) ? 'length' : 'stop',
  };
}

function tokens(random: SeededRandom, median: number, max: number): number {
  return Math.min(max, Math.max(1, Math.round(random.lognormal(median, 0.8))));
}

function tenths(ms: number): number {
  return Math.round(Math.min(ms, LATENCY_MS_MAX) * 10) / 10;
}
