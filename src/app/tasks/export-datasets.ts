import { STEPS_MS } from '../../metrics-api/contract/parameters.ts';
import { DATASET_NAMES, type DatasetName } from '../../metrics-api/export/export-query.ts';
import { exportStep } from '../../metrics-api/export/export-step.ts';
import { SettingError } from '../../settings/read-settings.ts';

/** @throws {SettingError} where there is none of that name */
export function datasetOf(name: string): DatasetName {
  const dataset = DATASET_NAMES.find((each) => each === name);
  if (dataset !== undefined) return dataset;
  throw new SettingError(`<dataset> must be ${DATASET_NAMES.join(', ')}; got ${JSON.stringify(name)}`);
}

/** @throws {SettingError} where rows of it cannot be so long */
export function exportStepOf(dataset: DatasetName, step: string | undefined): number {
  const found = exportStep(dataset, step === undefined ? null : STEPS_MS[step as keyof typeof STEPS_MS]);
  if ('wrong' in found) throw new SettingError(`--step ${found.wrong}; got ${JSON.stringify(step)}`);
  return found.stepMs;
}

/** @throws {SettingError} where it is not known by which */
export function exportedDimensionsOf(dataset: DatasetName, kept: readonly string[] | undefined): readonly string[] {
  if (dataset !== 'dimensions') return [];
  if (kept === undefined) throw new SettingError('dimensions needs METRIC_DIMENSIONS, or --metric-dimensions user,…');
  return kept;
}
