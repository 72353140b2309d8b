import type { ReconciliationJson } from '../reconciliation/report-json.ts';
import { shortText, textTable } from './text-table.ts';

/** The report for people: both sides, the causes with their evidence, and the rows that differ most. */
export function reconcileText(report: ReconciliationJson): string {
  return [
    head(report),
    sides(report),
    causes(report),
    rows(report),
    ...report.notes.map((note) => `Note: ${note}\n`),
    outcome(report),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function head({ source, from, to, step, tenant_id: tenant, price_list: list }: ReconciliationJson): string {
  return `${source}, ${from} to ${to} by ${step}${tenant === null ? '' : `, tenant ${tenant}`}, priced by ${list}\n`;
}

function sides({ ours, theirs, charged, difference_usd: difference }: ReconciliationJson): string {
  const row = (name: string, side: typeof ours) => [
    name,
    side.requests === null ? '-' : count(side.requests),
    count(side.prompt_tokens),
    count(side.completion_tokens),
    usd(side.usd),
  ];
  const table = textTable(
    ['', 'requests', 'prompt', 'completion', 'USD'],
    [row(charged ? 'provider' : 'provider (at our prices)', theirs), row('StreamLens', ours)],
    new Set(['requests', 'prompt', 'completion', 'USD']),
  );
  const share = ours.usd === 0 ? '' : ` (${signed((difference / ours.usd) * 100, 2)} %)`;
  return `${table}difference: ${signedUsd(difference)} USD${share}\n`;
}

function causes({ causes: all }: ReconciliationJson): string {
  if (all.length === 0) return 'Nothing differs.\n';
  const cells = all.flatMap(
    ({ title, usd: amount, requests, prompt_tokens: prompt, completion_tokens: completion, evidence }) => [
      [title, signedUsd(amount), signedCount(requests), signedCount(prompt), signedCount(completion), ''],
      ...evidence
        .slice(0, EVIDENCE_SHOWN_MAX)
        .map(({ text, usd: part, certainty, or_else: orElse }) => [
          '',
          signedUsd(part),
          '',
          '',
          '',
          shortText(`${certaintyText(certainty, orElse)}${text}`, 160),
        ]),
    ],
  );
  return textTable(['cause', 'USD', 'requests', 'prompt', 'completion', 'evidence'], cells, NUMBERS);
}

const EVIDENCE_SHOWN_MAX = 5;
const NUMBERS = new Set(['USD', 'requests', 'prompt', 'completion', 'ours USD', 'theirs USD', 'difference']);

function certaintyText(certainty: string, orElse: readonly string[]): string {
  if (certainty === 'one_of') return `this or ${orElse.join(' or ').replaceAll('_', ' ')}: `;
  return certainty === 'likely' ? 'likely: ' : '';
}

function rows({ rows: all, rows_left_out: leftOut }: ReconciliationJson): string {
  if (all.length === 0) return '';
  const cells = all.map(({ start, key, model, ours, theirs, difference_usd: difference, causes: named }) => [
    start,
    model || '-',
    key || '-',
    usd(ours.usd),
    usd(theirs.usd),
    signedUsd(difference),
    named.map(({ cause, usd: amount }) => `${cause.replaceAll('_', ' ')} ${signedUsd(amount)}`).join(', '),
  ]);
  const table = textTable(['bucket', 'model', 'key', 'ours USD', 'theirs USD', 'difference', 'causes'], cells, NUMBERS);
  return leftOut === 0 ? table : `${table}… and ${count(leftOut)} more rows that differ (--rows)\n`;
}

function outcome(report: ReconciliationJson): string {
  const { unexplained_usd: unexplained, tolerance_usd: tolerance, within_tolerance: isWithin } = report;
  const open = report.causes.flatMap(({ title, decided_by: decides, certainty }) =>
    certainty === 'one_of' ? [`To be sure of "${title}": ${decides}\n`] : [],
  );
  const verdict = isWithin ? 'within' : 'beyond';
  return `${open.join('')}unexplained: ${usd(unexplained)} USD, ${verdict} the tolerance of ${usd(tolerance)} USD\n`;
}

const count = (value: number): string => value.toLocaleString('en');
const signedCount = (value: number): string => (value === 0 ? '' : `${value > 0 ? '+' : ''}${count(value)}`);
const usd = (value: number): string => value.toFixed(6);
const signedUsd = (value: number): string => `${value > 0 ? '+' : ''}${usd(value)}`;
const signed = (value: number, digits: number): string => `${value > 0 ? '+' : ''}${value.toFixed(digits)}`;
