import type { Call } from './api-answers.ts';
import { formatCount, formatMs, formatUsd } from './format-number.ts';
import { Name } from './name.tsx';
import { ScrollRegion } from './scroll-region.tsx';
import { StatusBadge } from './status-badge.tsx';
import { useTimes } from './times-context.ts';

export interface CallTableProps {
  readonly calls: readonly Call[];
  readonly onOpen: (id: string) => void;
  /** Whether it is moved sideways. */
  readonly onScroll: (isScrolled: boolean) => void;
}

export function CallTable({ calls, onOpen, onScroll }: CallTableProps) {
  const slowestMs = Math.max(...calls.map((call) => call.latency_ms ?? 0));
  return (
    <ScrollRegion label="List of calls" onScroll={(event) => onScroll(event.currentTarget.scrollLeft > 0)}>
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
    </ScrollRegion>
  );
}

interface CallRowProps {
  readonly call: Call;
  readonly slowestMs: number;
  readonly onOpen: (id: string) => void;
}

/** The whole row takes a click; for keys there is the button in it. */
function CallRow({ call, slowestMs, onOpen }: CallRowProps) {
  const times = useTimes();
  const width = slowestMs > 0 ? `${(((call.latency_ms ?? 0) / slowestMs) * 100).toFixed(1)}%` : '0';
  const time = times.short(Date.parse(call.timestamp), Date.now());
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
        {call.error !== null && (
          <span class="clip reason" title={call.error}>
            {call.error}
          </span>
        )}
      </td>
      <td class="number">
        {formatMs(call.latency_ms)}
        <i class="cell-bar" aria-hidden="true">
          <i style={{ width, background: 'var(--quantile-2)' }} />
        </i>
      </td>
      <td class="name-cell">
        <Name text={call.route} />
      </td>
      <td class="name-cell">
        <Name text={call.model} />
      </td>
      <td class="number">{formatCount(call.prompt_tokens)}</td>
      <td class="number">{formatCount(call.completion_tokens)}</td>
      <td class="number">{formatUsd(call.estimated_cost_usd)}</td>
    </tr>
  );
}
