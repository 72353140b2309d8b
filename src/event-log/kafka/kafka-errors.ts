import { StorageError, type StorageErrorCode } from '../../storage/storage-error.ts';

/** What the client library, Kafka's protocol and Node put on their errors, as far as this file looks at it. */
interface ForeignError {
  readonly name?: unknown;
  readonly message?: unknown;
  /** Node's or OpenSSL's code, or the library's (`PLT_KFK_…`). */
  readonly code?: unknown;
  /** The name of a Kafka error code, e.g. `NOT_LEADER_OR_FOLLOWER`. */
  readonly apiId?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

interface Verdict {
  readonly code: StorageErrorCode;
  /** What it means, and what to do. Never the foreign message where that could repeat a setting. */
  readonly advice: string;
}

/**
 * Makes any error a `StorageError` that an operator can act on. `doing` says what was tried: "Appending events".
 *
 * The foreign error stays as the cause. Library errors nest (retries, several brokers): the most specific of all wins,
 * in the order of `VERDICTS`, because "connection failed" often only wraps "wrong password".
 */
export function asStorageError(error: unknown, doing: string): StorageError {
  if (error instanceof StorageError) return error;
  const chain = flatten(error);
  // Ours, inside the library's: what kept us from getting a token.
  const own = chain.find((each) => each instanceof StorageError);
  if (own instanceof StorageError) return new StorageError(own.code, `${doing}: ${own.message}`, { cause: error });
  for (const [matches, verdict] of VERDICTS) {
    const found = chain.find(matches);
    if (found !== undefined) return new StorageError(verdict.code, `${doing}: ${verdict.advice}`, { cause: error });
  }
  const messages = chain.flatMap(({ message }) => (typeof message === 'string' && message !== '' ? [message] : []));
  const reason = [...new Set(messages)].slice(0, REASONS_MAX).join(': ') || 'unknown reason';
  // What nobody foresaw may pass: `unavailable` is tried again with backoff and shown, and hides nothing.
  return new StorageError('unavailable', `${doing} failed: ${reason}`, { cause: error });
}

/** The Kafka error names in an error, for callers that react to single ones. */
export function kafkaErrorIds(error: unknown): readonly string[] {
  return flatten(error).flatMap((each) => (typeof each.apiId === 'string' ? [each.apiId] : []));
}

/**
 * Errors that end by themselves, mostly because leaders move: fresh metadata and another try help.
 * `UNKNOWN_TOPIC_OR_PARTITION` is among them, since a broker says so until it has heard of a new topic.
 */
export const RETRIABLE_ERRORS: ReadonlySet<string> = new Set([
  'UNKNOWN_SERVER_ERROR',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_OR_FOLLOWER',
  'REQUEST_TIMED_OUT',
  'BROKER_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'KAFKA_STORAGE_ERROR',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'OFFSET_NOT_AVAILABLE',
  'THROTTLING_QUOTA_EXCEEDED',
  'CONCURRENT_TRANSACTIONS',
  'UNKNOWN_TOPIC_ID',
]);

/** Whether trying again soon can help: everything but what only a person or another request can change. */
export function isRetriable(error: unknown): boolean {
  const ids = kafkaErrorIds(error);
  if (ids.length > 0) return ids.every((id) => RETRIABLE_ERRORS.has(id));
  return asStorageError(error, '').retryable;
}

const VERDICTS: readonly (readonly [(error: ForeignError) => boolean, Verdict])[] = [
  // A TLS listener answered a plain client. The library notices it by the first bytes.
  [says('requires TLS'), refused('the broker speaks TLS only. Set KAFKA_TLS=true')],
  [
    says('TLS handshake failed'),
    refused('the broker does not speak TLS there. Check the port in KAFKA_BROKERS, or set KAFKA_TLS=false'),
  ],
  // The certificate's chain, name or dates: verification fails alike until someone changes CA, name or certificate.
  [
    hasCodeLike(/^(?:CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS_|ERR_SSL_|HOSTNAME_MISMATCH)/),
    refused("the TLS connection was refused. Check the CA (KAFKA_TLS_CA), the broker's certificate and its host name"),
  ],
  // With SASL the library goes on after such an answer and reports what follows: a handshake on a closed connection. A
  // broker that stops at that moment looks the same, so it may pass.
  [
    (error) => says('suitable SASL mechanism')(error) && hasCode('PLT_KFK_NETWORK')(causeOf(error)),
    unavailable('the broker closed the connection at the SASL handshake. Check that it runs, and whether it wants TLS'),
  ],
  // Wrong password, unknown user, or a mechanism that the listener does not offer: the same at every try.
  [
    either(
      hasId('SASL_AUTHENTICATION_FAILED', 'UNSUPPORTED_SASL_MECHANISM', 'ILLEGAL_SASL_STATE'),
      hasCode('PLT_KFK_AUTHENTICATION'),
    ),
    refused(
      'Kafka refused the credentials. Check KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD, or what gives the token: the SASL mechanism, user name and password',
    ),
  ],
  [
    hasId('TOPIC_AUTHORIZATION_FAILED'),
    misconfigured(
      'this user lacks the right to read or write a topic. Grant it READ, WRITE and DESCRIBE on the topics llm.*',
    ),
  ],
  [
    hasId('GROUP_AUTHORIZATION_FAILED'),
    misconfigured('this user lacks the right to the consumer group. Grant it READ on the group'),
  ],
  [
    hasId('CLUSTER_AUTHORIZATION_FAILED'),
    misconfigured(
      'this user lacks a right on the cluster. Grant it IDEMPOTENT_WRITE, and CREATE for `streamlens topics create`',
    ),
  ],
  [hasId('TRANSACTIONAL_ID_AUTHORIZATION_FAILED'), misconfigured('this user lacks the right to write idempotently')],
  // Passing at first (see above), and final for whoever waited long enough.
  [
    hasId('UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_ID', 'INVALID_TOPIC_EXCEPTION'),
    misconfigured('a topic or partition is missing. Run `streamlens topics create`'),
  ],
  // Sent again it is as large: the limit must rise, or the events become smaller.
  [
    hasId('MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'),
    misconfigured('the broker takes no batch of this size. Set max.message.bytes of the topic to 1048588 or more'),
  ],
  [
    hasId('INVALID_RECORD', 'POLICY_VIOLATION', 'INVALID_CONFIG', 'INVALID_REPLICATION_FACTOR', 'INVALID_PARTITIONS'),
    misconfigured(
      "the broker's rules do not allow it. Check the topic's settings, its replication factor and the cluster's policies",
    ),
  ],
  [
    hasId('UNSUPPORTED_COMPRESSION_TYPE'),
    misconfigured('the broker does not know this compression. Choose another one'),
  ],
  [
    hasId(
      'GROUP_MAX_SIZE_REACHED',
      'INCONSISTENT_GROUP_PROTOCOL',
      'INVALID_GROUP_ID',
      'UNSUPPORTED_ASSIGNOR',
      'FENCED_INSTANCE_ID',
    ),
    misconfigured(
      'the consumer group does not take this member. Check CONSUMER_GROUP: another application may use the name',
    ),
  ],
  [hasId('UNSUPPORTED_VERSION'), misconfigured('the broker is too old. Kafka 2.4 or newer is needed')],
  // The bytes do not match their checksum: on the way in nothing was written, on the way out the disk is bad.
  [hasId('CORRUPT_MESSAGE'), { code: 'corrupt', advice: 'a batch did not match its checksum' }],
  [
    hasId('NOT_ENOUGH_REPLICAS', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND'),
    unavailable('too few replicas are in sync (min.insync.replicas). Start the brokers that are down'),
  ],
  // A full disk takes the log offline under this name; a broken one does as well.
  [
    hasId('KAFKA_STORAGE_ERROR'),
    { code: 'full', advice: "a broker's disk is full or broken. Free space or replace it" },
  ],
  [
    hasId('LEADER_NOT_AVAILABLE', 'NOT_LEADER_OR_FOLLOWER', 'BROKER_NOT_AVAILABLE'),
    unavailable('a partition has no leader now. Check that the brokers run'),
  ],
  // A new cluster first makes its offsets topic, and a coordinator that moves reads it first.
  [
    hasId('COORDINATOR_NOT_AVAILABLE', 'COORDINATOR_LOAD_IN_PROGRESS', 'NOT_COORDINATOR'),
    unavailable('the group has no coordinator now. Check that the brokers with __consumer_offsets run'),
  ],
  [
    hasCodeLike(/^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ECONNRESET|EPIPE|ETIMEDOUT)$/),
    unavailable('no broker can be reached. Check KAFKA_BROKERS, that Kafka runs there, and the network'),
  ],
  // The library gives its timeouts the code of network errors; only class and text tell them apart.
  [
    either(hasId('REQUEST_TIMED_OUT'), says('timed out')),
    unavailable('Kafka did not answer in time. Check its load and the network'),
  ],
  [hasCode('PLT_KFK_NETWORK'), unavailable('the connection to Kafka broke. Check that the brokers run')],
];

function refused(advice: string): Verdict {
  return { code: 'setting-refused', advice };
}

function misconfigured(advice: string): Verdict {
  return { code: 'misconfigured', advice };
}

function unavailable(advice: string): Verdict {
  return { code: 'unavailable', advice };
}

function hasId(...ids: readonly string[]): (error: ForeignError) => boolean {
  return (error) => typeof error.apiId === 'string' && ids.includes(error.apiId);
}

function hasCode(code: string): (error: ForeignError) => boolean {
  return (error) => error.code === code;
}

function hasCodeLike(pattern: RegExp): (error: ForeignError) => boolean {
  return (error) => typeof error.code === 'string' && pattern.test(error.code);
}

function says(part: string): (error: ForeignError) => boolean {
  return (error) => typeof error.message === 'string' && error.message.includes(part);
}

function causeOf({ cause }: ForeignError): ForeignError {
  return typeof cause === 'object' && cause !== null ? cause : {};
}

function either(...tests: readonly ((error: ForeignError) => boolean)[]): (error: ForeignError) => boolean {
  return (error) => tests.some((matches) => matches(error));
}

/** The error, its causes and its parts, outermost first. Bounded: foreign errors may refer to each other. */
function flatten(error: unknown): readonly ForeignError[] {
  const chain: ForeignError[] = [];
  const waiting: unknown[] = [error];
  while (waiting.length > 0 && chain.length < CHAIN_MAX) {
    const next = waiting.shift();
    if (typeof next !== 'object' || next === null) continue;
    const each = next as ForeignError;
    chain.push(each);
    waiting.push(each.cause, ...(Array.isArray(each.errors) ? (each.errors as unknown[]) : []));
  }
  return chain;
}

const CHAIN_MAX = 100;
/** How many messages of a foreign error and its causes are shown. */
const REASONS_MAX = 3;
