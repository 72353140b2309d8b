import { addLabelCounts } from '../evaluation.ts';

/** Counts per label as JSON text with sorted keys: `{"bad":1,"good":5}`. */
export function encodeLabels(labels: ReadonlyMap<string, number>): string {
  return labels.size === 0 ? '{}' : JSON.stringify(Object.fromEntries([...labels].sort(byLabel)));
}

export function decodeLabels(text: string): Map<string, number> {
  return text === '{}' ? new Map() : new Map(Object.entries(JSON.parse(text) as Record<string, number>));
}

/** What `labels_add` does in the store. */
export function addLabels(a: string, b: string): string {
  if (a === '{}') return b;
  if (b === '{}') return a;
  const sum = decodeLabels(a);
  addLabelCounts(sum, decodeLabels(b));
  return encodeLabels(sum);
}

function byLabel([a]: [string, number], [b]: [string, number]): number {
  return a < b ? -1 : 1;
}
