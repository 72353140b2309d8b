import type { SendCounts } from './event-sender.ts';

export interface SendFacts {
  readonly calls: number;
  readonly tookMs: number;
  readonly baseUrl: string;
}

/** What became of the events, for a person. */
export function sendReport(
  { accepted, rejected, retries, firstRejection, latenciesMs }: SendCounts,
  facts: SendFacts,
): string {
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  const at = (quantile: number) => shownMs(sorted[Math.max(0, Math.ceil(sorted.length * quantile) - 1)] ?? 0);
  const seconds = facts.tookMs / 1000;
  const rate = Math.round((accepted + rejected) / Math.max(seconds, 0.001));
  return [
    `${facts.calls} calls to ${facts.baseUrl} in ${seconds.toFixed(1)} s (${rate} events/s)`,
    `accepted  ${accepted} events`,
    `rejected  ${rejected} events${firstRejection === null ? '' : `; the first: ${firstRejection}`}`,
    ...(retries === 0 ? [] : [`retried   ${retries} posts`]),
    `latency   p50 ${at(0.5)}   p95 ${at(0.95)}   p99 ${at(0.99)}   max ${at(1)} per post`,
    '',
  ].join('\n');
}

function shownMs(ms: number): string {
  return `${ms.toFixed(1)} ms`;
}
