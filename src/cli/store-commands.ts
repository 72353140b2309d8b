import type { Command as CommanderCommand } from 'commander';
import { addSettingOptions, settingsFrom } from './setting-options.ts';

export function addStoreCommands(program: CommanderCommand): void {
  const migrate = program.command('migrate').description("creates or upgrades the store's schema");
  addSettingOptions(migrate, 'migrate').action(async (options: Record<string, unknown>) => {
    const { migrateStore } = await import('../app/tasks/migrate-store.ts');
    process.stdout.write(`${await migrateStore(settingsFrom('migrate', options))}\n`);
  });
  const topics = program.command('topics').description('the topics in Kafka');
  const create = topics
    .command('create')
    .description('creates the topics that are missing, or explains what differs')
    .option('--grow', 'adds partitions to topics that have fewer');
  addSettingOptions(create, 'topics').action(async (options: Record<string, unknown>) => {
    const { createConfiguredTopics } = await import('../app/open/configured-topics.ts');
    const reports = await createConfiguredTopics(settingsFrom('topics', options), options['grow'] === true);
    for (const { topic, outcome, partitions, differences } of reports) {
      process.stdout.write(`${topic}: ${outcome}, ${partitions} partitions\n`);
      for (const difference of differences) process.stdout.write(`  ${difference}\n`);
    }
  });
}
