import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings } from './read-settings.ts';
import { REGISTRY_SETTINGS } from './registry-settings.ts';

const KAFKA = { KAFKA_BROKERS: 'localhost:9092' };
const URL = { SCHEMA_REGISTRY_URL: 'http://localhost:8085/' };
const read = (env: Record<string, string>) => readSettings('up', { flags: {}, env });

test('a schema registry is off unless its URL is there, and then records are written as they are unless told', () => {
  assert.equal(read({}).schemaRegistryUrl, undefined);
  const { schemaRegistryUrl, schemaRegistryWireFormat } = read({ ...KAFKA, ...URL });
  assert.deepEqual([schemaRegistryUrl, schemaRegistryWireFormat], ['http://localhost:8085', 'none']);
});

test('a half of what a schema registry needs is wrong usage', () => {
  assert.throws(() => read(URL), /SCHEMA_REGISTRY_URL needs KAFKA_BROKERS/);
  assert.throws(() => read({ ...KAFKA, SCHEMA_REGISTRY_WIRE_FORMAT: 'confluent' }), /needs SCHEMA_REGISTRY_URL/);
  assert.throws(() => read({ ...KAFKA, ...URL, SCHEMA_REGISTRY_USERNAME: 'me' }), /SCHEMA_REGISTRY_PASSWORD/);
});

test('what authenticates with the registry is a secret', () => {
  const { schemaRegistryPassword, schemaRegistryToken } = REGISTRY_SETTINGS;
  assert.ok(schemaRegistryPassword.kind.isSecret && schemaRegistryToken.kind.isSecret);
});
