import type { MeterPart } from '../../../events/meter-part.ts';
import type { OtlpMetric, OtlpPoint } from '../../decode/metric-export.ts';
import type { Agent } from '../agents.ts';

/** What one point is to the witnesses. */
export type PointReading =
  | { readonly role: 'meter'; readonly part: MeterPart; readonly rule: string }
  /** `repeats`: another point of the same sender tells it too. `none`: nobody knows what it says. */
  | { readonly role: 'repeats' | 'none'; readonly rule: string };

/** The metrics of one emitter that tell what it used. */
export interface MetricDialect {
  /** Null for names that anybody may write. */
  readonly agent: Agent | null;
  readonly names: readonly string[];
  /**
   * Of several metrics by which a sender tells the same tokens the one with the least counts: an agent's own, then
   * the newest of the convention.
   */
  readonly precedence: number;
  readonly read: (point: OtlpPoint, metric: OtlpMetric) => PointReading;
}

export function meter(part: MeterPart, rule: string): PointReading {
  return { role: 'meter', part, rule };
}

export function repeats(rule: string): PointReading {
  return { role: 'repeats', rule };
}

export function noMeter(rule: string): PointReading {
  return { role: 'none', rule };
}
