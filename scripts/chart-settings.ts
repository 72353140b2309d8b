import { readFileSync } from 'node:fs';
import type { Command, Setting } from '../src/settings/setting.ts';
import { SETTINGS } from '../src/settings/settings-table.ts';

/** Which settings the Helm chart takes by name: its schema refuses a misspelt one before anything is installed. */

const SCHEMA = new URL('../deploy/helm/streamlens/values.schema.json', import.meta.url);
const ROLES = ['up', 'ingestion-api', 'metrics-processor', 'metrics-api'] as const satisfies readonly Command[];

/** What values of their own decide, since ports, volumes, policies and secrets of the chart depend on them. */
const DECIDED_BY_VALUES: ReadonlySet<string> = new Set([
  'HOST',
  'INGESTION_PORT',
  'METRICS_PORT',
  'HTTP_PORT',
  'OTLP_GRPC_PORT',
  'STREAMLENS_DATA_DIR',
  'KAFKA_BROKERS',
  'KAFKA_TLS',
  'KAFKA_TLS_CA',
  'KAFKA_TLS_CERT',
  'KAFKA_TLS_KEY',
  'KAFKA_SASL_MECHANISM',
  'KAFKA_SASL_USERNAME',
  'KAFKA_SASL_PASSWORD',
  'KAFKA_PARTITIONS',
  'KAFKA_REPLICATION_FACTOR',
  'POSTGRES_DSN',
  'TLS_CERT',
  'TLS_KEY',
  'PRICES_FILE',
  'API_KEYS',
  'SHUTDOWN_DELAY',
  'MIGRATE',
]);

interface Names {
  enum: readonly string[];
}

interface ValuesSchema {
  readonly $defs: Readonly<Record<string, { propertyNames?: Names; enum?: readonly string[] }>>;
}

/** `values.schema.json` with the names that the settings table has now; the rest of it stays as it is. */
export function valuesSchema(): string {
  const schema = JSON.parse(readFileSync(SCHEMA, 'utf8')) as ValuesSchema;
  for (const role of ROLES) namesIn(schema, `settings-of-${role}`).enum = namesOf([role], false);
  namesIn(schema, 'settings-of-all').enum = namesOf(ROLES, false);
  // A secret among the values would lie in the release and in every rendered manifest: it is only told where it lies.
  namesIn(schema, 'secret-names').enum = namesOf(ROLES, true);
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function namesOf(roles: readonly Command[], areSecret: boolean): string[] {
  return (Object.values(SETTINGS) as Setting<unknown>[])
    .filter(
      ({ commands, kind }) => roles.some((role) => commands.includes(role)) && (kind.isSecret === true) === areSecret,
    )
    .map(({ env }) => env)
    .filter((env) => !DECIDED_BY_VALUES.has(env))
    .sort();
}

function namesIn({ $defs }: ValuesSchema, name: string): { enum?: readonly string[] } {
  const found = $defs[name];
  if (found === undefined) throw new Error(`values.schema.json has no ${name}`);
  return found.propertyNames ?? found;
}
