import { formatInstant } from '../events/timestamp.ts';
import type { MetricsReader } from '../metrics-store/metrics-reader.ts';

/** How far an answer can be trusted, on every answer with rows. */
export interface Completeness {
  readonly as_of: string;
  /** Log time up to which every event is included; null before the first event. */
  readonly complete_until: string | null;
  readonly lag_ms: number | null;
}

/** The least complete partition decides. */
export async function completeness(reader: MetricsReader, nowMs: number): Promise<Completeness> {
  const progress = [...(await reader.readProgress()).values()];
  if (progress.length === 0) return { as_of: formatInstant(nowMs), complete_until: null, lag_ms: null };
  const throughMs = Math.min(...progress.map((each) => each.completeThroughMs));
  return {
    as_of: formatInstant(nowMs),
    complete_until: formatInstant(throughMs),
    lag_ms: Math.max(0, nowMs - throughMs),
  };
}
