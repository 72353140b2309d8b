import { registeredText, standingOf, type TopicSchemas } from '../../schema-registry/register-schemas.ts';
import type { RegistryClient } from '../../schema-registry/registry-client.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { EVENT_SCHEMAS, openRegistryClient, PUBLISHED_SCHEMAS } from '../open/open-schema-registry.ts';
import { broken, type Finding, note, ok } from './finding.ts';

/** Whether the schema registry answers, takes our credentials, and would take our schemas. Registers none. */
export async function checkRegistry(settings: SettingsOf<'doctor'>): Promise<readonly Finding[]> {
  if (settings.schemaRegistryUrl === undefined) return [];
  const client = await openRegistryClient(settings, settings.schemaRegistryUrl);
  return checkSchemas(client, { ...EVENT_SCHEMAS, ...PUBLISHED_SCHEMAS });
}

export async function checkSchemas(
  client: Pick<RegistryClient, 'isKnown' | 'find' | 'incompatibility'>,
  schemas: TopicSchemas,
): Promise<readonly Finding[]> {
  const what = 'schema registry';
  const refused: Finding[] = [];
  let missing = 0;
  for (const [topic, schema] of Object.entries(schemas)) {
    const subject = `${topic}-value`;
    const standing = await standingOf(client, subject, registeredText(schema));
    if (standing.kind === 'refused') {
      const advice = `set the compatibility of ${subject} to FORWARD, or register a compatible version`;
      refused.push(broken(what, `it does not take this release's schema of ${subject}: ${standing.why}; ${advice}`));
    } else if (standing.kind !== 'registered') missing++;
  }
  if (refused.length > 0) return refused;
  const count = Object.keys(schemas).length;
  if (missing === 0) return [ok(what, `it answers and has our schemas of ${count} topics`)];
  return [note(what, `it answers; the next start registers ${missing} of our ${count} schemas`)];
}
