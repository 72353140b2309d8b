import type { LlmEvaluation } from '../../../events/llm-evaluation.ts';
import { parseTimestampMs } from '../../../events/timestamp.ts';
import {
  addLabelCounts,
  EVALUATION_SUMS,
  type EvaluationDelta,
  type EvaluationTally,
  emptyEvaluationTally,
} from '../../../metrics-store/evaluation.ts';
import { MINUTE_MS, windowStartMs } from '../../../tally/window.ts';

export interface EvaluatedSeries {
  readonly tenantId: string;
  readonly route: string;
  readonly model: string;
}

/** Sums per (series, evaluation name, minute) since the last commit. */
export class EvaluationDeltas {
  readonly #deltas = new Map<string, EvaluationDelta>();

  count(series: EvaluatedSeries, event: LlmEvaluation): void {
    this.#add(series, event, 1);
  }

  /** What was counted for it there. */
  takeBack(series: EvaluatedSeries, event: LlmEvaluation): void {
    this.#add(series, event, -1);
  }

  /** Without those in which all was taken back that was counted. */
  deltas(): EvaluationDelta[] {
    return [...this.#deltas.values()].filter(({ tally }) => !isNothing(tally));
  }

  #add(series: EvaluatedSeries, { score, passed, label, ...event }: LlmEvaluation, by: 1 | -1): void {
    const { tally } = this.#delta(series, event);
    tally.count += by;
    if (typeof score === 'number') {
      tally.scored += by;
      tally.scoreMicroSum += BigInt(by * Math.round(score * 1e6));
    }
    if (typeof passed === 'boolean') {
      tally.judged += by;
      if (passed) tally.passed += by;
    }
    if (label) addLabelCounts(tally.labels, [[label, by]]);
  }

  #delta(
    { tenantId, route, model }: EvaluatedSeries,
    { name, timestamp }: Pick<LlmEvaluation, 'name' | 'timestamp'>,
  ): EvaluationDelta {
    const startMs = windowStartMs(parseTimestampMs(timestamp), MINUTE_MS);
    const key = `${startMs}\0${tenantId}\0${route}\0${model}\0${name}`;
    let delta = this.#deltas.get(key);
    if (delta === undefined) {
      delta = { tenantId, route, model, name, windowStartMs: startMs, tally: emptyEvaluationTally() };
      this.#deltas.set(key, delta);
    }
    return delta;
  }
}

function isNothing(tally: EvaluationTally): boolean {
  return tally.labels.size === 0 && tally.scoreMicroSum === 0n && EVALUATION_SUMS.every((field) => tally[field] === 0);
}
