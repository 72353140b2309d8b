import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventLog } from '../../event-log/event-log.ts';
import type { KafkaSettings, KafkaTls } from '../../event-log/kafka/kafka-settings.ts';
import { SqliteEventLog, type SqliteEventLogOptions } from '../../event-log/sqlite/sqlite-event-log.ts';
import { SettingError } from '../../settings/read-settings.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';

/** What the logs of one process share on the file in the data directory. */
export type SharedLog = Omit<SqliteEventLogOptions, 'path'>;

type WithKafka = 'up' | 'ingestion-api' | 'metrics-processor' | 'topics' | 'dead-letters' | 'doctor';

/** How to reach the brokers; how to write there and which group to join only where a command does so. */
export type KafkaLogSettings = Pick<
  SettingsOf<WithKafka>,
  | 'kafkaTls'
  | 'kafkaTlsCa'
  | 'kafkaTlsCert'
  | 'kafkaTlsKey'
  | 'kafkaSaslMechanism'
  | 'kafkaSaslUsername'
  | 'kafkaSaslPassword'
> &
  Partial<Pick<SettingsOf<'up' | 'metrics-processor'>, 'kafkaCompression' | 'consumerGroup'>>;

/** A command without a data directory has brokers. */
export type LogSettings = KafkaLogSettings &
  (
    | { readonly kafkaBrokers: readonly string[] }
    | { readonly kafkaBrokers: readonly string[] | undefined; readonly dataDir: string }
  );

/** The log that the settings name: Kafka where there are brokers, else the file in the data directory. */
export async function openLog(settings: LogSettings, shared: SharedLog = {}): Promise<EventLog> {
  if (!('dataDir' in settings)) return openKafkaLog(settings, settings.kafkaBrokers);
  if (settings.kafkaBrokers !== undefined) return openKafkaLog(settings, settings.kafkaBrokers);
  return new SqliteEventLog({ path: logPath(settings), ...shared });
}

async function openKafkaLog(settings: KafkaLogSettings, brokers: readonly string[]): Promise<EventLog> {
  const { KafkaEventLog } = await import('../../event-log/kafka/kafka-event-log.ts');
  return new KafkaEventLog(kafkaSettings(settings, brokers));
}

export function logPath(settings: { readonly dataDir: string }): string {
  return join(settings.dataDir, 'events.sqlite');
}

/** @throws {SettingError} when a certificate file cannot be read */
export function kafkaSettings(settings: KafkaLogSettings, brokers: readonly string[]): KafkaSettings {
  const { kafkaSaslMechanism: mechanism, kafkaSaslUsername: username, kafkaSaslPassword: password } = settings;
  const { consumerGroup, kafkaCompression } = settings;
  const sasl = mechanism && username && password ? { sasl: { mechanism, username, password } } : {};
  return {
    brokers,
    clientId: 'streamlens',
    ...(consumerGroup === undefined ? {} : { groupId: consumerGroup }),
    ...(kafkaCompression === undefined ? {} : { compression: kafkaCompression }),
    ...(settings.kafkaTls ? { tls: tls(settings) } : {}),
    ...sasl,
  };
}

function tls(settings: KafkaLogSettings): KafkaTls {
  const { kafkaTlsCa, kafkaTlsCert, kafkaTlsKey } = settings;
  return {
    ...(kafkaTlsCa === undefined ? {} : { ca: pem('KAFKA_TLS_CA', kafkaTlsCa) }),
    ...(kafkaTlsCert === undefined ? {} : { cert: pem('KAFKA_TLS_CERT', kafkaTlsCert) }),
    ...(kafkaTlsKey === undefined ? {} : { key: pem('KAFKA_TLS_KEY', kafkaTlsKey) }),
  };
}

function pem(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new SettingError(`${name} must be a file that can be read; got ${path} (${(error as Error).message})`);
  }
}
