import type { Command as CommanderCommand } from 'commander';
import type { RecomputeReport } from '../app/tasks/recompute-prices.ts';
import { type Progress, showProgress } from '../commands/traffic/progress.ts';
import { SettingError } from '../settings/read-settings.ts';
import { parseInstant } from './parse-instant.ts';
import { addSettingOptions, settingsFrom } from './setting-options.ts';
import { textTable } from './text-table.ts';

const MINUTE_MS = 60_000;

const RECOMPUTE_HELP = `
Shows per tenant, provider and model what stored calls would have cost with the prices of now (built-in and
PRICES_FILE), and then corrects the stored costs, unless --dry-run. Other StreamLens processes may go on working;
running it twice, or two of them at once, changes nothing more. The corrected rows are published on llm.metrics.

Prices change at the start of a minute here. Single calls (GET /v1/calls) get their new cost as well. What a provider
or gateway said it charged stays, and so do calls that cost nothing whatever the price.
`;

export function addPriceCommands(program: CommanderCommand): void {
  const prices = program.command('prices').description('what calls cost');
  const cli = prices
    .command('recompute')
    .description('prices stored calls again: shows the difference, then applies it')
    .requiredOption('--from <time>', 'the first minute: a day, an RFC 3339 time, or now-7d')
    .option('--to <time>', 'where to end, exclusive', 'now')
    .option('--tenant <id>', 'only this tenant')
    .option('--dry-run', 'only shows the difference')
    .addHelpText('after', RECOMPUTE_HELP);
  addSettingOptions(cli, 'prices').action(async (options: Record<string, unknown>) => {
    const settings = settingsFrom('prices', options);
    const query = queryOf(options, Date.now());
    const { recomputePrices } = await import('../app/tasks/recompute-prices.ts');
    let progress: Progress | undefined;
    const report = await recomputePrices(settings, query, {
      onPages: (count) => {
        progress = showProgress(count, 'hours', process.stderr);
      },
      onPageDone: () => progress?.advance(1),
    }).finally(() => progress?.stop());
    process.stdout.write(reportText(report, query.isDryRun));
    if (report.missedRows > 0) {
      throw new Error(`${report.missedRows} rows changed each time they were about to be corrected; run it again`);
    }
  });
}

function queryOf(options: Readonly<Record<string, unknown>>, nowMs: number) {
  const fromMs = parseInstant('--from', String(options['from']), nowMs);
  const toMs = parseInstant('--to', String(options['to']), nowMs);
  if (fromMs >= toMs) throw new SettingError('--from must lie before --to');
  return {
    tenantId: typeof options['tenant'] === 'string' ? options['tenant'] : null,
    // Widened to whole minutes, as costs are stored by the minute.
    fromMs: Math.floor(fromMs / MINUTE_MS) * MINUTE_MS,
    toMs: Math.ceil(toMs / MINUTE_MS) * MINUTE_MS,
    isDryRun: options['dryRun'] === true,
  };
}

const HEADER = ['tenant', 'provider', 'model', 'calls', 'old USD', 'new USD', 'difference', 'unpriced', 'then'];
const NUMBERS = new Set(HEADER.slice(3));

function reportText({ models, correctedRows, correctedCalls }: RecomputeReport, isDryRun: boolean): string {
  if (models.length === 0) return 'No usage is stored in this range\n';
  const rows = models.map((model) => [
    model.tenantId,
    model.provider || '-',
    model.model,
    String(model.calls),
    usd(model.oldPicoUsd),
    usd(model.newPicoUsd),
    `${model.differencePicoUsd > 0n ? '+' : ''}${usd(model.differencePicoUsd)}`,
    String(model.unpricedCallsBefore),
    String(model.unpricedCallsAfter),
  ]);
  const outcome = isDryRun
    ? `${correctedRows} rows would be corrected (--dry-run)`
    : `${correctedRows} rows and ${correctedCalls} single calls were corrected`;
  return `${textTable(HEADER, rows, NUMBERS)}${outcome}\n`;
}

/** Exact to a millionth of a cent, rounded to the nearest. */
function usd(pico: bigint): string {
  const sign = pico < 0n ? '-' : '';
  const digits = ((pico < 0n ? -pico : pico) + 5_000n) / 10_000n;
  const text = digits.toString().padStart(9, '0');
  return `${sign}${text.slice(0, -8)}.${text.slice(-8)}`.replace(/(\.\d{4}\d*?)0+$/, '$1');
}
