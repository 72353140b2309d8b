import { type Command, flagOf, type Setting } from './setting.ts';
import { SETTINGS, type SettingName, type SettingsOf, type SomeSettings } from './settings-table.ts';

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
export function readSettings<C extends Command>(command: C, sources: SettingSources): SettingsOf<C> {
  const settings: Record<string, unknown> = {};
  for (const [name, setting] of settingsOf(command)) settings[name] = readSetting(name, setting, command, sources);
  checkTogether(settings);
  if (settings['host'] === AUTO) settings['host'] = automaticHost(settings);
  return settings as SettingsOf<C>;
}

const AUTO = 'auto';

function automaticHost({ apiKeys }: SomeSettings): string {
  return apiKeys === 'required' ? '0.0.0.0' : '127.0.0.1';
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
export function changedSettings(command: Command, settings: SomeSettings): Readonly<Record<string, unknown>> {
  const changed: Record<string, unknown> = {};
  for (const [name, setting] of settingsOf(command)) {
    const value: unknown = settings[name];
    if (value === undefined) continue;
    if (name === 'host' && value === automaticHost(settings)) continue;
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
  const fromEnv = variableOf(setting, env);
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

/** `STREAMLENS_METRICS_PORT` as well as `METRICS_PORT`: the longer name is nobody else's. */
function variableOf(setting: Setting<unknown>, env: SettingSources['env']): string | undefined {
  const own = env[prefixed(setting)];
  if (own !== undefined && own !== '') return own;
  const value = env[setting.env];
  return isOfKubernetes(setting, value) ? undefined : value;
}

function prefixed({ env }: Setting<unknown>): string {
  return env.startsWith('STREAMLENS_') ? env : `STREAMLENS_${env}`;
}

/** Kubernetes sets `METRICS_PORT=tcp://10.0.0.1:8081` in each pod beside a Service named `metrics`. */
function isOfKubernetes({ env }: Setting<unknown>, value: string | undefined): boolean {
  return env.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value ?? '');
}

/** A sentence for each variable of a command that Kubernetes has set for a Service, and that is passed over. */
export function ignoredVariables(command: Command, env: SettingSources['env']): readonly string[] {
  return settingsOf(command).flatMap(([, setting]) => {
    const value = env[setting.env];
    if (!isOfKubernetes(setting, value)) return [];
    return `${setting.env}=${value} is the address of a Kubernetes Service of that name and is ignored; use ${prefixed(setting)}, or enableServiceLinks: false`;
  });
}

function checkTogether(settings: SomeSettings): void {
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
