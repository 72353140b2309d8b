import type { Command as CommanderCommand } from 'commander';
import type { ListedReport } from '../app/tasks/recompute-prices.ts';
import type { PriceUpdate } from '../app/tasks/update-prices.ts';
import { type Progress, showProgress } from '../commands/traffic/progress.ts';
import { SettingError } from '../settings/read-settings.ts';
import { parseInstant } from './parse-instant.ts';
import { checkReadable } from './readable-file.ts';
import { addSettingOptions, settingsFrom } from './setting-options.ts';
import { textTable } from './text-table.ts';

const MINUTE_MS = 60_000;

const RECOMPUTE_HELP = `
Shows per tenant, provider and model what stored calls would have cost with the
prices of now (built-in and PRICES_FILE), and then corrects the stored costs,
unless --dry-run. Other StreamLens processes may go on working; running it twice,
or two of them at once, changes nothing more. The corrected rows are published on
llm.metrics.

Prices change at the start of a minute here. Single calls (GET /v1/calls) get
their new cost as well. What a provider or gateway said it charged stays, and so
do calls that cost nothing whatever the price.
`;

export function addPriceCommands(program: CommanderCommand): void {
  const prices = program.command('prices').description('what calls cost');
  addUpdate(prices);
  addRecompute(prices);
}

const UPDATE_HELP = `
Takes the newest published list of genai-prices into use, asked of your npm
client (its registry, its proxy), or FILE: a package of it (.tgz), its module
(.js) or its data (.json). It is read as data and never executed. A list in which
a price moves by more than a factor of 5 is shown and refused, unless --yes.
Processes that run use it within seconds, for the calls that they count from then
on; "streamlens prices recompute" applies it to stored ones.
`;

function addUpdate(prices: CommanderCommand): void {
  const cli = prices
    .command('update')
    .description('takes a newer price list into use, and shows what it changes')
    .argument('[file]', 'a package of genai-prices, its module or its data; absent: the newest that npm has')
    .option('--dry-run', 'only shows what would change')
    .option('--yes', 'also where a price moves by more than a factor of 5')
    .addHelpText('after', UPDATE_HELP);
  addSettingOptions(cli, 'prices').action(async (file: string | undefined, options: Record<string, unknown>) => {
    const settings = settingsFrom('prices', options);
    if (file !== undefined) checkReadable('[file]', file);
    const { updatePrices } = await import('../app/tasks/update-prices.ts');
    const update = await updatePrices(settings, {
      file: file ?? null,
      isDryRun: options['dryRun'] === true,
      isSure: options['yes'] === true,
      nowMs: Date.now(),
    });
    process.stdout.write(updateText(update));
    if (update.outcome === 'refused') {
      throw new Error(
        'Prices move by more than a factor of 5 (above); nothing was changed. Where they are right, add --yes',
      );
    }
  });
}

function addRecompute(prices: CommanderCommand): void {
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

const MOVE_HEADER = ['model', 'part', 'before', 'after', ''];
const MOVES_SHOWN_MAX = 40;

/** Large moves first, in USD per million tokens (`request`: per million calls). */
function updateText({ before, after, outcome, moves, addedModels, removedModels }: PriceUpdate): string {
  const sorted = moves.toSorted((a, b) => Number(b.isLarge) - Number(a.isLarge));
  const shown = sorted.filter(({ isLarge }, index) => isLarge || index < MOVES_SHOWN_MAX);
  const rows = shown.map(({ model, part, before: from, after: to, isLarge }) => [
    model,
    part,
    String(from / 1e6),
    String(to / 1e6),
    isLarge ? 'more than 5 times' : '',
  ]);
  const table = rows.length === 0 ? '' : textTable(MOVE_HEADER, rows, new Set(['before', 'after']));
  const more = shown.length < moves.length ? `… and ${moves.length - shown.length} more prices\n` : '';
  const models = `${moves.length} prices change, ${addedModels} models are new, ${removedModels.length} are gone\n`;
  return `${table}${more}${models}${before} → ${after}: ${outcome}\n`;
}

const HEADER = ['tenant', 'provider', 'model', 'calls', 'old USD', 'new USD', 'difference', 'unpriced', 'then'];
const NUMBERS = new Set(HEADER.slice(3));

function reportText({ models, correctedRows, correctedCalls, priceList }: ListedReport, isDryRun: boolean): string {
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
  return `${textTable(HEADER, rows, NUMBERS)}${outcome}, with the prices of ${priceList}\n`;
}

/** Exact to a millionth of a cent, rounded to the nearest. */
function usd(pico: bigint): string {
  const sign = pico < 0n ? '-' : '';
  const digits = ((pico < 0n ? -pico : pico) + 5_000n) / 10_000n;
  const text = digits.toString().padStart(9, '0');
  return `${sign}${text.slice(0, -8)}.${text.slice(-8)}`.replace(/(\.\d{4}\d*?)0+$/, '$1');
}
