import { readFileSync } from 'node:fs';

/**
 * The text of an SQL file below `src/metrics-store`, such as `sqlite/sql/0001.sql`.
 *
 * The build copies these files to the same place below `dist`. The path holds from there too, since this module lies
 * one folder below `src`, and its bundled form one folder below `dist`.
 */
export function readSqlFile(path: string): string {
  return readFileSync(new URL(`../metrics-store/${path}`, import.meta.url), 'utf8');
}
