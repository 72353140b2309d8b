import { LlmEvaluation } from '../../events/llm-evaluation.ts';
import { LlmRequest } from '../../events/llm-request.ts';
import { LlmResponse } from '../../events/llm-response.ts';
import { TOPICS } from '../../events/topics.ts';
import { wirePrefix } from '../../events/wire-format.ts';
import type { Logger } from '../../http/logger.ts';
import { PublishedRow } from '../../metrics-store/metrics-row.ts';
import type { TopicSchemas } from '../../schema-registry/register-schemas.ts';
import type { RegistryClient, RegistrySettings } from '../../schema-registry/registry-client.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { patiently } from './patiently.ts';

/** What senders write. */
export const EVENT_SCHEMAS: TopicSchemas = {
  [TOPICS.requests]: LlmRequest,
  [TOPICS.responses]: LlmResponse,
  [TOPICS.evaluations]: LlmEvaluation,
};

/** What the processor writes for others. */
export const PUBLISHED_SCHEMAS: TopicSchemas = { [TOPICS.metrics]: PublishedRow };

export type SchemaRegistrySettings = Pick<
  SettingsOf<'up' | 'ingestion-api' | 'metrics-processor' | 'dead-letters'>,
  | 'schemaRegistryUrl'
  | 'schemaRegistryUsername'
  | 'schemaRegistryPassword'
  | 'schemaRegistryToken'
  | 'schemaRegistryWireFormat'
>;

type RegistryCredentials = Omit<SchemaRegistrySettings, 'schemaRegistryWireFormat'>;

/** What stands before the values of a topic; absent for topics whose values are written plainly. */
export type ValuePrefixes = ReadonlyMap<string, Buffer>;

/**
 * Registers the schemas where a registry is configured, for up to a minute while it cannot be reached.
 *
 * @throws {StorageError} where it refuses them
 */
export async function openSchemaRegistry(
  settings: SchemaRegistrySettings,
  schemas: TopicSchemas,
  logger: Pick<Logger, 'info' | 'warn'>,
): Promise<ValuePrefixes> {
  const { schemaRegistryUrl: url, schemaRegistryWireFormat: wireFormat } = settings;
  if (url === undefined) return new Map();
  const { registerSchemas } = await import('../../schema-registry/register-schemas.ts');
  const client = await openRegistryClient(settings, url);
  const ids = await patiently('the schema registry', logger, () => registerSchemas(client, schemas));
  logger.info({ schemas: Object.fromEntries(ids), wireFormat }, 'The schema registry has our schemas');
  if (wireFormat === 'none') return new Map();
  return new Map(Array.from(ids, ([topic, id]) => [topic, wirePrefix(id)]));
}

export async function openRegistryClient(settings: RegistryCredentials, url: string): Promise<RegistryClient> {
  const { RegistryClient: Client } = await import('../../schema-registry/registry-client.ts');
  return new Client({ url, ...credentialsOf(settings) });
}

function credentialsOf(settings: RegistryCredentials): Pick<RegistrySettings, 'credentials'> {
  const { schemaRegistryUsername: username, schemaRegistryPassword: password, schemaRegistryToken: token } = settings;
  if (token !== undefined) return { credentials: { token } };
  return username === undefined || password === undefined ? {} : { credentials: { username, password } };
}
