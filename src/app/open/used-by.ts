import { labelled } from '../../exposition/labelled.ts';
import type { MetricSource } from '../../exposition/metric-family.ts';

/** What a pool of connections tells of itself, by who has it: a process may have two to one database. */
export function usedBy(use: string, { metrics }: { readonly metrics?: MetricSource }): MetricSource | undefined {
  return metrics === undefined ? undefined : labelled(metrics, 'used_by', use);
}
