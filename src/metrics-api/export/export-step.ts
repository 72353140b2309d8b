import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../tally/window.ts';
import type { DatasetName } from './export-query.ts';

interface PossibleSteps {
  readonly isPossible: (stepMs: number) => boolean;
  /** In words, behind "must be". */
  readonly steps: string;
}

/** Null: calls are no rows of sums; ranges of theirs are whole minutes. */
const STEPS_OF: Readonly<Record<DatasetName, PossibleSteps | null>> = {
  rows: { isPossible: () => true, steps: '' },
  // Nothing finer is kept for certain.
  dimensions: { isPossible: (stepMs) => stepMs >= HOUR_MS, steps: '1h or more for dimensions' },
  calls: null,
  focus: { isPossible: (stepMs) => stepMs === HOUR_MS || stepMs === DAY_MS, steps: '1h or 1d for focus' },
};

/**
 * The length of a row, or why there can be none like it. Where none is asked for it is a day.
 *
 * @param stepMs one that divides a day
 */
export function exportStep(
  dataset: DatasetName,
  stepMs: number | null,
): { readonly stepMs: number } | { readonly wrong: string } {
  const possible = STEPS_OF[dataset];
  if (possible === null) return stepMs === null ? { stepMs: MINUTE_MS } : { wrong: 'has no meaning for calls' };
  const wanted = stepMs ?? DAY_MS;
  return possible.isPossible(wanted) ? { stepMs: wanted } : { wrong: `must be ${possible.steps}` };
}
