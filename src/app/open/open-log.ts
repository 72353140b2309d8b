import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventLog } from '../../event-log/event-log.ts';
import type { KafkaSettings, KafkaTls } from '../../event-log/kafka/kafka-settings.ts';
import { SqliteEventLog, type SqliteEventLogOptions } from '../../event-log/sqlite/sqlite-event-log.ts';
import { SettingError } from '../../settings/read-settings.ts';
import type { Settings } from '../../settings/settings-table.ts';

/** What the logs of one process share on the file in the data directory. */
export type SharedLog = Omit<SqliteEventLogOptions, 'path'>;

/** The log that the settings name: Kafka where there are brokers, else the file in the data directory. */
export async function openLog(settings: Settings, shared: SharedLog = {}): Promise<EventLog> {
  if (settings.kafkaBrokers !== undefined) {
    const { KafkaEventLog } = await import('../../event-log/kafka/kafka-event-log.ts');
    return new KafkaEventLog(kafkaSettings(settings, settings.kafkaBrokers));
  }
  return new SqliteEventLog({ path: logPath(settings), ...shared });
}

export function logPath(settings: Settings): string {
  return join(settings.dataDir, 'events.sqlite');
}

/** @throws {SettingError} when a certificate file cannot be read */
export function kafkaSettings(settings: Settings, brokers: readonly string[]): KafkaSettings {
  const { kafkaSaslMechanism: mechanism, kafkaSaslUsername: username, kafkaSaslPassword: password } = settings;
  const sasl = mechanism && username && password ? { sasl: { mechanism, username, password } } : {};
  return {
    brokers,
    clientId: 'streamlens',
    groupId: settings.consumerGroup ?? 'streamlens',
    compression: settings.kafkaCompression ?? 'none',
    ...(settings.kafkaTls ? { tls: tls(settings) } : {}),
    ...sasl,
  };
}

function tls(settings: Settings): KafkaTls {
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
