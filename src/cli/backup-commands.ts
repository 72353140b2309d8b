import type { Command as CommanderCommand } from 'commander';
import { mebibytes, showSteps } from './byte-progress.ts';
import { addSettingOptions, settingsFrom } from './setting-options.ts';

const BACKUP_HELP = `
Copies the embedded event log and store, as of one moment, into DIR, which must be new or empty. StreamLens may run and take events
meanwhile. What it was told "accepted" before the backup began is in it.
`;

const RESTORE_HELP = `
Puts the backup in DIR into an empty data directory, after checking it. "streamlens up" then goes on from the moment of the backup.
`;

export function addBackupCommands(program: CommanderCommand): void {
  const backup = program
    .command('backup')
    .description('copies the embedded log and store while they are in use')
    .argument('<dir>', 'where to put the copy')
    .addHelpText('after', BACKUP_HELP);
  addSettingOptions(backup, 'backup').action(async (dir: string, options: Record<string, unknown>) => {
    const settings = settingsFrom('backup', options);
    const { backUp } = await import('../app/backup/back-up.ts');
    const progress = showSteps('copying', mebibytes);
    const { manifest, elsewhere } = await backUp(settings, dir, progress.watch).finally(progress.stop);
    const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
    process.stdout.write(`Backed up ${settings.dataDir} to ${dir}: ${mebibytes(bytes)}, checksums in backup.json\n`);
    if (elsewhere.includes('events'))
      process.stdout.write(
        'It has no events: where they lie in Kafka, retention there must outlast your newest backup\n',
      );
    if (elsewhere.includes('metrics'))
      process.stdout.write(
        'It has no metrics: where they lie in Postgres, dump that first and back up the log after it\n',
      );
  });
  const restore = program
    .command('restore')
    .description('puts a backup into an empty data directory')
    .argument('<dir>', 'where the backup is')
    .addHelpText('after', RESTORE_HELP);
  addSettingOptions(restore, 'restore').action(async (dir: string, options: Record<string, unknown>) => {
    const settings = settingsFrom('restore', options);
    const { restore: putBack } = await import('../app/backup/restore.ts');
    const progress = showSteps('checking and copying', mebibytes);
    const manifest = await putBack(settings, dir, progress.watch).finally(progress.stop);
    process.stdout.write(`Restored the backup of ${manifest.created_at} into ${settings.dataDir}\n`);
  });
}
