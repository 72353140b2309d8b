import { readFileSync } from 'node:fs';
import { openStoreWithSchema } from '../src/metrics-store/sqlite/migrate-sqlite.ts';

const STORES = new URL('../src/metrics-store/', import.meta.url);
const textOf = (path: string): string => readFileSync(new URL(path, STORES), 'utf8');

/** Those that are bytes in SQLite, see `src/tally/window-slots.ts`: what they hold is compiled there. */
const ONLY_IN_POSTGRES: ReadonlySet<string> = new Set(['metrics_1d', 'metrics_1h', 'metrics_1m', 'usage_1m']);

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

/** The types of `src/metrics-store/stored-columns.ts`: which columns of a table the schemas have. */
export function storedColumns(): string {
  const [sqlite, postgres] = [sqliteColumns(), postgresColumns()];
  const tables = TABLES.map((table) => {
    const inPostgres = postgres.get(table) ?? [];
    const inBoth = inPostgres.filter((column) => sqlite.get(table)?.includes(column));
    const columns = (ONLY_IN_POSTGRES.has(table) ? inPostgres : inBoth).toSorted();
    return `  readonly ${table}:\n${columns.map((column) => `    | '${column}'`).join('\n')};`;
  });
  return `/**
 * The columns that a table has in the schemas of both SQL stores, or in that of Postgres where SQLite has bytes.
 * \`node scripts/write-stored-columns.ts\` reads them from there, so that a sum for which a schema has no column does not
 * compile.
 */
export interface StoredColumns {
${tables.join('\n')}
}
`;
}

function sqliteColumns(): ReadonlyMap<string, readonly string[]> {
  const file = openStoreWithSchema({ path: ':memory:' }, { migrate: true });
  const tables = new Map<string, string[]>();
  for (const [table, column] of file.rows(SELECT_COLUMNS)) {
    tables.set(String(table), [...(tables.get(String(table)) ?? []), String(column)]);
  }
  file.close();
  return tables;
}

const SELECT_COLUMNS =
  "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY m.name";

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
