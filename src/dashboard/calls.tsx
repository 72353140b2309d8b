import { useState } from 'preact/hooks';
import type { Api } from './api.ts';
import type { Call, CallsAnswer } from './api-answers.ts';
import { formatCount, formatMs, formatUsd } from './format-number.ts';
import { formatShortTime } from './format-time.ts';
import { Segments } from './segments.tsx';
import type { Snapshot } from './snapshot.ts';
import { StatusBadge } from './status-badge.tsx';
import { usePolled } from './use-polled.ts';
import type { ChangeView } from './use-view.ts';
import type { View } from './view.ts';

export interface CallsProps {
  readonly api: Api;
  readonly snapshot: Snapshot;
  readonly version: number;
  readonly view: View;
  readonly change: ChangeView;
}

const FILTERS = [
  { value: 'all', label: 'All' },
  { value: 'error', label: 'Errors' },
  { value: 'waiting', label: 'Waiting' },
  { value: 'unanswered', label: 'Unanswered' },
] as const;
const ORDERS = [
  { value: 'newest', label: 'Newest' },
  { value: 'slowest', label: 'Slowest' },
] as const;

const PAGE_CALLS = 20;
const CALLS_MAX = 500;
const POLL_MS = 15_000;

/** Single calls of the range, newest or slowest first. */
export function Calls({ api, snapshot, version, view, change }: CallsProps) {
  const [limit, setLimit] = useState(PAGE_CALLS);
  const { tenant, span } = snapshot;
  const question = {
    tenant_id: tenant,
    route: view.route,
    model: view.model,
    status: view.calls === 'all' ? null : view.calls,
    order: view.order,
    from: new Date(span.fromMs).toISOString(),
    to: new Date(span.toMs).toISOString(),
    limit,
  };
  const { value: answer, error } = usePolled((signal) => api.get<CallsAnswer>('/v1/calls', question, signal), {
    subject: `${tenant} ${view.calls} ${view.order}`,
    everyMs: POLL_MS,
    dependencies: [api, version, view.route, view.model, limit],
  });
  const calls = answer?.calls ?? [];
  return (
    <section class="panel" aria-labelledby="calls-title">
      <header class="section-head">
        <h2 id="calls-title">Calls</h2>
        <Segments
          legend="Status"
          name="calls"
          options={FILTERS}
          value={view.calls}
          onChange={(status) => change({ calls: status })}
        />
        <Segments
          legend="Order"
          name="order"
          options={ORDERS}
          value={view.order}
          onChange={(order) => change({ order })}
        />
      </header>
      <div class="calls-body" aria-busy={answer === null}>
        {calls.length > 0 ? (
          <CallTable calls={calls} onOpen={(call) => change({ call })} />
        ) : (
          <p class="quiet">{emptyText(answer, error?.message ?? null)}</p>
        )}
      </div>
      {answer !== null && answer.next_cursor !== null && limit < CALLS_MAX && (
        <footer class="panel-foot">
          <button type="button" onClick={() => setLimit(Math.min(CALLS_MAX, limit * 2))}>
            Show more
          </button>
        </footer>
      )}
    </section>
  );
}

function emptyText(answer: CallsAnswer | null, problem: string | null): string {
  if (problem !== null) return problem;
  return answer === null ? 'Loading…' : 'No such call in this range.';
}

function CallTable({ calls, onOpen }: { readonly calls: readonly Call[]; readonly onOpen: (id: string) => void }) {
  const slowestMs = Math.max(...calls.map((call) => call.latency_ms ?? 0));
  return (
    // biome-ignore lint/a11y: what scrolls must be reachable by keys
    <div class="scroll" role="region" aria-label="List of calls" tabIndex={0}>
      <table class="calls">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Status</th>
            <th scope="col" class="number">
              Latency
            </th>
            <th scope="col">Route</th>
            <th scope="col">Model</th>
            <th scope="col" class="number">
              Tokens in
            </th>
            <th scope="col" class="number">
              Tokens out
            </th>
            <th scope="col" class="number">
              Cost
            </th>
          </tr>
        </thead>
        <tbody>
          {calls.map((call) => (
            <CallRow key={call.request_id} {...{ call, slowestMs, onOpen }} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface CallRowProps {
  readonly call: Call;
  readonly slowestMs: number;
  readonly onOpen: (id: string) => void;
}

/** The whole row takes a click; for keys there is the button in it. */
function CallRow({ call, slowestMs, onOpen }: CallRowProps) {
  const width = slowestMs > 0 ? `${(((call.latency_ms ?? 0) / slowestMs) * 100).toFixed(1)}%` : '0';
  const time = formatShortTime(Date.parse(call.timestamp), Date.now());
  return (
    // biome-ignore lint/a11y: the button in the first cell does the same
    <tr class="clickable" onClick={() => onOpen(call.request_id)}>
      <th scope="row">
        <button
          type="button"
          class="link"
          aria-haspopup="dialog"
          aria-label={`${time}, details of call ${call.request_id}`}
          onClick={(event) => {
            event.stopPropagation();
            onOpen(call.request_id);
          }}
        >
          {time}
        </button>
      </th>
      <td>
        <StatusBadge status={call.status} />
        {call.error !== null && <span class="clip reason">{call.error}</span>}
      </td>
      <td class="number">
        {formatMs(call.latency_ms)}
        <i class="cell-bar" aria-hidden="true">
          <i style={{ width, background: 'var(--quantile-2)' }} />
        </i>
      </td>
      <td>{call.route}</td>
      <td>{call.model}</td>
      <td class="number">{formatCount(call.prompt_tokens)}</td>
      <td class="number">{formatCount(call.completion_tokens)}</td>
      <td class="number">{formatUsd(call.estimated_cost_usd)}</td>
    </tr>
  );
}
