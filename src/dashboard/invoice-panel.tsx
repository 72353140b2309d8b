import { useState } from 'preact/hooks';
import type { Api } from './api.ts';
import type { Reconciliation, Reconciliations } from './api-answers.ts';
import { formatExact, formatUsd } from './format-number.ts';
import { causesSum, certaintyWords, formatChange, formatChangeUsd, isShownTo, stepMsOf } from './invoice.ts';
import { ScrollRegion } from './scroll-region.tsx';
import { useTimes } from './times-context.ts';
import { usePolled } from './use-polled.ts';

const POLL_MS = 30_000;
const LISTED_MAX = 20;

export interface InvoicePanelProps {
  readonly api: Api;
  /** Null: all. */
  readonly tenant: string | null;
}

/** What providers billed beside what was counted here, as `streamlens reconcile --save` found it last. */
export function InvoicePanel({ api, tenant }: InvoicePanelProps) {
  const { value } = usePolled<Reconciliations>(
    (signal) => api.get('/v1/reconciliations', { limit: LISTED_MAX }, signal),
    { subject: 'reconciliations', everyMs: POLL_MS, dependencies: [api] },
  );
  const [chosen, choose] = useState<string | null>(null);
  const found = (value?.reconciliations ?? []).filter((each) => isShownTo(each, tenant));
  const report = found.find(({ id }) => id === chosen) ?? found[0];
  if (report === undefined) return null;
  return (
    <section class="panel invoice" aria-labelledby="invoice-title">
      <InvoiceHead report={report} />
      {found.length > 1 && <InvoiceChoice reports={found} shown={report.id} onChoose={choose} />}
      <Sides report={report} />
      <Causes report={report} />
      <Rows report={report} />
      {report.notes.map((note) => (
        <p key={note} class="panel-note">
          {note}
        </p>
      ))}
    </section>
  );
}

interface Shown {
  readonly report: Reconciliation;
}

function InvoiceHead({ report }: Shown) {
  const times = useTimes();
  const { source, from, to, step, tenant_id: tenant, within_tolerance: isWithin } = report;
  return (
    <header class="section-head">
      <h2 id="invoice-title">Invoice</h2>
      <span class="badge" data-status={isWithin ? 'completed' : 'error'}>
        {isWithin ? 'Explained' : `${formatUsd(report.unexplained_usd)} unexplained`}
      </span>
      <span class="hint">
        {source}, {times.range(Date.parse(from), Date.parse(to), stepMsOf(step))}, compared by {step},{' '}
        {tenant ?? 'all tenants'}, on {times.full(Date.parse(report.made_at))}
      </span>
    </header>
  );
}

interface InvoiceChoiceProps {
  readonly reports: readonly Reconciliation[];
  readonly shown: string | null;
  readonly onChoose: (id: string | null) => void;
}

function InvoiceChoice({ reports, shown, onChoose }: InvoiceChoiceProps) {
  const times = useTimes();
  return (
    <div class="invoice-choice">
      <label class="choice">
        <span>Bill</span>
        <select value={shown ?? ''} onChange={(event) => onChoose(event.currentTarget.value || null)}>
          {reports.map(({ id, source, from, to, step, tenant_id: tenant }) => (
            <option key={id} value={id ?? ''}>
              {source}, {times.range(Date.parse(from), Date.parse(to), stepMsOf(step))}, {tenant ?? 'all tenants'}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

/** The two figures, what is between them, and in words. */
function Sides({ report }: Shown) {
  const { ours, theirs, charged, difference_usd: difference } = report;
  const share = ours.usd === 0 ? null : difference / ours.usd;
  return (
    <dl class="invoice-sides">
      <div>
        <dt>{charged ? 'Billed by the provider' : "The provider's tokens at our prices"}</dt>
        <dd>{formatUsd(theirs.usd)}</dd>
      </div>
      <div>
        <dt>Counted here</dt>
        <dd>{formatUsd(ours.usd)}</dd>
      </div>
      <div>
        <dt>Difference</dt>
        <dd>
          {formatChangeUsd(difference)}
          {share !== null && <span class="note"> {formatChange(share * 100, 1)} %</span>}
        </dd>
      </div>
    </dl>
  );
}

function Causes({ report }: Shown) {
  if (report.causes.length === 0) return <p class="panel-note">Nothing differs, to the last token.</p>;
  const whole = causesSum(report.causes);
  return (
    <ScrollRegion label="Causes of the difference">
      <table class="causes">
        <thead>
          <tr>
            <th scope="col">Cause</th>
            <th scope="col" class="number">
              USD
            </th>
            <th scope="col" class="number">
              Calls
            </th>
            <th scope="col" class="number">
              Tokens in
            </th>
            <th scope="col" class="number">
              Tokens out
            </th>
            <th scope="col">Evidence</th>
          </tr>
        </thead>
        <tbody>
          {report.causes.map((cause) => (
            <tr key={cause.cause}>
              <th scope="row" title={cause.means}>
                {cause.title}
              </th>
              <td class="number">
                {formatChangeUsd(cause.usd)}
                <span class="cell-bar">
                  <i
                    style={{
                      width: `${whole === 0 ? 0 : (Math.abs(cause.usd) / whole) * 100}%`,
                      background: `var(--series-${cause.usd < 0 ? 2 : 1})`,
                    }}
                  />
                </span>
              </td>
              <td class="number">{report.theirs.requests === null ? '–' : formatChange(cause.requests)}</td>
              <td class="number">{formatChange(cause.prompt_tokens)}</td>
              <td class="number">{formatChange(cause.completion_tokens)}</td>
              <td class="invoice-evidence">
                <Evidence cause={cause} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}

function Evidence({ cause }: { readonly cause: Reconciliation['causes'][number] }) {
  const [first, ...others] = cause.evidence;
  if (first === undefined) return null;
  const isOpen = cause.certainty === 'one_of';
  if (others.length === 0 && !isOpen) return <>{certaintyWords(first) + first.text}</>;
  return (
    <details>
      <summary>{certaintyWords(first) + first.text}</summary>
      <ul>
        {others.map((each) => (
          <li key={`${each.certainty} ${each.text}`}>
            {formatChangeUsd(each.usd)}: {certaintyWords(each) + each.text}
          </li>
        ))}
        {isOpen && <li>What would decide it: {cause.decided_by}</li>}
      </ul>
    </details>
  );
}

const ROWS_SHOWN_MAX = 50;

function Rows({ report }: Shown) {
  const times = useTimes();
  if (report.rows.length === 0) return null;
  const rows = report.rows.slice(0, ROWS_SHOWN_MAX);
  const leftOut = report.rows.length - rows.length + report.rows_left_out;
  return (
    <details class="invoice-rows">
      <summary>
        The {formatExact(rows.length)} {rows.length === 1 ? 'row' : 'rows'} that differ most
        {leftOut > 0 && `, of ${formatExact(rows.length + leftOut)}`}
      </summary>
      <ScrollRegion label="Rows that differ">
        <table>
          <thead>
            <tr>
              <th scope="col">Bucket</th>
              <th scope="col">Model</th>
              <th scope="col">Key</th>
              <th scope="col" class="number">
                Billed
              </th>
              <th scope="col" class="number">
                Here
              </th>
              <th scope="col">Causes</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ start, model, key, ours, theirs, causes }) => (
              <tr key={`${start} ${model} ${key}`}>
                <td>{times.step(Date.parse(start), Date.parse(start) + stepMsOf(report.step))}</td>
                <td>{model || '–'}</td>
                <td>{key || '–'}</td>
                <td class="number">{formatUsd(theirs.usd)}</td>
                <td class="number">{formatUsd(ours.usd)}</td>
                <td>
                  {causes.map(({ cause, usd }) => `${cause.replaceAll('_', ' ')} ${formatChangeUsd(usd)}`).join(', ')}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    </details>
  );
}
