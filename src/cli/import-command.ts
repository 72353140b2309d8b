import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Command as CommanderCommand, Option } from 'commander';
import type { Collected } from '../commands/import/collect-calls.ts';
import { type Mapping, NO_MAPPING, parseMapping } from '../commands/import/exports/mapping.ts';
import type { ImportOptions, ImportPlan } from '../commands/import/import-sessions.ts';
import { SOURCES, type Source } from '../commands/import/sources.ts';
import { SettingError } from '../settings/read-settings.ts';
import type { SettingsOf } from '../settings/settings-table.ts';
import { importSummary } from './import-summary.ts';
import { checkReadable } from './readable-file.ts';
import { addSettingOptions, settingsFrom } from './setting-options.ts';
import { stopSignal } from './stop-signal.ts';

const HELP = `
Nothing counts twice: a call in several files (resumed and forked sessions repeat their past) is one; what was sent is noted in a
file (--state-file) and known again for ever; what telemetry told already is known by its id, or by session, model, tokens and
time. It may be interrupted or killed anywhere and run again.

Costs are those of the price list at the time of each call. Exit code 0 when everything was sent, 1 when it was interrupted
or the server cannot take it, 2 for wrong usage.
`;

const MINUTE_MS = 60_000;
const DEFAULT_TENANT = 'default';

export function addImportCommand(program: CommanderCommand): void {
  const names = SOURCES.map(({ name }) => name).join('|');
  const cli = program
    .command('import')
    .description(
      'history from the session files of coding agents and from exports of gateways, counted once together with live telemetry',
    )
    .argument('<source>', `whose files: ${names}`)
    .argument('[path]', 'a folder or one file of them (default: where the agent keeps them)')
    .option(
      '--tenant <id>',
      'the tenant that they belong to: that of your telemetry, where some is sent (default: as the export says, else "default")',
    )
    .option('--mapping <file>', 'which column of an export is which field of a call, as JSON; see docs/commands.md')
    .option('--user <id>', 'a pseudonym of who made the calls, kept as user_id_hash')
    .option('--dry-run', 'tells what would be sent, and sends nothing')
    .option('--state-file <path>', 'where to note what was sent (default below ~/.local/state/streamlens)')
    .option(
      '--again',
      'sends what was sent before too, as far as StreamLens does not keep it: for a store that was emptied',
    )
    .option('--retry-minutes <n>', 'how long one batch is tried again', '10')
    .addOption(
      new Option('--unsure <decision>', 'calls that may have been counted longer ago than DEDUP_HORIZON')
        .choices(['ask', 'resend', 'skip'])
        .default('ask'),
    )
    .addHelpText('after', HELP);
  addSettingOptions(cli, 'import').action(async (name: string, path: string | undefined, options: CliOptions) => {
    const source = SOURCES.find((each) => each.name === name);
    if (source === undefined) throw new SettingError(`<source> must be one of ${names}; got ${JSON.stringify(name)}`);
    await importSource({ source, folders: foldersOf(source, path) }, settingsFrom('import', options), options);
  });
}

interface CliOptions {
  readonly tenant?: string;
  readonly mapping?: string;
  readonly user?: string;
  readonly dryRun?: boolean;
  readonly stateFile?: string;
  readonly again?: boolean;
  readonly retryMinutes: string;
  readonly unsure: 'ask' | 'resend' | 'skip';
  readonly [flag: string]: unknown;
}

/** @throws {SettingError} where there are none */
function foldersOf(source: Source, path: string | undefined): readonly string[] {
  if (path !== undefined) {
    if (!existsSync(path)) throw new SettingError(`[path] must be a folder or a file; ${path} is not there`);
    return [path];
  }
  if (source.mapping !== undefined) throw new SettingError('[path] must name the export: a file, or a folder of them');
  const folders = source.folders({ home: homedir(), env: process.env });
  const there = folders.filter((folder) => existsSync(folder));
  if (there.length > 0) return there;
  throw new SettingError(
    `[path] must say where the session files of ${source.title} lie; there are none at ${folders.join(' or ')}`,
  );
}

async function importSource(
  { source, folders }: { readonly source: Source; readonly folders: readonly string[] },
  settings: SettingsOf<'import'>,
  cli: CliOptions,
): Promise<void> {
  const { collectCalls } = await import('../commands/import/collect-calls.ts');
  const { findSessionFiles } = await import('../commands/import/session-files.ts');
  const { planImport, sendPlanned } = await import('../commands/import/import-sessions.ts');
  const { showImportProgress } = await import('../commands/import/import-progress.ts');
  checkOptions(cli);
  const mapping = mappingOf(source, cli.mapping);
  const files = findSessionFiles(folders, (path) => source.isSession(path));
  const progress = showImportProgress();
  const how: ImportOptions = {
    ...howToImport(source, settings, cli),
    signal: stopSignal(),
    watch: progress,
    target: {
      baseUrl: settings.baseUrl,
      apiKey: settings.apiKey,
      retryMsMax: Number(cli.retryMinutes) * MINUTE_MS,
      onRetry: (why, waitMs) => progress.retrying(why, waitMs),
    },
  };
  let collected: Collected;
  let plan: ImportPlan;
  let report: Awaited<ReturnType<typeof sendPlanned>> | null = null;
  try {
    progress.begin('reading', files.length);
    collected = collectCalls(
      files,
      (path) => source.read(path, mapping),
      () => progress.done(1),
    );
    plan = await planImport(collected.calls, how);
    if (cli.dryRun !== true) report = await sendPlanned(plan, how);
  } finally {
    progress.stop();
  }
  process.stdout.write(importSummary({ source, files: files.length, folders, collected, plan, report, settings, how }));
  const isLeftOut = collected.refusedRows > 0 || (report !== null && report.rejectedEvents > 0);
  if (isLeftOut || report?.isInterrupted === true) process.exitCode = 1;
}

/** @throws {SettingError} which names the field */
function mappingOf({ name, mapping }: Source, file: string | undefined): Mapping {
  if (mapping === undefined) {
    if (file !== undefined) throw new SettingError(`--mapping is for exports of gateways; ${name} needs none`);
    return NO_MAPPING;
  }
  if (file === undefined) {
    if (mapping.fields.model === undefined)
      throw new SettingError(`--mapping must say which column is which field of a call`);
    return mapping;
  }
  checkReadable('--mapping', file);
  try {
    return parseMapping(readFileSync(file, 'utf8'), mapping);
  } catch (error) {
    throw new SettingError(`--mapping ${file}: ${(error as Error).message}`);
  }
}

/** @throws {SettingError} for what does not do */
function checkOptions({ tenant, user, retryMinutes }: CliOptions): void {
  const minutes = Number(retryMinutes);
  if (!(minutes >= 0 && minutes <= 1440)) {
    throw new SettingError(`--retry-minutes must be a number from 0 to 1,440; got ${JSON.stringify(retryMinutes)}`);
  }
  for (const [flag, value] of Object.entries({ '--tenant': tenant ?? DEFAULT_TENANT, '--user': user ?? 'anybody' })) {
    if (value === '' || value.length > 255) throw new SettingError(`${flag} must have 1 to 255 characters`);
  }
}

function howToImport(
  source: Source,
  settings: SettingsOf<'import'>,
  cli: CliOptions,
): Omit<ImportOptions, 'signal' | 'watch' | 'target'> {
  const { baseUrl, metricsUrl, apiKey, dedupHorizonMs } = settings;
  const { tenant = DEFAULT_TENANT } = cli;
  return {
    sender: { tenant, isTenantForced: cli.tenant !== undefined, user: cli.user ?? null, route: source.route },
    metrics: { baseUrl: metricsUrl, apiKey, tenant },
    journalPath: cli.stateFile ?? defaultStateFile(source, baseUrl, tenant),
    dedupHorizonMs,
    unsure: cli.unsure,
    again: cli.again === true,
    nowMs: Date.now,
  };
}

/** One for each StreamLens and tenant: what one of them has, another one lacks. */
function defaultStateFile({ name }: Source, baseUrl: string, tenant: string): string {
  const state = process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state');
  const target = createHash('sha256')
    .update(JSON.stringify([baseUrl, tenant]))
    .digest('hex')
    .slice(0, 16);
  return join(state, 'streamlens', `import-${name}-${target}.ndjson`);
}
