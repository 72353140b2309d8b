import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KAFKA_SECURITY_SETTINGS } from './kafka-security-settings.ts';
import { mskRegionOf, readSettings } from './read-settings.ts';

const MSK = 'b-1.orders.a1b2c3.c2.kafka.eu-central-1.amazonaws.com:9098';
const read = (env: Record<string, string>): unknown => readSettings('ingestion-api', { flags: {}, env });

test('every mechanism says what it needs beside it', () => {
  const passwords = { KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p' };
  const client = { KAFKA_OAUTH_CLIENT_ID: 'c', KAFKA_OAUTH_CLIENT_SECRET: 's' };
  const endpoint = { KAFKA_OAUTH_TOKEN_ENDPOINT: 'https://login.example.com/token' };
  const bearer = (env: Record<string, string>): unknown => read({ KAFKA_SASL_MECHANISM: 'OAUTHBEARER', ...env });
  const iam = (env: Record<string, string>): unknown => read({ KAFKA_SASL_MECHANISM: 'AWS_MSK_IAM', ...env });
  read({ KAFKA_SASL_MECHANISM: 'PLAIN', ...passwords });
  assert.throws(() => read({ KAFKA_SASL_MECHANISM: 'PLAIN', KAFKA_SASL_USERNAME: 'u' }), /needs KAFKA_SASL_USERNAME/);
  bearer({ ...client, ...endpoint });
  bearer({ KAFKA_OAUTH_TOKEN: 't' });
  assert.throws(() => bearer({ ...client }), /OAUTHBEARER needs KAFKA_OAUTH_TOKEN_ENDPOINT/);
  assert.throws(() => bearer({ ...passwords }), /OAUTHBEARER needs KAFKA_OAUTH_TOKEN_ENDPOINT/);
  assert.throws(() => bearer({ ...endpoint, ...client, KAFKA_OAUTH_TOKEN: 't' }), /are both set/);
  iam({ KAFKA_BROKERS: MSK, KAFKA_TLS: 'true' });
  iam({ AWS_REGION: 'eu-west-1', KAFKA_TLS: 'true' });
  assert.throws(() => iam({ KAFKA_BROKERS: MSK }), /needs KAFKA_TLS=true/);
  assert.throws(() => iam({ KAFKA_TLS: 'true' }), /needs AWS_REGION/);
});

test('the region is in the names of the brokers of MSK', () => {
  assert.equal(mskRegionOf([MSK]), 'eu-central-1');
  assert.equal(mskRegionOf(['boot-x.c1.kafka-serverless.us-east-2.amazonaws.com:9098']), 'us-east-2');
  assert.equal(mskRegionOf(['broker:9092']), null);
});

test('extensions are pairs of a name and a value', () => {
  const { kind } = KAFKA_SECURITY_SETTINGS.kafkaOauthExtensions;
  const pairs = kind.read('logicalCluster=lkc-1, identityPoolId=pool-1');
  assert.deepEqual(pairs.ok && pairs.value, { logicalCluster: 'lkc-1', identityPoolId: 'pool-1' });
  for (const wrong of ['logicalCluster', '=x', 'a b=c', 'a=', 'auth1=\u0001']) assert.equal(kind.read(wrong).ok, false);
});
