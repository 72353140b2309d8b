import { formatSecond } from '../../events/timestamp.ts';
import type { EvaluationRow } from '../../metrics-store/metrics-reader.ts';
import type { EvaluationRow as EvaluationAnswered } from '../contract/answers.ts';

export function evaluationJson(
  { name, windowStartMs, tally }: EvaluationRow,
  tenantId: string,
  stepMs: number,
): EvaluationAnswered {
  return {
    tenant_id: tenantId,
    name,
    window_start: formatSecond(windowStartMs),
    window_end: formatSecond(windowStartMs + stepMs),
    count: tally.count,
    avg_score: tally.scored === 0 ? null : Number(tally.scoreMicroSum) / tally.scored / 1e6,
    pass_rate: tally.judged === 0 ? null : tally.passed / tally.judged,
    labels: Object.fromEntries(tally.labels),
  };
}
