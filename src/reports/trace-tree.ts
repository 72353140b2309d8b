import type { Report } from './report.ts';

/** More ancestors than this are no trace of a program but a loop or an attack. */
export const ANCESTORS_MAX = 64;

/** The reports of one trace as a tree. Cycles and endless chains are cut. */
export class TraceTree {
  readonly #byId = new Map<string, Report>();

  constructor(reports: readonly Report[]) {
    for (const report of reports) this.#byId.set(report.span_id, report);
  }

  /** The reports above one, nearest first, as far as they are known. */
  ancestorsOf(report: Report): readonly Report[] {
    const ancestors: Report[] = [];
    let parent = this.#parentOf(report);
    while (parent !== undefined && parent !== report && ancestors.length < ANCESTORS_MAX) {
      ancestors.push(parent);
      parent = this.#parentOf(parent);
    }
    return ancestors;
  }

  #parentOf({ parent_id }: Report): Report | undefined {
    return parent_id === undefined ? undefined : this.#byId.get(parent_id);
  }
}
