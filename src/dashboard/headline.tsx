import type { ComponentChildren } from 'preact';
import type { MetricsRow, Unpriced } from './api-answers.ts';
import { formatCount, formatExact, formatMs, formatShare, formatUsd } from './format-number.ts';
import type { Snapshot } from './snapshot.ts';
import { UnpricedNote } from './unpriced-note.tsx';

export interface HeadlineProps {
  readonly snapshot: Snapshot | null;
  readonly unpriced: Unpriced | null;
}

/** The range in six numbers. */
export function Headline({ snapshot, unpriced }: HeadlineProps) {
  const total = snapshot?.total ?? null;
  const minutes = snapshot === null ? 1 : (Math.min(snapshot.span.toMs, Date.now()) - snapshot.span.fromMs) / 60_000;
  return (
    <section aria-label="Headline numbers">
      <dl class="tiles">
        <Tile
          figure="calls"
          label="Calls"
          value={show(total, (row) => formatCount(row.requests))}
          exact={total?.requests}
        >
          {total !== null && `${formatCount(total.requests / minutes)} a minute${openText(total)}`}
        </Tile>
        <Tile
          figure="error-rate"
          label="Error rate"
          value={show(total, (row) => formatShare(row.completed === 0 ? null : row.errors / row.completed))}
          tone={total !== null && total.errors > 0 ? 'bad' : undefined}
        >
          {total !== null && `${formatCount(total.errors)} of ${formatCount(total.completed)} answered`}
        </Tile>
        <Tile figure="latency" label="Latency, p95" value={show(total, (row) => formatMs(row.p95_latency_ms))}>
          {total !== null && `p50 ${formatMs(total.p50_latency_ms)} · p99 ${formatMs(total.p99_latency_ms)}`}
        </Tile>
        <Tile
          figure="tokens"
          label="Tokens"
          value={show(total, (row) => formatCount(row.prompt_tokens + row.completion_tokens))}
          exact={total === null ? undefined : total.prompt_tokens + total.completion_tokens}
        >
          {total !== null && `${formatCount(total.prompt_tokens)} in · ${formatCount(total.completion_tokens)} out`}
        </Tile>
        <Tile figure="cost" label="Estimated cost" value={show(total, (row) => formatUsd(row.estimated_cost_usd))}>
          {total !== null && costNote(total)}
        </Tile>
        <Tile
          figure="unpriced"
          label="Unpriced calls"
          value={show(total, (row) => formatCount(row.unpriced_requests))}
          tone={total !== null && total.unpriced_requests > 0 ? 'warn' : undefined}
        >
          {total !== null && <UnpricedNote calls={total.unpriced_requests} unpriced={unpriced} />}
        </Tile>
      </dl>
    </section>
  );
}

interface TileProps {
  readonly figure: string;
  readonly label: string;
  readonly value: string;
  readonly exact?: number | undefined;
  readonly tone?: 'bad' | 'warn' | undefined;
  readonly children: ComponentChildren;
}

function Tile({ figure, label, value, exact, tone, children }: TileProps) {
  return (
    <div class="tile" data-figure={figure} data-tone={tone}>
      <dt>{label}</dt>
      <dd class="value" title={exact === undefined ? undefined : formatExact(exact)}>
        {value}
      </dd>
      <dd class="note">{children || '\u00a0'}</dd>
    </div>
  );
}

function show(row: MetricsRow | null, text: (row: MetricsRow) => string): string {
  return row === null ? '–' : text(row);
}

function openText({ in_flight: waiting, unanswered }: MetricsRow): string {
  const parts = [
    ...(waiting > 0 ? [`${formatCount(waiting)} in flight`] : []),
    ...(unanswered > 0 ? [`${formatCount(unanswered)} unanswered`] : []),
  ];
  return parts.length === 0 ? '' : ` · ${parts.join(' · ')}`;
}

function costNote({ completed, unpriced_requests: unpriced, estimated_cost_usd: cost }: MetricsRow): string {
  const priced = completed - unpriced;
  return cost === null || priced === 0 ? 'no priced call' : `${formatUsd(cost / priced)} a call`;
}
