import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventLog } from '../../event-log/event-log.ts';
import type { KafkaSettings, KafkaTls } from '../../event-log/kafka/kafka-settings.ts';
import { SqliteEventLog, type SqliteEventLogOptions } from '../../event-log/sqlite/sqlite-event-log.ts';
import { SettingError } from '../../settings/read-settings.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { type KafkaSecuritySettings, kafkaSasl } from './kafka-sasl.ts';
import type { ValuePrefixes } from './open-schema-registry.ts';

/** What the logs of one process share on the file in the data directory, and how values are written to Kafka. */
export type SharedLog = Omit<SqliteEventLogOptions, 'path'> & { readonly valuePrefixes?: ValuePrefixes };

/** How to reach the brokers; how to write there and which group to join only where a command does so. */
export type KafkaLogSettings = KafkaSecuritySettings &
  Partial<Pick<SettingsOf<'up' | 'metrics-processor'>, 'kafkaCompression' | 'consumerGroup'>>;

/** A command without a data directory has brokers. */
export type LogSettings = KafkaLogSettings &
  (
    | { readonly kafkaBrokers: readonly string[] }
    | { readonly kafkaBrokers: readonly string[] | undefined; readonly dataDir: string }
  );

/** The log that the settings name: Kafka where there are brokers, else the file in the data directory. */
export async function openLog(settings: LogSettings, shared: SharedLog = {}): Promise<EventLog> {
  const { valuePrefixes = new Map(), ...file } = shared;
  if (!('dataDir' in settings)) return openKafkaLog(settings, settings.kafkaBrokers, valuePrefixes);
  if (settings.kafkaBrokers !== undefined) return openKafkaLog(settings, settings.kafkaBrokers, valuePrefixes);
  return new SqliteEventLog({ path: logPath(settings), ...file });
}

async function openKafkaLog(
  settings: KafkaLogSettings,
  brokers: readonly string[],
  valuePrefixes: ValuePrefixes,
): Promise<EventLog> {
  const { KafkaEventLog } = await import('../../event-log/kafka/kafka-event-log.ts');
  return new KafkaEventLog({ ...kafkaSettings(settings, brokers), valuePrefixes });
}

export function logPath(settings: { readonly dataDir: string }): string {
  return join(settings.dataDir, 'events.sqlite');
}

/** @throws {SettingError} when a certificate file cannot be read */
export function kafkaSettings(settings: KafkaLogSettings, brokers: readonly string[]): KafkaSettings {
  const { consumerGroup, kafkaCompression } = settings;
  const sasl = kafkaSasl(settings, brokers);
  return {
    brokers,
    clientId: 'streamlens',
    ...(consumerGroup === undefined ? {} : { groupId: consumerGroup }),
    ...(kafkaCompression === undefined ? {} : { compression: kafkaCompression }),
    ...(settings.kafkaTls ? { tls: tls(settings) } : {}),
    ...(sasl === null ? {} : { sasl }),
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
