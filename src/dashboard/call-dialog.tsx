import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Api } from './api.ts';
import type { CallDetail, CostLine } from './api-answers.ts';
import { formatExact, formatMs, formatUsd } from './format-number.ts';
import { StatusBadge } from './status-badge.tsx';
import { useTimes } from './times-context.ts';
import { usePolled } from './use-polled.ts';

export interface CallDialogProps {
  readonly api: Api;
  readonly tenant: string;
  readonly id: string;
  readonly onClose: () => void;
}

/** An open call may still be answered. */
const POLL_MS = 5000;

/** All that is known of one call, and how its cost comes about. */
export function CallDialog({ api, tenant, id, onClose }: CallDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => (before instanceof HTMLElement && before.isConnected ? before.focus() : undefined);
  }, []);
  const { value, error } = usePolled(
    (signal) => api.get<{ call: CallDetail }>(`/v1/calls/${encodeURIComponent(id)}`, { tenant_id: tenant }, signal),
    { subject: `${tenant} ${id}`, everyMs: POLL_MS, dependencies: [api] },
  );
  return (
    // biome-ignore lint/a11y: Escape closes a dialog by itself; this is for a click beside it
    <dialog
      ref={dialog}
      class="drawer"
      aria-labelledby="call-title"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <div class="drawer-body">
        <div class="drawer-head">
          <div>
            <h2 id="call-title">Call</h2>
            <code class="call-id">{id}</code>
          </div>
          <button type="button" class="icon-button" aria-label="Close" onClick={() => dialog.current?.close()}>
            ✕
          </button>
        </div>
        {error !== null && value === null ? (
          <p class="quiet" role="alert">
            {error.message}
          </p>
        ) : value === null ? (
          <p class="quiet">Loading…</p>
        ) : (
          <Detail call={value.call} />
        )}
      </div>
    </dialog>
  );
}

function Detail({ call }: { readonly call: CallDetail }) {
  const times = useTimes();
  return (
    <>
      <p class="call-summary">
        <StatusBadge status={call.status} />
        <span>{times.full(Date.parse(call.timestamp))}</span>
      </p>
      {call.error !== null && <p class="error-box">{call.error}</p>}
      <dl class="facts">
        <Fact name="Route">{call.route}</Fact>
        <Fact name="Model">{call.model}</Fact>
        {call.answered_model !== null && call.answered_model !== call.model && (
          <Fact name="Answered by">{call.answered_model}</Fact>
        )}
        <Fact name="Provider">{call.provider}</Fact>
        <Fact name="Latency">{call.latency_ms === null ? null : formatMs(call.latency_ms)}</Fact>
        <Fact name="First token">
          {call.time_to_first_token_ms === null ? null : formatMs(call.time_to_first_token_ms)}
        </Fact>
        <Fact name="Prompt tokens">{tokensText(call.prompt_tokens, call.cached_prompt_tokens, 'cached')}</Fact>
        <Fact name="Completion tokens">{tokensText(call.completion_tokens, call.reasoning_tokens, 'reasoning')}</Fact>
        <Fact name="Finish reason">{call.finish_reason}</Fact>
        <Fact name="Session">{call.session_id}</Fact>
        <Fact name="User">{call.user_id_hash}</Fact>
      </dl>
      <h3>Cost</h3>
      <Cost call={call} />
      {call.metadata !== null && (
        <>
          <h3>Metadata</h3>
          <pre>{JSON.stringify(call.metadata, null, 2)}</pre>
        </>
      )}
    </>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children ?? <span class="soft">unknown</span>}</dd>
    </div>
  );
}

function tokensText(tokens: number | null, part: number | null, partName: string): string | null {
  if (tokens === null) return null;
  return part === null || part === 0
    ? formatExact(tokens)
    : `${formatExact(tokens)}, of these ${formatExact(part)} ${partName}`;
}

const PARTS: Readonly<Record<string, string>> = {
  input: 'Input',
  cache_read: 'Cache read',
  cache_write: 'Cache write',
  cache_write_1h: 'Cache write, 1 h',
  input_audio: 'Audio in',
  cache_read_audio: 'Cached audio',
  input_image: 'Image in',
  output: 'Output',
  output_audio: 'Audio out',
  output_image: 'Image out',
  request: 'Fee per call',
  web_search: 'Web searches',
  grounded_request: 'Fee for web searches',
  reported: 'As charged',
};

function amountText({ tokens, searches }: CostLine): string {
  if (searches !== undefined) return `${formatExact(searches)} ×`;
  return tokens === null ? '–' : formatExact(tokens);
}

function Cost({ call }: { readonly call: CallDetail }) {
  if (call.estimated_cost_usd === null) {
    const why =
      call.status === 'waiting' || call.status === 'unanswered'
        ? 'Known when the response is.'
        : call.prompt_tokens === null || call.completion_tokens === null
          ? 'Unknown: the token counts are.'
          : `No price is known for ${call.answered_model ?? call.model}; add one to the file that PRICES_FILE names.`;
    return <p class="quiet">{why}</p>;
  }
  if (call.cost_source === 'free') {
    const why = call.error_kind === null ? 'a cache answered, and no model' : 'it ended before any output';
    return <p class="quiet">Free: {why}.</p>;
  }
  return (
    <table class="cost">
      <thead>
        <tr>
          <th scope="col">Part</th>
          <th scope="col" class="number">
            Tokens
          </th>
          <th scope="col" class="number">
            $ per million
          </th>
          <th scope="col" class="number">
            Cost
          </th>
        </tr>
      </thead>
      <tbody>
        {call.cost_lines.map((line) => (
          <tr key={line.part}>
            <th scope="row">{PARTS[line.part] ?? line.part}</th>
            <td class="number">{amountText(line)}</td>
            <td class="number">{formatUsd(line.usd_per_million_tokens)}</td>
            <td class="number">{formatUsd(line.cost_usd)}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row" colSpan={3}>
            Estimated cost {call.price_source !== null && <span class="soft">priced by {call.price_source}</span>}
          </th>
          <td class="number">{formatUsd(call.estimated_cost_usd)}</td>
        </tr>
      </tfoot>
    </table>
  );
}
