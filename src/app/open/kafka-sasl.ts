import type { KafkaSasl } from '../../event-log/kafka/kafka-settings.ts';
import { type OauthClient, requestToken } from '../../event-log/kafka/tokens/client-credentials.ts';
import { lastingToken } from '../../event-log/kafka/tokens/lasting-token.ts';
import type { KAFKA_SECURITY_SETTINGS, WITH_KAFKA } from '../../settings/kafka-security-settings.ts';
import { mskRegionOf } from '../../settings/read-settings.ts';
import { rereadSecret } from '../../settings/secret-file.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';

type WithKafka = (typeof WITH_KAFKA)[number];

export type KafkaSecuritySettings = Pick<
  SettingsOf<WithKafka>,
  keyof typeof KAFKA_SECURITY_SETTINGS | 'kafkaSaslPasswordFile' | 'kafkaOauthClientSecretFile' | 'kafkaOauthTokenFile'
>;

/** Who we are to the brokers, as the settings say; null where they let anybody in. */
export function kafkaSasl(settings: KafkaSecuritySettings, brokers: readonly string[]): KafkaSasl | null {
  const { kafkaSaslMechanism: mechanism } = settings;
  if (mechanism === undefined) return null;
  if (mechanism === 'AWS_MSK_IAM') return { mechanism: 'OAUTHBEARER', token: mskTokens(settings, brokers) };
  if (mechanism === 'OAUTHBEARER') {
    const { kafkaOauthExtensions: extensions } = settings;
    return { mechanism, token: oauthTokens(settings), ...(extensions === undefined ? {} : { extensions }) };
  }
  const { kafkaSaslUsername: username, kafkaSaslPassword, kafkaSaslPasswordFile: file } = settings;
  const password = secretNow(kafkaSaslPassword, file);
  return username === undefined || password === null ? null : { mechanism, username, password };
}

function oauthTokens(settings: KafkaSecuritySettings): () => Promise<string> {
  const token = secretNow(settings.kafkaOauthToken, settings.kafkaOauthTokenFile);
  if (token !== null) return async () => token();
  const client: OauthClient = {
    tokenEndpoint: settings.kafkaOauthTokenEndpoint ?? '',
    clientId: settings.kafkaOauthClientId ?? '',
    clientSecret: secretNow(settings.kafkaOauthClientSecret, settings.kafkaOauthClientSecretFile) ?? (() => ''),
    ...(settings.kafkaOauthScope === undefined ? {} : { scope: settings.kafkaOauthScope }),
    ...(settings.kafkaOauthAudience === undefined ? {} : { audience: settings.kafkaOauthAudience }),
  };
  return lastingToken(() => requestToken(client), monotonicMs);
}

/** What signs the tokens is loaded with the first of them: it would cost every other program its time to start. */
function mskTokens(settings: KafkaSecuritySettings, brokers: readonly string[]): () => Promise<string> {
  const region = settings.awsRegion ?? mskRegionOf(brokers) ?? '';
  const loading = once(async () => {
    const { defaultCredentials, mskToken } = await import('../../event-log/kafka/tokens/msk-iam.ts');
    const credentials = await defaultCredentials();
    return () => mskToken(region, credentials, Date.now());
  });
  return lastingToken(async () => (await loading())(), monotonicMs);
}

/** The age of a token is time that passed, whatever the machine's clock says. */
const monotonicMs = (): number => performance.now();

function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () => (loaded ??= load());
}

function secretNow(value: string | undefined, file: string | undefined): (() => string) | null {
  if (value === undefined) return null;
  return file === undefined ? () => value : rereadSecret(file, value);
}
