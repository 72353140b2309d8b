import { type Command as CommanderCommand, Option } from 'commander';
import type { ExportOptions } from '../app/tasks/export-data.ts';
import type { ExportDaysReport } from '../commands/export/write-days.ts';
import { SettingError } from '../settings/read-settings.ts';
import { showSteps } from './byte-progress.ts';
import { parseInstant } from './parse-instant.ts';
import { addSettingOptions, settingsFrom } from './setting-options.ts';
import { stopSignal } from './stop-signal.ts';

const HELP = `
DATASET is rows (sums per step, tenant, route, model and provider), dimensions (the same by each value of METRIC_DIMENSIONS,
such as user or team), calls (single calls, as long as they are kept), or focus (charges as FOCUS 1.2 has them). Below DIRECTORY each day of UTC gets a file, date=2025-11-19/rows.parquet, and manifest.json
names those that are whole. Run again it goes on with the days that are missing or were not over; an interrupted run loses
at most the day that it was at. With - in place of DIRECTORY all goes to stdout as one file.

See docs/export.md for the columns.
`;

const STEPS = ['1m', '5m', '10m', '15m', '30m', '1h', '3h', '6h', '12h', '1d'];
const DAY_MS = 86_400_000;

interface CliOptions {
  readonly format: ExportOptions['format'];
  readonly from?: string;
  readonly to: string;
  readonly step?: string;
  readonly tenant?: readonly string[];
  readonly billingAccount?: string;
  readonly refresh?: boolean;
  readonly [flag: string]: unknown;
}

export function addExportCommand(program: CommanderCommand): void {
  const cli = program
    .command('export')
    .description('rows, sums by user or team, single calls or FOCUS charges as files: CSV, NDJSON or Parquet')
    .argument('<dataset>', 'rows, dimensions, calls or focus')
    .argument('<directory>', 'where the files go; - for stdout')
    .addOption(
      new Option('--format <format>', 'how they are written').choices(['csv', 'ndjson', 'parquet']).default('parquet'),
    )
    .option('--from <time>', 'the first day, or an RFC 3339 time, or now-30d (default: the first that is stored)')
    .option('--to <time>', 'where to end, exclusive', 'now')
    .addOption(
      new Option(
        '--step <step>',
        'length of a row; 1h or more for dimensions, 1h or 1d for focus (default: 1d)',
      ).choices(STEPS),
    )
    .option('--tenant <id...>', 'only these tenants')
    .option('--billing-account <name>', 'BillingAccountId of FOCUS charges (default: default)')
    .option('--refresh', 'writes days again that changed since, by late events or new prices')
    .addHelpText('after', HELP);
  addSettingOptions(cli, 'export').action(async (dataset: string, directory: string, options: CliOptions) => {
    const settings = settingsFrom('export', options);
    const request = await requestOf({ name: dataset, directory, kept: settings.metricDimensions }, options);
    const { exportToDirectory, exportToStream } = await import('../app/tasks/export-data.ts');
    if (directory === '-') {
      await exportToStream(settings, request, process.stdout);
      return;
    }
    const progress = showSteps('exporting', (days) => `${days} days`);
    const isRefresh = options.refresh === true;
    const target = { directory, isRefresh, onDay: progress.watch };
    const report = await exportToDirectory(settings, request, target).finally(progress.stop);
    process.stdout.write(reportText(directory, report));
    if (report.notWhole.length > 0 || report.isStopped) process.exitCode = 1;
  });
}

interface Asked {
  readonly name: string;
  readonly directory: string;
  /** What METRIC_DIMENSIONS says. */
  readonly kept: readonly string[] | undefined;
}

async function requestOf({ name, directory, kept }: Asked, options: CliOptions): Promise<ExportOptions> {
  const { datasetOf, exportedDimensionsOf, exportStepOf } = await import('../app/tasks/export-datasets.ts');
  const dataset = datasetOf(name);
  const { step, tenant, billingAccount } = options;
  const stepMs = exportStepOf(dataset, step);
  if (billingAccount !== undefined && dataset !== 'focus') {
    throw new SettingError('--billing-account is for focus only');
  }
  const dimensions = exportedDimensionsOf(dataset, kept);
  const nowMs = Date.now();
  const fromMs = options.from === undefined ? 0 : parseInstant('--from', options.from, nowMs);
  const toMs = parseInstant('--to', options.to, nowMs);
  if (fromMs >= toMs) throw new SettingError('--from must lie before --to');
  // A file of a part of a day would pass for the day.
  const unitMs = directory === '-' ? stepMs : DAY_MS;
  const tenants = tenant === undefined ? null : [...new Set(tenant)].sort();
  const account = billingAccount ?? 'default';
  return {
    query: {
      dataset,
      tenantId: tenants,
      fromMs: Math.floor(fromMs / unitMs) * unitMs,
      toMs: Math.ceil(toMs / unitMs) * unitMs,
      stepMs,
      dimensions,
      billingAccount: account,
    },
    format: options.format,
    question: {
      dataset,
      file_format: options.format,
      step: dataset === 'calls' ? null : (step ?? '1d'),
      tenants,
      billing_account: dataset === 'focus' ? account : null,
      ...(dataset === 'dimensions' ? { dimensions } : {}),
    },
    nowMs: Date.now,
    signal: stopSignal(),
  };
}

function count(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? '' : 's'}`;
}

function reportText(directory: string, report: ExportDaysReport): string {
  const { written, keptCount, changed, notWhole, isStopped } = report;
  const rows = written.reduce((sum, day) => sum + day.rows, 0);
  const open = written.filter((day) => !day.is_complete).length;
  const lines = [
    ...(written.length + keptCount > 0 ? [] : ['Nothing of it is stored in this range']),
    `${count(written.length, 'day')} with ${count(rows, 'row')} written to ${directory}; ${keptCount} were there already`,
    ...(open > 0
      ? [`Run it again for ${count(open, 'day')} not over, or with events that are still to be counted`]
      : []),
    ...(changed.length > 0
      ? [`${named(changed)} changed since, by late events or new prices: --refresh writes them again`]
      : []),
    ...(notWhole.length > 0
      ? [
          `${named(notWhole)} were not written: the store has no longer all of them at this step (METRICS_RETENTION), or they keep changing`,
        ]
      : []),
    ...(isStopped ? ['It was stopped; run it again for the days that are missing'] : []),
  ];
  return `${lines.join('\n')}\n`;
}

const NAMED_MAX = 10;

function named(dates: readonly string[]): string {
  const more = dates.length > NAMED_MAX ? ` and ${dates.length - NAMED_MAX} more` : '';
  return `${dates.slice(0, NAMED_MAX).join(', ')}${more}`;
}
