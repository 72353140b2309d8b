import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  JUDGED_TABLE,
  POSTGRES_PLACES_ONLY,
  POSTGRES_TENANT_TABLES,
  SQLITE_PLACES_ONLY,
  SQLITE_TENANT_TABLES,
} from './erasure.ts';
import { openStoreWithSchema } from './sqlite/migrate-sqlite.ts';

/** As all migrations leave them, with the text that made them. */
function sqliteTables(): ReadonlyMap<string, string> {
  const connection = openStoreWithSchema({ path: ':memory:' }, { migrate: true });
  const sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
  const tables = Array.from(connection.rows(sql), ([name, text]) => [String(name), String(text)] as const);
  connection.close();
  return new Map(tables);
}

/** With their columns; what is LIKE another has those of that. */
function postgresTables(): ReadonlyMap<string, string> {
  const sql = readFileSync(new URL('./postgres/sql/0001.sql', import.meta.url), 'utf8');
  const tables = new Map<string, string>();
  for (const [, name = '', body = ''] of sql.matchAll(/^CREATE TABLE (\w+) \(\n([\s\S]*?)^\)/gm)) {
    const [, like = ''] = /LIKE (\w+)/.exec(body) ?? [];
    tables.set(name, body + (tables.get(like) ?? ''));
  }
  return tables;
}

for (const [store, erased, others, tables] of [
  ['sqlite', SQLITE_TENANT_TABLES, SQLITE_PLACES_ONLY, sqliteTables()],
  ['postgres', POSTGRES_TENANT_TABLES, POSTGRES_PLACES_ONLY, postgresTables()],
] as const) {
  test(`deleting a tenant reaches every table of ${store} but those that hold only places in the log`, () => {
    const reached = [...erased.map(({ table }) => table), JUDGED_TABLE];
    assert.deepEqual([...reached, ...others].toSorted(), [...tables.keys()].toSorted());
    const ofTenants = [...tables].filter(([, columns]) => /tenant|pair_id|series_id|user|record_value/.test(columns));
    assert.deepEqual(
      ofTenants.flatMap(([name]) => (reached.includes(name) ? [] : [name])),
      [],
      'no table with a tenant is forgotten',
    );
    assert.ok(ofTenants.length >= 16, 'the schema was read');
  });
}
