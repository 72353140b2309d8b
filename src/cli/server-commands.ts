import type { Command as CommanderCommand } from 'commander';
import type { RunningProgram } from '../app/programs/running-program.ts';
import { VERSION } from '../app/version.ts';
import { changedSettings } from '../settings/read-settings.ts';
import type { Command, Settings } from '../settings/settings-table.ts';
import { runUntilSignal } from './run-until-signal.ts';
import { addSettingOptions, settingsFrom } from './setting-options.ts';

interface Server {
  readonly command: Command;
  readonly about: string;
  /** Loads only what this command needs. */
  readonly start: (settings: Settings) => Promise<RunningProgram>;
}

const SERVERS: readonly Server[] = [
  {
    command: 'up',
    about: 'all three roles in one process; needs no other service',
    start: async (settings) => (await import('../app/programs/up.ts')).startUp(settings),
  },
  {
    command: 'ingestion-api',
    about: 'HTTP in, events out to the log',
    start: async (settings) =>
      (await import('../app/programs/separate-ingestion-api.ts')).startSeparateIngestion(settings),
  },
  {
    command: 'metrics-processor',
    about: 'joins, adds up, writes the store and llm.metrics',
    start: async (settings) =>
      (await import('../app/programs/separate-metrics-processor.ts')).startSeparateProcessor(settings),
  },
  {
    command: 'metrics-api',
    about: 'query API and dashboard',
    start: async (settings) =>
      (await import('../app/programs/separate-metrics-api.ts')).startSeparateMetricsApi(settings),
  },
];

export function addServerCommands(program: CommanderCommand): void {
  for (const { command, about, start } of SERVERS) {
    const cli = program.command(command).description(about);
    addSettingOptions(cli, command).action(async (options: Record<string, unknown>) => {
      const settings = settingsFrom(command, options);
      await runUntilSignal(() => start(settings), {
        delayMs: settings.shutdownDelayMs,
        facts: { command, version: VERSION, node: process.version, settings: changedSettings(command, settings) },
      });
    });
  }
}
