import { existsSync, readFileSync } from 'node:fs';
import { type Command as CommanderCommand, Option } from 'commander';
import { PROVIDERS, type ReconcileRequest } from '../app/tasks/reconcile-request.ts';
import { type Mapping, NO_MAPPING, parseMapping } from '../commands/import/exports/mapping.ts';
import { SettingError } from '../settings/read-settings.ts';
import { parseInstant } from './parse-instant.ts';
import { checkReadable } from './readable-file.ts';
import { reconcileText } from './reconcile-text.ts';
import { addSettingOptions, settingsFrom } from './setting-options.ts';
import { stopSignal } from './stop-signal.ts';

const HELP = `
SOURCE is openai, anthropic, openrouter or aws, whose API is asked with a key from the environment (OPENAI_ADMIN_KEY,
ANTHROPIC_ADMIN_KEY, OPENROUTER_MANAGEMENT_KEY, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY); or one or more files: exports
of a provider's console (usage, costs, or both), saved answers of its API, a Cost and Usage Report of AWS, or rows of single
calls with --mapping.

Nothing is changed; --save keeps the result for the dashboard and GET /v1/reconciliations. Exit code 0 when all but
--tolerance of the bill is explained, 1 when it is not (or the provider cannot be asked), 2 for wrong usage.
See docs/reconcile.md for how causes are told apart, and for --keys.
`;

const STEPS_MS: Readonly<Record<string, number>> = { '1m': 60_000, '1h': 3_600_000, '1d': 86_400_000 };

interface CliOptions {
  readonly from: string;
  readonly to: string;
  readonly step?: string;
  readonly tenant?: string;
  readonly provider?: string;
  readonly keys?: string;
  readonly mapping?: string;
  readonly tolerance: string;
  readonly rows: string;
  readonly format: 'table' | 'json';
  readonly save?: boolean;
  readonly [flag: string]: unknown;
}

export function addReconcileCommand(program: CommanderCommand): void {
  const cli = program
    .command('reconcile')
    .description("our figures beside the provider's bill, each difference with its cause")
    .argument('<source...>', 'openai, anthropic, openrouter, aws, or files of a report')
    .requiredOption('--from <time>', 'the first instant: a day, an RFC 3339 time, or now-7d')
    .requiredOption('--to <time>', 'where to end, exclusive')
    .addOption(
      new Option(
        '--step <step>',
        'the buckets to compare; finer tells more causes apart (default: by the length of the range)',
      ).choices(Object.keys(STEPS_MS)),
    )
    .option('--tenant <id>', 'only the calls of this tenant')
    .option('--provider <name>', 'whose bill it is, where a file does not say it')
    .option('--keys <file>', 'which key or project of the provider our calls use, as JSON; see docs/reconcile.md')
    .option('--mapping <file>', 'which column of a file is which field of a call, as for import')
    .option('--tolerance <amount>', 'how much may stay unexplained: a share of the bill (1%) or USD (0.50)', '1%')
    .option('--rows <n>', 'how many rows to show, the largest difference first', '20')
    .addOption(new Option('--format <format>', 'what to print').choices(['table', 'json']).default('table'))
    .option('--save', 'keeps the result in the store')
    .addHelpText('after', HELP);
  addSettingOptions(cli, 'reconcile').action(async (sources: readonly string[], options: CliOptions) => {
    const settings = settingsFrom('reconcile', options);
    const request = await requestOf(sources, options);
    const { reconcileInvoice } = await import('../app/tasks/reconcile-invoice.ts');
    const { FETCH_DEFAULTS } = await import('../commands/reconcile/fetch-json.ts');
    const report = await reconcileInvoice(settings, request, {
      ...FETCH_DEFAULTS,
      signal: stopSignal(),
      onRetry: (why, waitMs) => process.stderr.write(`${why}; trying again in ${Math.ceil(waitMs / 1000)} s\n`),
    });
    process.stdout.write(options.format === 'json' ? `${JSON.stringify(report, null, 2)}\n` : reconcileText(report));
    if (!report.within_tolerance) process.exitCode = 1;
  });
}

async function requestOf(sources: readonly string[], options: CliOptions): Promise<ReconcileRequest> {
  const nowMs = Date.now();
  const fromMs = parseInstant('--from', options.from, nowMs);
  const toMs = parseInstant('--to', options.to, nowMs);
  if (fromMs >= toMs) throw new SettingError('--from must lie before --to');
  const bucketMs = STEPS_MS[options.step ?? stepFor(toMs - fromMs)] ?? 60_000;
  return {
    source: sourceOf(sources, options),
    provider: options.provider ?? null,
    // Widened to whole buckets, as reports have no parts of them.
    fromMs: Math.floor(fromMs / bucketMs) * bucketMs,
    toMs: Math.ceil(toMs / bucketMs) * bucketMs,
    bucketMs: sources[0] === 'openrouter' ? 86_400_000 : bucketMs,
    tenantId: options.tenant ?? null,
    keys: await keysOf(options.keys),
    tolerance: toleranceOf(options.tolerance),
    rowsMax: countOf('--rows', options.rows),
    isSaved: options.save === true,
    nowMs: Date.now,
  };
}

/** A page of minutes is a day; of hours a week. */
function stepFor(spanMs: number): string {
  const days = spanMs / 86_400_000;
  return days <= 2 ? '1m' : days <= 14 ? '1h' : '1d';
}

function sourceOf(sources: readonly string[], { mapping }: CliOptions): ReconcileRequest['source'] {
  const [first = '', ...rest] = sources;
  const provider = PROVIDERS.find((name) => name === first);
  if (provider !== undefined && !existsSync(first)) {
    if (rest.length > 0) throw new SettingError(`<source> must be ${provider} alone, or files`);
    if (mapping !== undefined) throw new SettingError('--mapping is for files');
    return { provider };
  }
  const missing = sources.find((path) => !existsSync(path));
  if (missing !== undefined) {
    throw new SettingError(
      `<source> must be ${PROVIDERS.join(', ')}, or a file; ${JSON.stringify(missing)} is not there`,
    );
  }
  for (const path of sources) checkReadable('<source>', path);
  return { files: sources, mapping: mapping === undefined ? null : mappingOf(mapping) };
}

function mappingOf(path: string): Mapping {
  checkReadable('--mapping', path);
  try {
    return parseMapping(readFileSync(path, 'utf8'), NO_MAPPING);
  } catch (error) {
    throw new SettingError(`--mapping ${path}: ${(error as Error).message}`);
  }
}

async function keysOf(path: string | undefined) {
  const { ANY_KEY, parseKeyMap } = await import('../app/tasks/key-map.ts');
  if (path === undefined) return ANY_KEY;
  checkReadable('--keys', path);
  try {
    return parseKeyMap(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new SettingError(`--keys ${path}: ${(error as Error).message}`);
  }
}

function toleranceOf(text: string): ReconcileRequest['tolerance'] {
  const [, number, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim()) ?? [];
  if (number === undefined) {
    throw new SettingError(`--tolerance must be a share such as 1%, or USD such as 0.50; got ${JSON.stringify(text)}`);
  }
  return percent === '%' ? { share: Number(number) / 100 } : { usd: Number(number) };
}

function countOf(flag: string, text: string): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(count))
    throw new SettingError(`${flag} must be a whole number from 0 to 999,999; got ${JSON.stringify(text)}`);
  return count;
}
