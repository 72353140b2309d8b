/** How the Kafka adapter reaches its brokers. A plain value: whoever reads the environment makes it. */
export interface KafkaSettings {
  /** `host:port` of some brokers; the others are learnt from them. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** The processors' group: `joinGroup` needs it. */
  readonly groupId?: string;
  /** How records are compressed: `append` needs it. */
  readonly compression?: KafkaCompression;
  /** What stands before each value that is written to a topic, by topic: see `wire-format.ts`. */
  readonly valuePrefixes?: ReadonlyMap<string, Buffer>;
  readonly tls?: KafkaTls;
  readonly sasl?: KafkaSasl;
  /** `classic` even where the broker knows the newer consumer protocol (KIP-848). Default: the newer one, if known. */
  readonly groupProtocol?: 'consumer' | 'classic';
}

export type KafkaCompression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** PEM texts. `ca` where the brokers' certificates are not from a public authority; `cert` and `key` for mutual TLS. */
export interface KafkaTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly rejectUnauthorized?: boolean;
}

export type KafkaSasl = KafkaPassword | KafkaToken;

export interface KafkaPassword {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly username: string;
  /** Or a function that says what it is now, asked for each new connection. */
  readonly password: string | (() => string);
}

export interface KafkaToken {
  readonly mechanism: 'OAUTHBEARER';
  /** Asked for each connection. The broker says how long one holds, and the connection is replaced before. */
  readonly token: () => Promise<string>;
  /** What hosted Kafkas want to know beside it, such as the id of an identity pool. */
  readonly extensions?: Readonly<Record<string, string>>;
}
