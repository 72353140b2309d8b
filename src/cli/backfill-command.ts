import type { Command as CommanderCommand } from 'commander';
import type { BackfillReport } from '../commands/backfill/backfill.ts';
import { SettingError } from '../settings/read-settings.ts';
import type { SettingsOf } from '../settings/settings-table.ts';
import { checkReadable } from './readable-file.ts';
import { addSettingOptions, settingsFrom } from './setting-options.ts';
import { stopSignal } from './stop-signal.ts';
import { shortText } from './text-table.ts';

const HELP = `
Each line is one event: {"type":"request"|"response"|"evaluation", …}, as for POST /v1/llm/events. Files may be compressed
(gzip, zstd); "-" reads standard input. Lines that are not valid are reported and do not stop it.

It can be interrupted, or killed, and run again: <file>.backfill-progress says how far it came, and at most one batch is
sent twice. The ids of that batch are recognised within DEDUP_HORIZON (give it as your processor has it). When a run ended
without the answer to its last batch and the next run comes later than that, nobody knows whether the batch was counted:
then it asks you to decide with --unsure. Standard input keeps no progress unless --progress-file is given, and has to be
given from its beginning again.

A request and its response join when they are sent within JOIN_TIMEOUT of each other: keep them near each other in the
file, and go on within that time after an interruption, or the calls cut in two there stay unanswered.
Events older than the retention of single calls still count in the metrics. Exit code 0 when everything was
sent and valid, 1 when lines were not valid, it was interrupted, or the server cannot take it; 2 for wrong usage.
`;

const MINUTE_MS = 60_000;

export function addBackfillCommand(program: CommanderCommand): void {
  const cli = program
    .command('backfill')
    .description('sends history from NDJSON files (also .gz, .zst, - for stdin)')
    .argument('<file...>', 'the files, in the order in which they are sent')
    .option(
      '--progress-file <path>',
      'where to keep the progress, with one file only (default <file>.backfill-progress)',
    )
    .option('--retry-minutes <n>', 'how long one batch is tried again', '10')
    .option('--unsure <ask|resend|skip>', 'a batch that may have been counted longer ago than DEDUP_HORIZON', 'ask')
    .addHelpText('after', HELP);
  addSettingOptions(cli, 'backfill').action(async (files: string[], options: Record<string, unknown>) => {
    const settings = settingsFrom('backfill', options);
    const how = backfillOptions(files, options);
    const stop = stopSignal();
    let hasFailed = false;
    for (const file of files) if (file !== '-') checkReadable('<file>', file);
    for (const file of files) {
      const report = await backfillOne(file, settings, { ...how, signal: stop });
      process.stdout.write(reportText(file, report));
      hasFailed ||= report.rejected > 0 || report.outcome === 'interrupted';
      if (report.outcome === 'interrupted') break;
    }
    // A read of standard input may still wait.
    if (stop.aborted) process.exit(1);
    if (hasFailed) process.exitCode = 1;
  });
}

interface HowToBackfill {
  readonly progressFile: string | undefined;
  readonly retryMsMax: number;
  readonly unsure: 'ask' | 'resend' | 'skip';
}

/** @throws {SettingError} for what does not do */
function backfillOptions(files: readonly string[], options: Readonly<Record<string, unknown>>): HowToBackfill {
  const { progressFile, retryMinutes, unsure } = options as Record<string, string | undefined>;
  if (progressFile !== undefined && files.length > 1) {
    throw new SettingError(`--progress-file goes with one file; got ${files.length}`);
  }
  const minutes = Number(retryMinutes);
  if (!(minutes >= 0 && minutes <= 1440)) {
    throw new SettingError(`--retry-minutes must be a number from 0 to 1,440; got ${JSON.stringify(retryMinutes)}`);
  }
  if (unsure !== 'ask' && unsure !== 'resend' && unsure !== 'skip') {
    throw new SettingError(`--unsure must be one of ask, resend, skip; got ${JSON.stringify(unsure)}`);
  }
  return { progressFile, retryMsMax: minutes * MINUTE_MS, unsure };
}

async function backfillOne(
  file: string,
  settings: SettingsOf<'backfill'>,
  how: HowToBackfill & { readonly signal: AbortSignal },
): Promise<BackfillReport> {
  const { backfill } = await import('../commands/backfill/backfill.ts');
  const { openInput } = await import('../commands/backfill/open-input.ts');
  const { showBackfillProgress } = await import('../commands/backfill/backfill-progress.ts');
  const input = await openInput(file);
  const progress = showBackfillProgress(input.size);
  const { baseUrl, apiKey, dedupHorizonMs } = settings;
  try {
    return await backfill(input, {
      progressPath: how.progressFile ?? (file === '-' ? null : `${file}.backfill-progress`),
      dedupHorizonMs,
      unsure: how.unsure,
      target: { baseUrl, apiKey, retryMsMax: how.retryMsMax, onRetry: (why, waitMs) => progress.retrying(why, waitMs) },
      nowMs: Date.now,
      signal: how.signal,
      watch: progress,
    });
  } finally {
    progress.stop();
  }
}

function reportText(file: string, { accepted, rejected, badLines, acceptedBefore, outcome }: BackfillReport): string {
  const name = file === '-' ? 'standard input' : file;
  if (outcome === 'done before') return `${name}: everything was sent before (${acceptedBefore} events)\n`;
  const lines = [`${name}: ${accepted} events accepted, ${rejected} not valid`];
  if (acceptedBefore > 0) lines.push(`  ${acceptedBefore} were accepted by earlier runs`);
  for (const { line, why } of badLines) lines.push(`  line ${line}: ${shortText(why, 200)}`);
  if (rejected > badLines.length) lines.push(`  … and ${rejected - badLines.length} more`);
  if (outcome === 'interrupted') lines.push('  interrupted; run it again to go on');
  return `${lines.join('\n')}\n`;
}
