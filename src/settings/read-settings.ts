import { readSecretFile } from './secret-file.ts';
import { type Command, fileFlagOf, fileVariableOf, flagOf, type Setting } from './setting.ts';
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
  for (const [name, setting] of settingsOf(command)) {
    const file = setting.kind.isSecret === true ? secretFileOf(name, setting, sources) : null;
    settings[name] =
      file === null ? readSetting(name, setting, command, sources) : readFromFile(setting, file.source, file.path);
    if (file !== null) settings[`${name}File`] = file.path;
  }
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
    const file = (settings as Readonly<Record<string, unknown>>)[`${name}File`];
    if (file !== undefined) changed[fileVariableOf(setting)] = file;
    else changed[setting.env] = setting.kind.isSecret === true ? '[secret]' : value;
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

/** The file that holds a secret, if one is named; a flag wins over the environment, as everywhere. */
function secretFileOf(
  name: SettingName,
  setting: Setting<unknown>,
  { flags, env }: SettingSources,
): { readonly path: string; readonly source: string } | null {
  const fileFlag = flags[`${name}File`];
  const fileEnv = variableOf({ env: fileVariableOf(setting) }, env);
  const [valueFlag, valueEnv] = [flags[name], variableOf(setting, env)];
  if (typeof fileFlag === 'string') {
    if (valueFlag !== undefined) throw bothGiven(flagOf(setting), fileFlagOf(setting));
    return { path: fileFlag, source: fileFlagOf(setting) };
  }
  if (valueFlag !== undefined || fileEnv === undefined || fileEnv === '') return null;
  if (valueEnv !== undefined && valueEnv !== '') throw bothGiven(setting.env, fileVariableOf(setting));
  return { path: fileEnv, source: fileVariableOf(setting) };
}

function bothGiven(value: string, file: string): SettingError {
  return new SettingError(`${value} and ${file} are both set; give the secret, or the file that holds it`);
}

function readFromFile(setting: Setting<unknown>, source: string, path: string): unknown {
  const text = readSecretFile(path);
  if (!text.ok) throw new SettingError(`${source} must name ${text.expected}; got ${JSON.stringify(path)}`);
  const reading = setting.kind.read(text.value);
  if (reading.ok) return reading.value;
  throw new SettingError(`The file ${path} of ${source} must hold ${reading.expected}; it holds something else`);
}

/** `STREAMLENS_METRICS_PORT` as well as `METRICS_PORT`: the longer name is nobody else's. */
function variableOf(setting: Pick<Setting<unknown>, 'env'>, env: SettingSources['env']): string | undefined {
  const own = env[prefixed(setting)];
  if (own !== undefined && own !== '') return own;
  const value = env[setting.env];
  return isOfKubernetes(setting, value) ? undefined : value;
}

function prefixed({ env }: Pick<Setting<unknown>, 'env'>): string {
  return env.startsWith('STREAMLENS_') ? env : `STREAMLENS_${env}`;
}

/** Kubernetes sets `METRICS_PORT=tcp://10.0.0.1:8081` in each pod beside a Service named `metrics`. */
function isOfKubernetes({ env }: Pick<Setting<unknown>, 'env'>, value: string | undefined): boolean {
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
  checkSasl(settings);
  if ((settings.kafkaTlsCert === undefined) !== (settings.kafkaTlsKey === undefined)) {
    throw new SettingError('KAFKA_TLS_CERT and KAFKA_TLS_KEY are needed together');
  }
  if (settings.oidcIssuer !== undefined) {
    const { oidcIssuer, oidcClientId, publicUrl, apiKeys } = settings;
    if (oidcClientId === undefined || publicUrl === undefined || apiKeys !== 'required') {
      throw new SettingError('OIDC_ISSUER needs OIDC_CLIENT_ID, PUBLIC_URL and API_KEYS=required as well');
    }
    const { protocol, hostname } = new URL(oidcIssuer);
    if (protocol === 'http:' && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname)) {
      throw new SettingError('OIDC_ISSUER must be https, but for a provider on this machine');
    }
    const wrong = settings.oidcRoleMap?.find((pair) => !/^.+=(ingest|read|admin)$/.test(pair));
    if (wrong !== undefined) {
      throw new SettingError(
        `OIDC_ROLE_MAP must be name=role pairs of ingest, read and admin; got ${JSON.stringify(wrong)}`,
      );
    }
  }
  if ((settings.tlsCert === undefined) !== (settings.tlsKey === undefined)) {
    throw new SettingError('TLS_CERT and TLS_KEY are needed together');
  }
  checkRegistry(settings);
  const { logRetentionMs, joinTimeoutMs = 0, dedupHorizonMs = 0 } = settings;
  if (logRetentionMs !== undefined && logRetentionMs < 2 * (joinTimeoutMs + dedupHorizonMs)) {
    throw new SettingError('LOG_RETENTION must be at least twice JOIN_TIMEOUT and DEDUP_HORIZON together');
  }
}

function checkRegistry(settings: SomeSettings): void {
  const { schemaRegistryUrl: url, schemaRegistryUsername, schemaRegistryPassword, schemaRegistryWireFormat } = settings;
  if (url !== undefined && settings.kafkaBrokers === undefined) {
    throw new SettingError('SCHEMA_REGISTRY_URL needs KAFKA_BROKERS: nobody else reads the embedded log');
  }
  if (schemaRegistryWireFormat === 'confluent' && url === undefined) {
    throw new SettingError('SCHEMA_REGISTRY_WIRE_FORMAT=confluent needs SCHEMA_REGISTRY_URL, which gives the ids');
  }
  if (url !== undefined && (schemaRegistryUsername === undefined) !== (schemaRegistryPassword === undefined)) {
    throw new SettingError('SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD are needed together');
  }
}

function checkSasl(settings: SomeSettings): void {
  const { kafkaSaslMechanism: mechanism, kafkaTls } = settings;
  if (mechanism === undefined) return;
  if (mechanism === 'OAUTHBEARER') {
    const { kafkaOauthToken, kafkaOauthTokenEndpoint, kafkaOauthClientId, kafkaOauthClientSecret } = settings;
    if (kafkaOauthToken !== undefined && kafkaOauthTokenEndpoint !== undefined)
      throw new SettingError('KAFKA_OAUTH_TOKEN and KAFKA_OAUTH_TOKEN_ENDPOINT are both set; give one of them');
    const isClient = [kafkaOauthTokenEndpoint, kafkaOauthClientId, kafkaOauthClientSecret].every(
      (value) => value !== undefined,
    );
    if (kafkaOauthToken !== undefined || isClient) return;
    throw new SettingError(
      'KAFKA_SASL_MECHANISM=OAUTHBEARER needs KAFKA_OAUTH_TOKEN_ENDPOINT, KAFKA_OAUTH_CLIENT_ID and KAFKA_OAUTH_CLIENT_SECRET, or KAFKA_OAUTH_TOKEN',
    );
  }
  if (mechanism === 'AWS_MSK_IAM') {
    if (kafkaTls !== true) throw new SettingError('KAFKA_SASL_MECHANISM=AWS_MSK_IAM needs KAFKA_TLS=true');
    if (settings.awsRegion === undefined && mskRegionOf(settings.kafkaBrokers ?? []) === null)
      throw new SettingError('KAFKA_SASL_MECHANISM=AWS_MSK_IAM needs AWS_REGION: KAFKA_BROKERS do not name it');
    return;
  }
  if (settings.kafkaSaslUsername === undefined || settings.kafkaSaslPassword === undefined) {
    throw new SettingError(
      `KAFKA_SASL_MECHANISM=${mechanism} needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD as well`,
    );
  }
}

/** `b-1.cluster.abcdef.c2.kafka.eu-central-1.amazonaws.com:9098` says where it is. */
export function mskRegionOf(brokers: readonly string[]): string | null {
  const [, region] = /\.kafka(?:-serverless)?\.([a-z0-9-]+)\.amazonaws\.com/.exec(brokers.join(',')) ?? [];
  return region ?? null;
}
