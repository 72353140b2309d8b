import { type Command, flagOf, SETTINGS, type Setting, type SettingName, type Settings } from './settings-table.ts';

/** Wrong usage or configuration: exit code 2. One sentence that names the setting, what it got and what it takes. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}

/** Where values come from: flags win over the environment, that wins over the defaults. */
export interface SettingSources {
  /** By setting name, as given on the command line. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** @throws {SettingError} for the first value that does not do */
export function readSettings(command: Command, sources: SettingSources): Settings {
  const settings: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(SETTINGS) as [SettingName, Setting<unknown>][]) {
    if (setting.commands.includes(command)) settings[name] = readSetting(name, setting, command, sources);
  }
  checkTogether(settings);
  if (settings['host'] === 'auto') settings['host'] = settings['apiKeys'] === 'required' ? '0.0.0.0' : '127.0.0.1';
  return settings as Settings;
}

/** The settings of a command, in the order of the table. */
export function settingsOf(command: Command): readonly [SettingName, Setting<unknown>][] {
  return (Object.entries(SETTINGS) as [SettingName, Setting<unknown>][]).filter(([, setting]) =>
    setting.commands.includes(command),
  );
}

export function fallbackOf(setting: Setting<unknown>, command: Command): string | undefined {
  return typeof setting.fallback === 'string' ? setting.fallback : setting.fallback?.[command];
}

/** What differs from the defaults, for the log; a secret only by its presence. */
export function changedSettings(command: Command, settings: Settings): Readonly<Record<string, unknown>> {
  const changed: Record<string, unknown> = {};
  for (const [name, setting] of settingsOf(command)) {
    const value: unknown = settings[name];
    if (value === undefined) continue;
    const fallback = fallbackOf(setting, command);
    const usual = fallback === undefined ? undefined : setting.kind.read(fallback);
    if (usual?.ok === true && JSON.stringify(usual.value) === JSON.stringify(value)) continue;
    changed[setting.env] = setting.kind.isSecret === true ? '[secret]' : value;
  }
  return changed;
}

function readSetting(
  name: SettingName,
  setting: Setting<unknown>,
  command: Command,
  { flags, env }: SettingSources,
): unknown {
  const flag = flags[name];
  const fromEnv = env[setting.env];
  const given = typeof flag === 'string' || typeof flag === 'boolean' ? String(flag) : fromEnv;
  // An empty variable is how shells and Compose files say "not set".
  const value = given === undefined || (given === '' && flag === undefined) ? fallbackOf(setting, command) : given;
  if (value === undefined) return undefined;
  const reading = setting.kind.read(value);
  if (reading.ok) return reading.value;
  const got = setting.kind.isSecret ? 'a value that is kept secret' : JSON.stringify(value);
  const source = given === flag && flag !== undefined ? flagOf(setting) : setting.env;
  throw new SettingError(`${source} must be ${reading.expected}; got ${got}`);
}

function checkTogether(settings: Partial<Settings>): void {
  const { kafkaSaslMechanism, kafkaSaslUsername, kafkaSaslPassword } = settings;
  if (kafkaSaslMechanism !== undefined && (kafkaSaslUsername === undefined || kafkaSaslPassword === undefined)) {
    throw new SettingError('KAFKA_SASL_MECHANISM needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD as well');
  }
  if ((settings.kafkaTlsCert === undefined) !== (settings.kafkaTlsKey === undefined)) {
    throw new SettingError('KAFKA_TLS_CERT and KAFKA_TLS_KEY are needed together');
  }
  const { logRetentionMs, joinTimeoutMs = 0, dedupHorizonMs = 0 } = settings;
  if (logRetentionMs !== undefined && logRetentionMs < 2 * (joinTimeoutMs + dedupHorizonMs)) {
    throw new SettingError('LOG_RETENTION must be at least twice JOIN_TIMEOUT and DEDUP_HORIZON together');
  }
}
