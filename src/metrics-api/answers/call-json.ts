import { formatInstant } from '../../events/timestamp.ts';
import type { Call } from '../../metrics-store/call.ts';
import { CALL_KEPT, type KeptField } from '../../metrics-store/call-columns.ts';
import { toUsd } from '../../metrics-store/metrics-json.ts';
import { type Bill, type BillLine, parseBill } from '../../prices/bill.ts';
import { FEE_PARTS } from '../../prices/cost.ts';
import type { Call as CallAnswered, CallDetail, CostLine, KeptAnswers } from '../contract/answers.ts';

/** A call in the field names of the contract; what is not known is null. */
export function callJson(call: Call): CallAnswered {
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
    error: call.error,
    answered_model: call.answeredModel,
    error_kind: call.errorKind,
    estimated_cost_usd: usdOrNull(call.costPicoUsd),
    cost_source: call.costSource,
    reported_cost_usd: usdOrNull(call.reportedCostPicoUsd),
    cost_reported_by: call.reportedCostPicoUsd === null ? null : call.costSource,
    list_cost_usd: usdOrNull(call.listCostPicoUsd),
    ...keptJson(call),
  };
}

/** What was kept as it was sent. */
function keptJson(call: Call): KeptAnswers {
  const entries = CALL_KEPT.map(({ name, field, kind }) => {
    const value = call[field as KeptField];
    return [name, kind === 'object' && typeof value === 'string' ? parseObject(value) : value];
  });
  return Object.fromEntries(entries) as KeptAnswers;
}

/** With the lines that make up its cost, and the list that they are by. */
export function callDetailJson(call: Call): CallDetail {
  return { ...callJson(call), ...explainedCost(call) };
}

type Explained = Pick<CallDetail, 'cost_lines' | 'list_cost_lines' | 'price_source'>;

function explainedCost({ bill, costPicoUsd, reportedCostPicoUsd }: Call): Explained {
  const { source, lines } = bill === null ? NO_BILL : parseBill(bill);
  const listed = source === null ? [] : lines.map(costLine);
  if (reportedCostPicoUsd === null) return { cost_lines: costPicoUsd === null ? [] : listed, price_source: source };
  const reported: CostLine = {
    part: 'reported',
    tokens: null,
    usd_per_million_tokens: null,
    cost_usd: toUsd(reportedCostPicoUsd),
  };
  return { cost_lines: [reported], list_cost_lines: listed, price_source: source };
}

const NO_BILL: Bill = { source: null, lines: [] };

function costLine({ part, count, rate }: BillLine): CostLine {
  const picoUsd = rate ?? 0;
  const isFee = FEE_PARTS.has(part);
  return {
    part,
    tokens: isFee ? null : count,
    usd_per_million_tokens: isFee ? null : picoUsd / PICO_USD_PER_TOKEN,
    ...(part === 'web_search' ? { searches: count } : {}),
    cost_usd: toUsd(BigInt(count) * BigInt(picoUsd)),
  };
}

/** 10^-12 USD per token that make one USD per million tokens. */
const PICO_USD_PER_TOKEN = 1_000_000;

function usdOrNull(picoUsd: bigint | null): number | null {
  return picoUsd === null ? null : toUsd(picoUsd);
}

function parseObject(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
