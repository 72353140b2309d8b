import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const STORES = new URL('../src/metrics-store/', import.meta.url);
const textOf = (path: string): string => readFileSync(new URL(path, STORES), 'utf8');

/** Those with sums, and that of single calls. */
const TABLES = [
  'audit_1h',
  'calls',
  'evaluations_1m',
  'metrics_1d',
  'metrics_1h',
  'metrics_1m',
  'sender_calls_1h',
  'usage_1m',
] as const;

/** The types of `src/metrics-store/stored-columns.ts`: which columns of a table both schemas have. */
export function storedColumns(): string {
  const [sqlite, postgres] = [sqliteColumns(), postgresColumns()];
  const tables = TABLES.map((table) => {
    const columns = (sqlite.get(table) ?? []).filter((column) => postgres.get(table)?.includes(column)).toSorted();
    return `  readonly ${table}:\n${columns.map((column) => `    | '${column}'`).join('\n')};`;
  });
  return `/**
 * The columns that a table has in the schemas of both SQL stores. \`node scripts/write-stored-columns.ts\` reads them
 * from there, so that a sum for which a schema has no column does not compile.
 */
export interface StoredColumns {
${tables.join('\n')}
}
`;
}

function sqliteColumns(): ReadonlyMap<string, readonly string[]> {
  const database = new DatabaseSync(':memory:');
  database.exec(textOf('sqlite/sql/0001.sql'));
  const tables = new Map<string, string[]>();
  const columns = database
    .prepare(
      "SELECT m.name AS t, c.name AS c FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY m.name",
    )
    .all() as { t: string; c: string }[];
  for (const { t, c } of columns) tables.set(t, [...(tables.get(t) ?? []), c]);
  database.close();
  return tables;
}

/** From the schema as the server prints it, where nothing is LIKE another table. */
function postgresColumns(): ReadonlyMap<string, readonly string[]> {
  const found = textOf('postgres/schema.sql').matchAll(/^CREATE TABLE (\w+) \(\n([\s\S]*?)^\)/gm);
  return new Map(
    Array.from(found, ([, name = '', body = '']) => [
      name,
      Array.from(body.matchAll(/^ {2}(\w+) /gm), ([, column = '']) => column),
    ]),
  );
}
