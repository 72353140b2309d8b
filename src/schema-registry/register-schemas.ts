import type { TObject } from 'typebox';
import { StorageError } from '../storage/storage-error.ts';
import type { RegistryClient } from './registry-client.ts';

/** Registries read this draft; of the newer ones Apicurio and older Confluent releases know nothing. */
const DRAFT = 'http://json-schema.org/draft-07/schema#';

/** What a topic's values are. */
export type TopicSchemas = Readonly<Record<string, TObject>>;

/**
 * Makes sure that the registry has our schema of each topic, as the subject `<topic>-value`. Gives the ids by topic.
 *
 * A new subject is set to FORWARD: our events may grow by optional fields and do not change, and that is what
 * registries call it where a schema leaves room for unknown fields. Under BACKWARD, which is Confluent's default, the
 * next optional field would be refused. An existing subject's level is its owner's.
 *
 * @throws {StorageError} `misconfigured` where a subject would not take our schema, else as `RegistryClient` says
 */
export async function registerSchemas(
  client: RegistryClient,
  schemas: TopicSchemas,
): Promise<ReadonlyMap<string, number>> {
  const ids = new Map<string, number>();
  for (const [topic, schema] of Object.entries(schemas)) {
    ids.set(topic, await registerSchema(client, `${topic}-value`, registeredText(schema)));
  }
  return ids;
}

async function registerSchema(client: RegistryClient, subject: string, schema: string): Promise<number> {
  const standing = await standingOf(client, subject, schema);
  if (standing.kind === 'registered') return standing.id;
  if (standing.kind === 'refused') {
    throw new StorageError(
      'misconfigured',
      `The schema registry does not take this release's schema of ${subject} after its latest version: ${standing.why}. ` +
        `Set the compatibility of ${subject} to FORWARD, which lets events gain fields, or register a compatible version`,
    );
  }
  const id = await client.register(subject, schema);
  if (standing.kind === 'new') await client.setCompatibility(subject, 'FORWARD');
  return id;
}

/** How a subject stands to a schema; `new`: the registry knows no version of it. */
type Standing =
  | { readonly kind: 'registered'; readonly id: number }
  | { readonly kind: 'new' | 'compatible' }
  | { readonly kind: 'refused'; readonly why: string };

/** Asks only; registers nothing. */
export async function standingOf(
  client: Pick<RegistryClient, 'isKnown' | 'find' | 'incompatibility'>,
  subject: string,
  schema: string,
): Promise<Standing> {
  if (!(await client.isKnown(subject))) return { kind: 'new' };
  const id = await client.find(subject, schema);
  if (id !== null) return { kind: 'registered', id };
  const why = await client.incompatibility(subject, schema);
  return why === null ? { kind: 'compatible' } : { kind: 'refused', why };
}

/** The schema as it is registered: the same text for the same release, so that the registry knows it again. */
export function registeredText(schema: TObject): string {
  const { $id: _, ...rest } = schema as TObject & { readonly $id?: string };
  return JSON.stringify({ $schema: DRAFT, ...rest });
}
