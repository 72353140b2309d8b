import { type Command as CommanderCommand, Option } from 'commander';
import { fallbackOf, ignoredVariables, readSettings, settingsOf } from '../settings/read-settings.ts';
import { type Command, fileFlagOf, fileVariableOf, flagOf } from '../settings/setting.ts';
import type { SettingsOf } from '../settings/settings-table.ts';

/** Gives a command a flag per setting, with the variable and the default in its help. */
export function addSettingOptions(cli: CommanderCommand, command: Command): CommanderCommand {
  for (const [name, setting] of settingsOf(command)) {
    if (name === 'migrate') {
      cli.addOption(new Option('--no-migrate', "leave the store's schema alone (MIGRATE=false)"));
      continue;
    }
    const fallback = setting.kind.isSecret ? undefined : fallbackOf(setting, command);
    const notes = [setting.env, ...(fallback === undefined ? [] : [`default ${fallback}`])].join(', ');
    cli.addOption(new Option(`${flagOf(setting)} <${setting.kind.hint}>`, `${setting.about} (${notes})`));
    if (setting.kind.isSecret === true) {
      const about = `file that holds it, instead (${fileVariableOf(setting)})`;
      cli.addOption(new Option(`${fileFlagOf(setting)} <path>`, about));
    }
  }
  return cli;
}

/** @throws {SettingError} for the first value that does not do */
export function settingsFrom<C extends Command>(command: C, options: Readonly<Record<string, unknown>>): SettingsOf<C> {
  const flags: Record<string, unknown> = {};
  for (const [name, setting] of settingsOf(command)) {
    const value = options[camelCase(flagOf(setting))];
    // Commander sets `migrate` to true by itself; only false was asked for.
    if (value !== undefined && !(name === 'migrate' && value === true)) flags[name] = value;
    const file = setting.kind.isSecret === true ? options[camelCase(fileFlagOf(setting))] : undefined;
    if (file !== undefined) flags[`${name}File`] = file;
  }
  for (const line of ignoredVariables(command, process.env)) process.stderr.write(`streamlens: ${line}\n`);
  return readSettings(command, { flags, env: process.env });
}

function camelCase(flag: string): string {
  return flag.replace(/^--/, '').replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
