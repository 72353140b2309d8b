import { queryOnce } from './test-databases.ts';

/**
 * The schema as text, from the catalog: `pg_dump` of one major version prints other things than that of the next. Time partitions
 * are left out, as they depend on the day.
 */
export async function dumpSchema(dsn: string): Promise<string> {
  const sections: string[] = [
    '-- Written by test/distributed/postgres-schema.test.ts with UPDATE_SCHEMA=1; compared by it.',
  ];
  for (const sql of [TABLES, INDEXES, VIEWS, FUNCTIONS]) {
    const rows = await queryOnce(dsn, sql);
    sections.push(...rows.map((row) => String(row['text']).trim()));
  }
  return `${sections.join('\n\n')}\n`;
}

const TABLES = `
SELECT 'CREATE TABLE ' || c.relname || E' (\n' || (
  SELECT string_agg('  ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
    || CASE WHEN a.attcollation = 'pg_catalog."C"'::regcollation THEN ' COLLATE "C"' ELSE '' END
    || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
    || CASE WHEN a.attidentity <> '' THEN ' IDENTITY' ELSE '' END
    || coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), ''), E',\n' ORDER BY a.attnum)
  FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
) || E'\n)' || coalesce(' PARTITION BY ' || pg_get_partkeydef(c.oid), '')
  || coalesce(' WITH (' || array_to_string(c.reloptions, ', ') || ')', '') || ';' AS text
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY c.relname`;

const INDEXES = `
SELECT pg_get_indexdef(i.indexrelid) || ';' AS text
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE c.relnamespace = 'public'::regnamespace AND NOT c.relispartition ORDER BY 1`;

const VIEWS = `
SELECT 'CREATE VIEW ' || c.relname || E' AS\n' || pg_get_viewdef(c.oid) AS text
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'v' ORDER BY c.relname`;

const FUNCTIONS = `
SELECT CASE p.prokind WHEN 'a' THEN
    'CREATE AGGREGATE ' || p.proname || '(' || pg_get_function_arguments(p.oid) || ') SFUNC ' || a.aggtransfn::text
      || ' FINALFUNC ' || a.aggfinalfn::text || ' COMBINEFUNC ' || a.aggcombinefn::text || ';'
  ELSE pg_get_functiondef(p.oid) END AS text
FROM pg_proc p LEFT JOIN pg_aggregate a ON a.aggfnoid = p.oid
WHERE p.pronamespace = 'public'::regnamespace ORDER BY p.proname`;
