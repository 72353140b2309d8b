import type { Command as CommanderCommand } from 'commander';
import { addSettingOptions, settingsFrom } from './setting-options.ts';

export function addStoreCommands(program: CommanderCommand): void {
  const migrate = program.command('migrate').description("creates or upgrades the store's schema");
  addSettingOptions(migrate, 'migrate').action(async (options: Record<string, unknown>) => {
    const { migrateStore } = await import('../app/tasks/migrate-store.ts');
    process.stdout.write(`${await migrateStore(settingsFrom('migrate', options))}\n`);
  });
  const log = program.command('log').description('the embedded event log');
  const restamp = log
    .command('restamp')
    .description('mends a log that was stamped by a wrong clock, while StreamLens is stopped')
    .option('--dry-run', 'only tells what would be done');
  addSettingOptions(restamp, 'log').action(async (options: Record<string, unknown>) => {
    const { restampLog } = await import('../app/tasks/restamp-log.ts');
    const dryRun = options['dryRun'] === true;
    const { aheadMs, blocks } = await restampLog(settingsFrom('log', options), { dryRun });
    const sentence =
      aheadMs === 0
        ? 'No event is stamped ahead of the clock; there is nothing to do'
        : `The log was ${Math.ceil(aheadMs / 1000)} s ahead of the clock; ${blocks} blocks ${dryRun ? 'would get' : 'got'} other stamps`;
    process.stdout.write(`${sentence}\n`);
  });
  const topics = program.command('topics').description('the topics in Kafka');
  const create = topics
    .command('create')
    .description('creates the topics that are missing, or explains what differs')
    .option('--grow', 'adds partitions to topics that have fewer');
  addSettingOptions(create, 'topics').action(async (options: Record<string, unknown>) => {
    const settings = settingsFrom('topics', options);
    const { createConfiguredTopics } = await import('../app/open/configured-topics.ts');
    const reports = await createConfiguredTopics(settings, settings.kafkaBrokers, options['grow'] === true);
    for (const { topic, outcome, partitions, differences } of reports) {
      process.stdout.write(`${topic}: ${outcome}, ${partitions} partitions\n`);
      for (const difference of differences) process.stdout.write(`  ${difference}\n`);
    }
  });
}
