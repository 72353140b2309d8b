import { CALL_EQUALITIES } from '../metrics-store/call-filters.ts';
import { onlyTenant } from '../metrics-store/tenant-filter.ts';
import { oneStep, type TimeRange } from '../tally/steps.ts';
import { coarsestResolutionMs, HOUR_MS, MINUTE_MS } from '../tally/window.ts';
import type { MetricsQuestion, QuestionKind, Questions } from './questions.ts';

/** A question that may read the rows of more windows than this, each for all its series, is a long one. */
const WINDOWS_MAX = 300;

/**
 * Whether a question may take so long that others should not stand behind it. Judged before it is asked, so only by its
 * form.
 */
export function isLongQuestion<K extends QuestionKind>(kind: K, question: Questions[K]): boolean {
  return IS_LONG[kind](question);
}

const IS_LONG: { readonly [K in QuestionKind]: (question: Questions[K]) => boolean } = {
  metrics: (question) =>
    question.dimension !== undefined || onlyTenant(question.tenantId) === null || windowsOfRows(question) > WINDOWS_MAX,
  summary: (question) =>
    question.dimension !== undefined ||
    onlyTenant(question.tenantId) === null ||
    windowsOfRange(question) > WINDOWS_MAX,
  top: ({ tenantId, range, compared, dimension }) =>
    dimension !== undefined ||
    onlyTenant(tenantId) === null ||
    windowsOfRange(range) + windowsOfRange(compared) > WINDOWS_MAX,
  dimensions: ({ tenantId }) => onlyTenant(tenantId) === null,
  calls: (query) =>
    query.order === 'slowest' ||
    query.isCounted ||
    CALL_FILTERS.some((name) => query[name] !== null) ||
    query.metadata.size > 0,
  call: () => false,
  evaluations: ({ limit, stepMs }) => (limit * stepMs) / MINUTE_MS > WINDOWS_MAX,
  audit: () => true,
  coverage: () => true,
  unpriced: () => true,
  reconciliations: () => false,
};

/** The newest calls are read until there are enough; with a filter that may be all of them. */
const CALL_FILTERS = [...CALL_EQUALITIES, 'hasError', 'latencyMsMin', 'latencyMsMax'] as const;

function windowsOfRows({ fromMs, toMs, stepMs, limit, timezone }: MetricsQuestion): number {
  const resolutionMs = timezone === null ? coarsestResolutionMs(stepMs) : HOUR_MS;
  return Math.min(limit * (stepMs / resolutionMs), (toMs - fromMs) / resolutionMs);
}

function windowsOfRange(range: TimeRange): number {
  let count = 0;
  for (const { fromMs, toMs, resolutionMs } of oneStep().stretches(range, 'asc'))
    count += (toMs - fromMs) / resolutionMs;
  return count;
}
