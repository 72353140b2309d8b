import type { LlmEvaluation } from '../../../events/llm-evaluation.ts';
import { parseTimestampMs } from '../../../events/timestamp.ts';
import { type EvaluationDelta, emptyEvaluationTally } from '../../../metrics-store/evaluation.ts';
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
    const { tally } = this.#delta(series, event);
    tally.count++;
    if (typeof event.score === 'number') {
      tally.scored++;
      tally.scoreMicroSum += BigInt(Math.round(event.score * 1e6));
    }
    if (typeof event.passed === 'boolean') {
      tally.judged++;
      if (event.passed) tally.passed++;
    }
    if (event.label) tally.labels.set(event.label, (tally.labels.get(event.label) ?? 0) + 1);
  }

  deltas(): EvaluationDelta[] {
    return [...this.#deltas.values()];
  }

  #delta({ tenantId, route, model }: EvaluatedSeries, { name, timestamp }: LlmEvaluation): EvaluationDelta {
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
