import { isIP } from 'node:net';
import type { BaseOptions, ConnectionOptions, SASLOptions } from '@platformatic/kafka';
import type { KafkaSasl, KafkaSettings } from './kafka-settings.ts';

/**
 * The settings as the library's clients take them. The few that we use beside our own requests: admin and classic
 * groups.
 */
export function clientOptions({ clientId, brokers, tls, sasl }: KafkaSettings): BaseOptions {
  return {
    clientId,
    bootstrapBrokers: [...brokers],
    connectTimeout: 5_000,
    timeout: 10_000,
    retries: 3,
    retryDelay: 500,
    ...securityOptions({ brokers, tls, sasl }),
  };
}

/** TLS and SASL as the library takes them. */
export function securityOptions({
  brokers,
  tls,
  sasl,
}: Pick<KafkaSettings, 'brokers'> & Security): Pick<ConnectionOptions, 'tls' | 'tlsServerName' | 'sasl'> {
  // Hosted Kafkas route by the name in the handshake (SNI); RFC 6066 forbids addresses there.
  const hasNames = brokers.some((broker) => isIP(parseBroker(broker).host) === 0);
  return {
    ...(tls === undefined ? {} : { tls: { ...tls }, tlsServerName: hasNames }),
    ...(sasl === undefined ? {} : { sasl: saslOptions(sasl) }),
  };
}

function saslOptions(sasl: KafkaSasl): SASLOptions {
  if (sasl.mechanism !== 'OAUTHBEARER') return { ...sasl };
  const { mechanism, token, extensions } = sasl;
  return { mechanism, token, ...(extensions === undefined ? {} : { oauthBearerExtensions: { ...extensions } }) };
}

interface Security {
  readonly tls: KafkaSettings['tls'];
  readonly sasl: KafkaSettings['sasl'];
}

const DEFAULT_PORT = 9092;

/** `host`, `host:port` or `[IPv6]:port`. */
export function parseBroker(text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(':');
  // An IPv6 address has its own colons and stands in brackets.
  const hasPort = colon > 0 && !text.endsWith(']');
  const host = (hasPort ? text.slice(0, colon) : text).replace(/^\[(.*)\]$/, '$1');
  return { host, port: hasPort ? Number(text.slice(colon + 1)) : DEFAULT_PORT };
}
