import type { ComponentChildren } from 'preact';
import type { MetricsRow, Unpriced } from './api-answers.ts';
import { type Change, changeOf, errorRateTone, type Meaning } from './comparison.ts';
import { formatCount, formatExact, formatMs, formatShare, formatUsd } from './format-number.ts';
import type { Snapshot } from './snapshot.ts';
import { UnpricedNote } from './unpriced-note.tsx';

export interface HeadlineProps {
  readonly snapshot: Snapshot | null;
  readonly unpriced: Unpriced | null;
}

const tokensOf = (row: MetricsRow): number => row.prompt_tokens + row.completion_tokens;
const errorRateOf = (row: MetricsRow): number | null => (row.completed === 0 ? null : row.errors / row.completed);

/** The range in six numbers, each beside what it was in as much time before. */
export function Headline({ snapshot, unpriced }: HeadlineProps) {
  const total = snapshot?.total ?? null;
  const previous = snapshot?.previous ?? null;
  const compared = (measure: (row: MetricsRow) => number | null, meaning: Meaning = 'news'): Change | null =>
    total === null || previous === null
      ? null
      : changeOf(measure(total), measure(previous), { total, previous, meaning });
  return (
    <section aria-label="Headline numbers">
      <dl class="tiles">
        <Tile
          figure="calls"
          label="Calls"
          value={show(total, (row) => formatCount(row.requests))}
          exact={total?.requests}
          change={compared((row) => row.requests)}
        >
          {snapshot !== null &&
            total !== null &&
            `${formatCount(perMinute(snapshot, total))} a minute${openText(total)}`}
        </Tile>
        <Tile
          figure="error-rate"
          label="Error rate"
          value={show(total, (row) => formatShare(errorRateOf(row)))}
          tone={total === null ? undefined : errorRateTone(total, previous)}
          change={compared(errorRateOf, 'errors')}
        >
          {total !== null && `${formatCount(total.errors)} of ${formatCount(total.completed)} answered`}
        </Tile>
        <Tile
          figure="latency"
          label="Latency, p95"
          value={show(total, (row) => formatMs(row.p95_latency_ms))}
          change={compared((row) => row.p95_latency_ms, 'latency')}
        >
          {total !== null && `p50 ${formatMs(total.p50_latency_ms)} · p99 ${formatMs(total.p99_latency_ms)}`}
        </Tile>
        <Tile
          figure="tokens"
          label="Tokens"
          value={show(total, (row) => formatCount(tokensOf(row)))}
          exact={total === null ? undefined : tokensOf(total)}
          change={compared(tokensOf)}
        >
          {total !== null && `${formatCount(total.prompt_tokens)} in · ${formatCount(total.completion_tokens)} out`}
        </Tile>
        <Tile
          figure="cost"
          label="Estimated cost"
          value={show(total, (row) => formatUsd(row.estimated_cost_usd))}
          change={compared((row) => row.estimated_cost_usd, 'cost')}
        >
          {total !== null && costNote(total)}
        </Tile>
        <Tile
          figure="unpriced"
          label="Unpriced calls"
          value={show(total, (row) => formatCount(row.unpriced_requests))}
          tone={total !== null && total.unpriced_requests > 0 ? 'warn' : undefined}
          change={null}
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
  readonly change: Change | null;
  readonly children: ComponentChildren;
}

function Tile({ figure, label, value, exact, tone, change, children }: TileProps) {
  return (
    <div class="tile" data-figure={figure} data-tone={tone}>
      <dt>{label}</dt>
      <dd class="tile-figure">
        <span class="value" title={exact === undefined ? undefined : formatExact(exact)}>
          {value}
        </span>
        {change !== null && (
          <span class="change" data-tone={change.tone} title={change.title}>
            {change.text}
          </span>
        )}
      </dd>
      <dd class="note">{children || '\u00a0'}</dd>
    </div>
  );
}

function show(row: MetricsRow | null, text: (row: MetricsRow) => string): string {
  return row === null ? '–' : text(row);
}

/** Since the first call of the range: neither the time before it nor the hours to come are without calls by rights. */
function perMinute({ span, steps }: Snapshot, total: MetricsRow): number {
  const firstMs = Date.parse(steps[0]?.window_start ?? '');
  const fromMs = Number.isNaN(firstMs) ? span.fromMs : Math.max(span.fromMs, firstMs);
  const minutes = (Math.min(span.toMs, Date.now()) - fromMs) / 60_000;
  return total.requests / Math.max(1, minutes);
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
