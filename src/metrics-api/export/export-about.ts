import { formatInstant } from '../../events/timestamp.ts';
import type { ExportQuery } from './export-query.ts';
import { FOCUS_VERSION } from './focus-columns.ts';

/** What a file says of itself, where its format has a place for that. */
export function exportAbout(
  { dataset, fromMs, toMs }: ExportQuery,
  completeThroughMs: number | null,
): Readonly<Record<string, string>> {
  return {
    'streamlens.dataset': dataset,
    ...(dataset === 'focus' ? { 'focus.version': FOCUS_VERSION } : {}),
    'streamlens.from': formatInstant(fromMs),
    'streamlens.to': formatInstant(toMs),
    'streamlens.complete_until': completeThroughMs === null ? '' : formatInstant(completeThroughMs),
  };
}
