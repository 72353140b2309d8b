import { formatInstant } from '../events/timestamp.ts';
import type { Call } from '../metrics-store/call.ts';
import { toUsd } from '../metrics-store/metrics-json.ts';
import { billableTokens, type CostLine, costLines } from '../prices/cost.ts';
import type { PriceBook } from '../prices/price-book.ts';

/** A call in the field names of the contract; what is not known is null. */
export function callJson(call: Call): object {
  return {
    request_id: call.requestId,
    tenant_id: call.tenantId,
    route: call.route,
    model: call.model,
    provider: call.provider === '' ? null : call.provider,
    timestamp: formatInstant(call.timestampMs),
    status: call.status,
    latency_ms: call.latencyMs,
    time_to_first_token_ms: call.timeToFirstTokenMs,
    prompt_tokens: call.promptTokens,
    completion_tokens: call.completionTokens,
    cached_prompt_tokens: call.cachedPromptTokens,
    cache_write_tokens: call.cacheWriteTokens,
    reasoning_tokens: call.reasoningTokens,
    finish_reason: call.finishReason,
    error: call.error,
    user_id_hash: call.userIdHash,
    session_id: call.sessionId,
    metadata: call.metadata === null ? null : parseMetadata(call.metadata),
    answered_model: call.answeredModel,
    estimated_cost_usd: call.costPicoUsd === null ? null : toUsd(call.costPicoUsd),
  };
}

/** With the lines that make up its cost, and where the price came from. */
export function callDetailJson(call: Call, prices: PriceBook): object {
  const explained = explainCost(call, prices);
  return { ...callJson(call), cost_lines: explained.lines, price_source: explained.source };
}

function explainCost(call: Call, prices: PriceBook): { lines: readonly CostLine[]; source: string | null } {
  const { promptTokens, completionTokens } = call;
  if (promptTokens === null || completionTokens === null) return { lines: [], source: null };
  const price = prices.priceOf({
    provider: call.provider,
    model: call.answeredModel ?? call.model,
    atMs: call.timestampMs,
    promptTokens,
  });
  if (price === null) return { lines: [], source: null };
  const tokens = billableTokens({
    promptTokens,
    completionTokens,
    cachedPromptTokens: call.cachedPromptTokens ?? 0,
    cacheWriteTokens: call.cacheWriteTokens ?? 0,
  });
  return { lines: costLines(tokens, price), source: price.source };
}

function parseMetadata(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
