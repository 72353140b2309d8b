import { TOPICS } from '../../../events/topics.ts';
import type { Commit } from '../../../metrics-store/commit.ts';
import {
  anEvaluation,
  CORE_OPTIONS,
  FLAT_PRICES,
  restart,
  type Topics,
  topics,
  type Unnumbered,
} from '../core-builders.contract.ts';
import { aReport, span, TRACE } from '../reports/report-builders.contract.ts';
import { ShardCore } from '../shard-core.ts';

const { evaluations, reports } = TOPICS;

/** What was ever committed about evaluations, summed up; what comes to nothing is not there. */
export class Rows {
  readonly #sums = new Map<string, number>();

  take(core: ShardCore): this {
    const commit: Pick<Commit, 'evaluations' | 'audits' | 'deadLetters'> = core.takeEffects().toCommit();
    for (const { tenantId, route, model, name, tally } of commit.evaluations) {
      const row = `${tenantId} ${route} ${model} ${name}`;
      this.#add(row, tally.count);
      this.#add(`${row} passed`, tally.passed);
      this.#add(`${row} score`, Number(tally.scoreMicroSum));
      for (const [label, count] of tally.labels) this.#add(`${row} ${label}`, count);
    }
    for (const { tenantId, counts } of commit.audits) {
      for (const [name, count] of Object.entries(counts)) {
        if (name.endsWith('Evaluations')) this.#add(`books of '${tenantId}': ${name}`, count);
      }
    }
    for (const { offset, topic, reason } of commit.deadLetters) this.#add(`${topic} ${offset} ${reason}`, 1);
    return this;
  }

  get all(): Readonly<Record<string, number>> {
    const rows = [...this.#sums].filter(([, sum]) => sum !== 0);
    return Object.fromEntries(rows.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** The sums of the evaluations alone. */
  get sums(): Readonly<Record<string, number>> {
    return Object.fromEntries(Object.entries(this.all).filter(([name]) => !name.startsWith('books')));
  }

  #add(name: string, by: number): void {
    this.#sums.set(name, (this.#sums.get(name) ?? 0) + by);
  }
}

export type Step = readonly [topic: typeof evaluations | typeof reports, record: Unnumbered];

/** Folds each record by itself; `restartAt` is before which of them the processor restarts. */
export function rowsOf(
  steps: readonly Step[],
  restartAt = Number.NaN,
  options = CORE_OPTIONS,
  finish: (core: ShardCore) => void = () => undefined,
): Rows {
  const log = logOf(steps);
  let core = new ShardCore(options);
  const rows = new Rows();
  for (const [at, [topic]] of steps.entries()) {
    if (at === restartAt) core = restart(core, core.checkpoint(), log, options);
    const offset = core.position(topic);
    core.fold(topic, log[topic].slice(offset, offset + 1), FLAT_PRICES);
    rows.take(core);
  }
  finish(core);
  return rows.take(core);
}

export const ID = `${TRACE}-${span(1)}`;

export const evaluated = (atMinute: number, more: object = {}, id = ID): Step => [
  evaluations,
  anEvaluation(id, atMinute, { score: 0.5, label: 'good', ...more }),
];
export const reported = (atMinute: number, given: object = {}): Step => [reports, aReport(atMinute, { ...given })];

export function logOf(steps: readonly Step[]): Topics {
  const recordsOf = (topic: Step[0]) => steps.filter(([each]) => each === topic).map(([, record]) => record);
  return topics([], [], recordsOf(evaluations), recordsOf(reports));
}
