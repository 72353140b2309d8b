import { setting } from './setting.ts';
import * as is from './setting-kinds.ts';

/** Who writes to the topics. */
const WRITING = ['up', 'ingestion-api', 'metrics-processor', 'dead-letters'] as const;
const ASKING = [...WRITING, 'doctor'] as const;

/** The schema registry of a Kafka. */
export const REGISTRY_SETTINGS = {
  schemaRegistryUrl: setting({
    env: 'SCHEMA_REGISTRY_URL',
    kind: is.httpUrl,
    commands: ASKING,
    about:
      "a schema registry with Confluent's API, where the schemas of the topics are registered and checked at the start; needs KAFKA_BROKERS",
  }),
  schemaRegistryUsername: setting({
    env: 'SCHEMA_REGISTRY_USERNAME',
    kind: is.text,
    commands: ASKING,
    about: 'user name for the schema registry, or the id of its API key',
  }),
  schemaRegistryPassword: setting({
    env: 'SCHEMA_REGISTRY_PASSWORD',
    kind: is.secret,
    commands: ASKING,
    about: 'password for the schema registry, or the secret of its API key',
  }),
  schemaRegistryToken: setting({
    env: 'SCHEMA_REGISTRY_TOKEN',
    kind: is.secret,
    commands: ASKING,
    about: 'bearer token for the schema registry, instead of user name and password',
  }),
  schemaRegistryWireFormat: setting({
    env: 'SCHEMA_REGISTRY_WIRE_FORMAT',
    kind: is.oneOf('none', 'confluent'),
    fallback: 'none',
    commands: WRITING,
    about:
      "what stands before the JSON of each value that is written to Kafka: nothing, or the id of its schema as Confluent's serializers write it. Both forms are always read",
  }),
};
