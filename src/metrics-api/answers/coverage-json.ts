import { formatSecond } from '../../events/timestamp.ts';
import { toUsd } from '../../metrics-store/metrics-json.ts';
import type { CoverageRow, CoverageSums, CoverageTotal, MeteredUse } from '../../metrics-store/sender-use.ts';
import type { SenderCalls } from '../../tally/sender-calls.ts';
import type { Completeness, CoverageAnswer, CoverageByCalls, CoverageByMetrics } from '../contract/answers.ts';
import { encodeCursor } from '../cursor.ts';
import type { CoverageQuestion } from '../questions.ts';

interface CoverageFindings {
  readonly rows: readonly CoverageRow[];
  readonly totals: readonly CoverageTotal[];
}

/** Both witnesses side by side, and which share of what the metrics tell was seen as calls. */
export function coverageJson(
  { rows, totals }: CoverageFindings,
  { limit, asked }: CoverageQuestion,
): Omit<CoverageAnswer, keyof Completeness> {
  const last = rows.length === limit ? rows.at(-1) : undefined;
  return {
    totals: totals.map(({ tenantId, service, witnessedTokens, ...sums }) => ({
      tenant_id: tenantId,
      sender: service,
      ...witnessesJson(sums, witnessedTokens),
    })),
    coverage: rows.map(({ tenantId, service, session, hourStartMs, ...sums }) => ({
      tenant_id: tenantId,
      sender: service,
      session_id: session === '' ? null : session,
      hour: formatSecond(hourStartMs),
      ...witnessesJson(sums, tokensOf(sums.calls)),
    })),
    ...(last === undefined
      ? {}
      : { next_cursor: encodeCursor([last.hourStartMs, last.tenantId, last.service, last.session], asked) }),
  };
}

function witnessesJson({ calls, metered, lostPoints }: CoverageSums, seenTokens: number) {
  const meteredTokens = tokensOf(metered);
  return {
    calls: calls === null ? null : callsJson(calls),
    metered: metered === null ? null : meteredJson(metered),
    lost_points: lostPoints,
    metered_only: calls === null && metered !== null,
    seen_share: meteredTokens === 0 ? null : seenTokens / meteredTokens,
  };
}

type Tokens = Pick<SenderCalls | MeteredUse, 'promptTokens' | 'completionTokens'>;

function tokensOf(use: Tokens | null): number {
  return (use?.promptTokens ?? 0) + (use?.completionTokens ?? 0);
}

function callsJson(sums: SenderCalls): CoverageByCalls {
  return {
    calls: sums.calls,
    prompt_tokens: sums.promptTokens,
    completion_tokens: sums.completionTokens,
    cached_prompt_tokens: sums.cachedPromptTokens,
    cache_write_tokens: sums.cacheWriteTokens,
    reasoning_tokens: sums.reasoningTokens,
    cost_usd: sums.unpricedCalls === sums.calls ? null : toUsd(sums.costPicoUsd.value),
    unpriced_calls: sums.unpricedCalls,
  };
}

function meteredJson(use: MeteredUse): CoverageByMetrics {
  return {
    prompt_tokens: use.promptTokens,
    completion_tokens: use.completionTokens,
    cached_prompt_tokens: use.cachedPromptTokens,
    cache_write_tokens: use.cacheWriteTokens,
    reasoning_tokens: use.reasoningTokens,
    cost_usd: use.costNanoUsd === null ? null : use.costNanoUsd / NANO_PER_USD,
  };
}

const NANO_PER_USD = 1e9;
