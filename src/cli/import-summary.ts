import type { Collected } from '../commands/import/collect-calls.ts';
import type { ImportOptions, ImportPlan, ImportReport } from '../commands/import/import-sessions.ts';
import { modelTotals } from '../commands/import/model-totals.ts';
import type { Source } from '../commands/import/sources.ts';
import type { SettingsOf } from '../settings/settings-table.ts';
import { shortText, textTable } from './text-table.ts';

export interface ImportOutcome {
  readonly source: Source;
  readonly files: number;
  readonly folders: readonly string[];
  readonly collected: Collected;
  readonly plan: ImportPlan;
  /** Null for a dry run. */
  readonly report: ImportReport | null;
  readonly settings: SettingsOf<'import'>;
  readonly how: ImportOptions;
}

/** By default single calls are kept so long. */
const CALLS_KEPT_MS = 30 * 24 * 3_600_000;

/** What came of it, for a person: a line for each thing that happened, then what was sent by model. */
export function importSummary(outcome: ImportOutcome): string {
  const { source, files, folders, collected, plan, report } = outcome;
  const { calls, copies, unreadableLines } = collected;
  const sent = report === null ? plan.toSend : plan.toSend.slice(0, report.sentCalls);
  const lines = [
    `${source.title}: ${count(calls.length, 'call')} in ${count(files, 'file')} of ${folders.join(' and ')}`,
    `  ${grouped(sent.length)} new, ${report === null ? 'would be sent' : 'sent'}`,
    `  ${grouped(plan.knownById + plan.knownByContent)} known from telemetry${knownHow(source, plan)}`,
    `  ${grouped(plan.importedBefore + plan.skipped.length)} imported before`,
    ...notes(outcome, sent.length),
  ];
  if (copies > 0) lines.push(`  ${grouped(copies)} further copies in resumed or forked sessions, left out`);
  if (unreadableLines > 0) lines.push(`  ${count(unreadableLines, 'line')} could not be read, left out`);
  if (collected.refusedRows > 0) lines.push(`  ${count(collected.refusedRows, 'row')} could not be read, left out:`);
  for (const why of collected.problems) lines.push(`    ${shortText(why, 200)}`);
  for (const { why } of report?.problems ?? []) lines.push(`  refused: ${shortText(why, 200)}`);
  const table = sent.length === 0 ? '' : `\n${modelTable(sent)}`;
  return `${lines.join('\n')}\n${table}${ending(outcome, sent.length)}`;
}

function knownHow({ matchedBy }: Source, { knownById, knownByContent }: ImportPlan): string {
  if (knownById + knownByContent === 0) return '';
  const byId = knownById > 0 ? [`${grouped(knownById)} by ${matchedBy}`] : [];
  const byContent = knownByContent > 0 ? [`${grouped(knownByContent)} by session, model, tokens and time`] : [];
  return ` (${[...byId, ...byContent].join(', ')})`;
}

function notes({ source, plan, how }: ImportOutcome, sentCalls: number): string[] {
  const lines: string[] = [];
  if (plan.unmatched > 0) {
    lines.push(
      `  ${grouped(plan.unmatched)} of the new ones are of sessions with telemetry, and ${source.title} gives its calls no id: if telemetry told of them with other tokens or times, they count twice`,
    );
  }
  if (plan.tooYoung > 0) {
    lines.push(
      `  ${grouped(plan.tooYoung)} younger than two minutes, in sessions with telemetry that may still be on its way: left for the next run`,
    );
  }
  const old = plan.toSend.slice(0, sentCalls).filter(({ startedAtMs }) => startedAtMs < how.nowMs() - CALLS_KEPT_MS);
  if (old.length > 0) {
    lines.push(
      `  ${grouped(old.length)} older than 30 days: they are in the rows and sums, though not in the list of single calls`,
    );
  }
  return lines;
}

function modelTable(calls: ImportPlan['toSend']): string {
  const rows = modelTotals(calls).map((total) => [
    total.model,
    grouped(total.calls),
    grouped(total.promptTokens),
    grouped(total.cachedPromptTokens),
    grouped(total.cacheWriteTokens),
    grouped(total.completionTokens),
  ]);
  const header = ['model', 'calls', 'prompt tokens', 'of the cache', 'to the cache', 'completion tokens'];
  return textTable(header, rows, new Set(header.slice(1)));
}

function ending({ plan, report, settings, how }: ImportOutcome, sentCalls: number): string {
  if (report === null) return '\nDry run: nothing was sent.\n';
  if (report.isInterrupted) return '\nInterrupted; run it again to go on.\n';
  if (sentCalls === 0 && plan.importedBefore > 0) {
    return '\nWhere StreamLens was emptied since, --again sends them again.\n';
  }
  return sentCalls === 0
    ? ''
    : `\nThe dashboard shows them: ${settings.metricsUrl}/ (tenant ${shortText(how.sender.tenant, 80)})\n`;
}

function grouped(amount: number): string {
  return amount.toLocaleString('en-US');
}

function count(amount: number, what: string): string {
  return `${grouped(amount)} ${what}${amount === 1 ? '' : 's'}`;
}
