import type { Command as CommanderCommand } from 'commander';
import type { ErasureReport } from '../app/erasure/erase.ts';
import { SettingError } from '../settings/read-settings.ts';
import { showSteps } from './byte-progress.ts';
import { addSettingOptions, settingsFrom } from './setting-options.ts';
import { textTable } from './text-table.ts';

const HELP = `
Deletes for good what is stored of a tenant (rows, calls, dead letters, its own API keys, its events), or what says who a user was
(single calls, dead letters, user, session and metadata of events; sums name no user and stay). Shows what it deletes; --dry-run
only shows it. StreamLens may run. With Kafka the events stay in the topics until their retention is over.
`;

export function addDeleteCommand(program: CommanderCommand): void {
  const cli = program
    .command('delete')
    .description("deletes one tenant's or one user's data")
    .option('--tenant <id>', 'the tenant whose data goes')
    .option('--user <hash>', 'the user_id_hash whose data goes')
    .option('--dry-run', 'only shows what would be deleted')
    .option('--json', 'as JSON')
    .addHelpText('after', HELP);
  addSettingOptions(cli, 'delete').action(async (options: Record<string, unknown>) => {
    const { tenant, user } = options;
    if ((typeof tenant === 'string') === (typeof user === 'string') || tenant === '' || user === '')
      throw new SettingError('delete takes --tenant or --user: one of them, and not empty');
    const settings = settingsFrom('delete', options);
    const subject =
      typeof tenant === 'string'
        ? ({ kind: 'tenant', tenantId: tenant } as const)
        : ({ kind: 'user', userIdHash: String(user) } as const);
    const isDryRun = options['dryRun'] === true;
    const { erase } = await import('../app/erasure/erase.ts');
    const progress = showSteps('looking through the log');
    const report = await erase(settings, subject, { isDryRun, watch: progress.watch }).finally(progress.stop);
    const text = options['json'] === true ? `${JSON.stringify(report, null, 2)}\n` : reportText(report, isDryRun);
    process.stdout.write(text);
  });
}

function reportText({ rows, records }: ErasureReport, isDryRun: boolean): string {
  const cells = [
    ...Object.entries(rows).map(([table, count]) => ['rows of', table, String(count)]),
    ...Object.entries(records ?? {}).map(([topic, count]) => ['events in', topic, String(count)]),
  ].filter(([, , count]) => count !== '0');
  const verb = isDryRun ? 'would be deleted' : 'deleted';
  if (cells.length === 0) return `Nothing is stored of it; nothing ${isDryRun ? 'would be' : 'was'} deleted\n`;
  const kafka = 'The events stay in the topics of Kafka until their retention is over; docs/operations.md says more\n';
  return `${textTable(['', 'where', verb], cells, new Set([verb]))}${records === null ? kafka : ''}`;
}
