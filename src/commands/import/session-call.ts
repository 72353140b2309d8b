import { createHash } from 'node:crypto';
import type { ErrorKind } from '../../events/error-kind.ts';
import type { CostReporter } from '../../events/llm-response.ts';

/** One model call as an agent's session files tell of it. */
export interface SessionCall {
  /** What the source knows the call by, the same in every copy of it, with the source before it. */
  readonly key: string;
  /** By these ids telemetry of the same call may name it. Empty where the agent gives its calls none. */
  readonly ids: readonly string[];
  readonly provider: string | null;
  readonly model: string;
  /**
   * All sessions that hold it: a session that was forked or resumed repeats its past. The one that made the call is
   * first.
   */
  readonly sessions: readonly string[];
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** With what the cache gave and took; null where the file does not say. */
  readonly promptTokens: number | null;
  readonly cachedPromptTokens: number | null;
  readonly cacheWriteTokens: number | null;
  readonly cacheWrite1hTokens: number | null;
  /** With reasoning. */
  readonly completionTokens: number | null;
  readonly reasoningTokens: number | null;
  /** Searches of the web that the provider ran. */
  readonly webSearchRequests: number | null;
  readonly finishReason: string | null;
  readonly serviceTier: string | null;
  /** The agent's own estimate. */
  readonly reportedCostUsd: number | null;
  readonly metadata: Readonly<Record<string, string>>;
  /** What gateways know beyond agents. Such a call is known again by its ids only. */
  readonly told?: ToldByGateway;
}

export interface ToldByGateway {
  readonly tenant: string | null;
  readonly route: string | null;
  readonly user: string | null;
  readonly latencyMs: number | null;
  readonly timeToFirstTokenMs: number | null;
  readonly answeredModel: string | null;
  readonly operation: string | null;
  readonly isStream: boolean | null;
  readonly audioPromptTokens: number | null;
  readonly audioCompletionTokens: number | null;
  readonly costReportedBy: CostReporter;
  readonly isCacheHit: boolean | null;
  readonly error: string | null;
  readonly errorKind: ErrorKind | null;
}

/**
 * What was read of one file. Unreadable are lines that are no JSON, such as the last one of a file that is being
 * written.
 */
export interface SessionContent {
  readonly calls: readonly SessionCall[];
  readonly unreadableLines: number;
  /** Rows that are left out, each with its line and its field: the first ones. */
  readonly problems?: readonly string[];
  readonly refusedRows?: number;
}

export interface Sender {
  readonly tenant: string;
  /** Also of calls whose source names another one. */
  readonly isTenantForced: boolean;
  readonly user: string | null;
  /** The agent. */
  readonly route: string;
}

const REQUEST_ID_CHARS_MAX = 128;

/** The id under which a call is sent: always the same, so that within the dedup horizon the server knows it again. */
export function requestIdOf({ key }: SessionCall): string {
  return key.length <= REQUEST_ID_CHARS_MAX ? key : createHash('sha256').update(key).digest('hex');
}

export function tenantOf({ told }: SessionCall, { tenant, isTenantForced }: Sender): string {
  return isTenantForced ? tenant : (told?.tenant ?? tenant);
}

/**
 * The request and the response of a call, as lines of a batch. Agents do not tell how long the model took: it is
 * unknown.
 */
export function eventLines(call: SessionCall, sender: Sender): string {
  const { told } = call;
  const tenant = tenantOf(call, sender);
  const request = {
    type: 'request',
    request_id: requestIdOf(call),
    tenant_id: tenant,
    route: told?.route ?? sender.route,
    model: call.model,
    provider: call.provider,
    timestamp: new Date(call.startedAtMs).toISOString(),
    prompt_tokens: call.promptTokens,
    user_id_hash: told?.user ?? sender.user,
    session_id: call.sessions[0] ?? null,
    operation: told?.operation ?? 'chat',
    ...(told === undefined || told.isStream === null ? {} : { stream: told.isStream }),
    metadata: { ...call.metadata, imported_from: sender.route },
  };
  const response = {
    type: 'response',
    request_id: requestIdOf(call),
    tenant_id: tenant,
    timestamp: new Date(call.startedAtMs + (told?.latencyMs ?? 0)).toISOString(),
    latency_ms: told?.latencyMs ?? null,
    prompt_tokens: call.promptTokens,
    cached_prompt_tokens: call.cachedPromptTokens,
    cache_write_tokens: call.cacheWriteTokens,
    cache_write_1h_tokens: call.cacheWrite1hTokens,
    completion_tokens: call.completionTokens,
    reasoning_tokens: call.reasoningTokens,
    ...(call.webSearchRequests ? { web_search_requests: call.webSearchRequests } : {}),
    finish_reason: call.finishReason,
    service_tier: call.serviceTier,
    ...(call.reportedCostUsd === null
      ? {}
      : { reported_cost_usd: call.reportedCostUsd, cost_reported_by: told?.costReportedBy ?? 'client' }),
    ...(told === undefined ? {} : toldFields(told)),
  };
  return `${JSON.stringify(request)}\n${JSON.stringify(response)}\n`;
}

function toldFields(told: ToldByGateway) {
  return {
    time_to_first_token_ms: told.timeToFirstTokenMs,
    model: told.answeredModel,
    audio_prompt_tokens: told.audioPromptTokens,
    audio_completion_tokens: told.audioCompletionTokens,
    cache_hit: told.isCacheHit,
    error: told.error,
    error_kind: told.errorKind,
  };
}
