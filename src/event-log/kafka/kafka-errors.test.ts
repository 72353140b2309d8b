import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AuthenticationError, MultipleErrors, NetworkError, ProtocolError, TimeoutError } from '@platformatic/kafka';
import { StorageError } from '../../storage/storage-error.ts';
import { asStorageError, isRetriable } from './kafka-errors.ts';

function nodeError(code: string): Error {
  return Object.assign(new Error(`connect ${code} 10.0.0.1:9092`), { code });
}

const CASES: readonly (readonly [unknown, string, RegExp, 'passes' | 'lasts'])[] = [
  [
    new NetworkError('Connection to kafka:9092 failed.', { cause: nodeError('ECONNREFUSED') }),
    'unavailable',
    /KAFKA_BROKERS/,
    'passes',
  ],
  [nodeError('ENOTFOUND'), 'unavailable', /KAFKA_BROKERS/, 'passes'],
  [new TimeoutError('Request timed out'), 'unavailable', /did not answer in time/, 'passes'],
  [new NetworkError('Connection closed'), 'unavailable', /connection to Kafka broke/, 'passes'],
  [new AuthenticationError('SASL authentication failed.'), 'setting-refused', /credentials/, 'lasts'],
  [
    new AuthenticationError('Cannot find a suitable SASL mechanism.', { cause: new NetworkError('Connection closed') }),
    'unavailable',
    /wants TLS/,
    'passes',
  ],
  [
    new NetworkError('failed', { cause: nodeError('DEPTH_ZERO_SELF_SIGNED_CERT') }),
    'setting-refused',
    /Check the CA/,
    'lasts',
  ],
  [
    new NetworkError('failed', { cause: nodeError('ERR_TLS_CERT_ALTNAME_INVALID') }),
    'setting-refused',
    /host name/,
    'lasts',
  ],
  [new ProtocolError('TOPIC_AUTHORIZATION_FAILED'), 'misconfigured', /lacks the right/, 'lasts'],
  [new ProtocolError('GROUP_AUTHORIZATION_FAILED'), 'misconfigured', /READ on the group/, 'lasts'],
  [new ProtocolError('CLUSTER_AUTHORIZATION_FAILED'), 'misconfigured', /IDEMPOTENT_WRITE/, 'lasts'],
  [new ProtocolError('UNKNOWN_TOPIC_OR_PARTITION'), 'misconfigured', /streamlens topics create/, 'passes'],
  [new ProtocolError('NOT_ENOUGH_REPLICAS'), 'unavailable', /min.insync.replicas/, 'passes'],
  [new ProtocolError('KAFKA_STORAGE_ERROR'), 'full', /disk/, 'passes'],
  [new ProtocolError('MESSAGE_TOO_LARGE'), 'misconfigured', /max.message.bytes/, 'lasts'],
  [new ProtocolError('NOT_LEADER_OR_FOLLOWER'), 'unavailable', /leader/, 'passes'],
  [new ProtocolError('CORRUPT_MESSAGE'), 'corrupt', /checksum/, 'lasts'],
  [new ProtocolError('COORDINATOR_NOT_AVAILABLE'), 'unavailable', /coordinator/, 'passes'],
];

for (const [error, code, advice, duration] of CASES) {
  const name = error instanceof ProtocolError ? (error as { apiId?: string }).apiId : (error as Error).message;
  test(`Kafka's "${name}" (${code}) says what to do and ${duration}`, () => {
    const made = asStorageError(error, 'Appending events');
    assert.equal(made.code, code);
    assert.match(made.message, advice);
    assert.match(made.message, /^Appending events/);
    assert.equal(made.cause, error);
    assert.equal(isRetriable(error), duration === 'passes');
  });
}

test('the most specific of nested Kafka errors decides', () => {
  const nested = new MultipleErrors('produce failed 3 times.', [
    new NetworkError('Connection closed'),
    new NetworkError('failed', { cause: new AuthenticationError('SASL authentication failed.') }),
  ]);
  assert.match(asStorageError(nested, 'Appending events').message, /credentials/);
});

test('an unforeseen Kafka error shows its messages and may be tried again', () => {
  const made = asStorageError(new Error('outer', { cause: new Error('inner') }), 'Reading events');
  assert.equal(made.message, 'Reading events failed: outer: inner');
  assert.equal(made.retryable, true);
});

test('an error of the event log stays as it is', () => {
  const error = new StorageError('full', 'no room');
  assert.equal(asStorageError(error, 'Appending events'), error);
});
