import type { Command as CommanderCommand } from 'commander';
import type { RunningProgram } from '../app/programs/running-program.ts';
import { VERSION } from '../app/version.ts';
import { changedSettings } from '../settings/read-settings.ts';
import type { SettingsOf } from '../settings/settings-table.ts';
import { runUntilSignal } from './run-until-signal.ts';
import { addSettingOptions, settingsFrom } from './setting-options.ts';

interface Server {
  readonly command: ServerCommand;
  readonly about: string;
  /** Reads the settings of the command. What comes back starts it, and loads only what it needs. */
  readonly configure: (options: Readonly<Record<string, unknown>>) => ConfiguredServer;
}

type ServerCommand = 'up' | 'ingestion-api' | 'metrics-processor' | 'metrics-api';

interface ConfiguredServer {
  readonly settings: SettingsOf<ServerCommand>;
  readonly start: () => Promise<RunningProgram>;
}

const SERVERS: readonly Server[] = [
  {
    command: 'up',
    about: 'all three roles in one process; needs no other service',
    configure: (options) => {
      const settings = settingsFrom('up', options);
      return { settings, start: async () => (await import('../app/programs/up.ts')).startUp(settings) };
    },
  },
  {
    command: 'ingestion-api',
    about: 'HTTP in, events out to the log',
    configure: (options) => {
      const settings = settingsFrom('ingestion-api', options);
      const load = () => import('../app/programs/separate-ingestion-api.ts');
      return { settings, start: async () => (await load()).startSeparateIngestion(settings) };
    },
  },
  {
    command: 'metrics-processor',
    about: 'joins, adds up, writes the store and llm.metrics',
    configure: (options) => {
      const settings = settingsFrom('metrics-processor', options);
      const load = () => import('../app/programs/separate-metrics-processor.ts');
      return { settings, start: async () => (await load()).startSeparateProcessor(settings) };
    },
  },
  {
    command: 'metrics-api',
    about: 'query API and dashboard',
    configure: (options) => {
      const settings = settingsFrom('metrics-api', options);
      const load = () => import('../app/programs/separate-metrics-api.ts');
      return { settings, start: async () => (await load()).startSeparateMetricsApi(settings) };
    },
  },
];

export function addServerCommands(program: CommanderCommand): void {
  for (const { command, about, configure } of SERVERS) {
    const cli = program.command(command).description(about);
    addSettingOptions(cli, command).action(async (options: Record<string, unknown>) => {
      const { settings, start } = configure(options);
      await runUntilSignal(start, {
        delayMs: settings.shutdownDelayMs,
        facts: { command, version: VERSION, node: process.version, settings: changedSettings(command, settings) },
      });
    });
  }
}
