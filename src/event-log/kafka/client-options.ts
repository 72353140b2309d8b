import type { BaseOptions } from '@platformatic/kafka';
import type { KafkaSettings } from './kafka-settings.ts';

/** The settings as the library's clients take them. The few that we use beside our own requests: admin and classic groups. */
export function clientOptions({ clientId, brokers, tls, sasl }: KafkaSettings): BaseOptions {
  return {
    clientId,
    bootstrapBrokers: [...brokers],
    connectTimeout: 5_000,
    timeout: 10_000,
    retries: 3,
    retryDelay: 500,
    ...(tls === undefined ? {} : { tls: { ...tls }, tlsServerName: true }),
    ...(sasl === undefined ? {} : { sasl: { ...sasl } }),
  };
}
