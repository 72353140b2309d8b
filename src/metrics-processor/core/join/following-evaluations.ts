import type { EvaluatedSeries } from '../sums/evaluation-deltas.ts';
import { keptSize } from './kept-record.ts';
import { keptEvaluation, type PendingEvaluation } from './waiting-evaluations.ts';

/** An evaluation whose span was reported, in a trace that is open. */
export interface FollowingEvaluation extends PendingEvaluation {
  readonly traceId: string;
  /** Where it is counted: with its call; null while the span is no call. */
  readonly series: EvaluatedSeries | null;
}

type Following = { -readonly [Field in keyof FollowingEvaluation]: FollowingEvaluation[Field] };

/**
 * Evaluations of open traces: as long as reports may still correct a call, or find that it is none, what was judged of
 * it goes with it. In the order in which their spans were found.
 */
export class FollowingEvaluations {
  /** What they take in memory, where each is an object too. */
  bytes = 0;
  /** How many are counted nowhere so far. */
  waitingCount = 0;
  readonly #all = new Set<Following>();
  readonly #byTrace = new Map<string, Following[]>();

  get size(): number {
    return this.#all.size;
  }

  get oldest(): FollowingEvaluation | undefined {
    const [oldest] = this.#all;
    return oldest;
  }

  add(pending: PendingEvaluation, traceId: string, series: EvaluatedSeries | null): void {
    const following = { ...keptEvaluation(pending), traceId, series };
    this.bytes += 2 * keptSize(following);
    if (series === null) this.waitingCount++;
    this.#all.add(following);
    const beside = this.#byTrace.get(traceId);
    if (beside === undefined) this.#byTrace.set(traceId, [following]);
    else beside.push(following);
  }

  /** Of one trace, of whatever sender; a list of its own. */
  ofTrace(traceId: string): readonly FollowingEvaluation[] {
    return [...(this.#byTrace.get(traceId) ?? [])];
  }

  move(following: FollowingEvaluation, series: EvaluatedSeries | null): void {
    this.waitingCount += (series === null ? 1 : 0) - (following.series === null ? 1 : 0);
    (following as Following).series = series;
  }

  take(following: FollowingEvaluation): void {
    if (following.series === null) this.waitingCount--;
    this.bytes -= 2 * keptSize(following);
    this.#all.delete(following);
    const { traceId } = following;
    const others = (this.#byTrace.get(traceId) ?? []).filter((other) => other !== following);
    if (others.length === 0) this.#byTrace.delete(traceId);
    else this.#byTrace.set(traceId, others);
  }

  places(): number[] {
    return Array.from(this.#all, ({ place }) => place);
  }
}
