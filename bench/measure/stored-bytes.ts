import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const MB = 2 ** 20;

/** What the files of an embedded data directory hold, in MB. */
export interface StoredMb {
  /** By table of the metrics store, with its indexes, the largest first. */
  readonly tables: ReadonlyMap<string, number>;
  readonly log: number;
}

/** Of a program that has ended. */
export function storedMb(directory: string): StoredMb {
  const log = tablesMb(join(directory, 'events.sqlite'));
  return { tables: tablesMb(join(directory, 'metrics.sqlite')), log: sumOf(log) };
}

export function sumOf(tables: ReadonlyMap<string, number>): number {
  return [...tables.values()].reduce((sum, mb) => sum + mb, 0);
}

function tablesMb(path: string): ReadonlyMap<string, number> {
  const file = new DatabaseSync(path, { readOnly: true });
  const rows = file
    .prepare(
      `SELECT s.tbl_name AS name, sum(d.pgsize) AS bytes FROM dbstat d JOIN sqlite_schema s ON s.name = d.name
       WHERE d.aggregate = TRUE GROUP BY s.tbl_name ORDER BY 2 DESC`,
    )
    .all() as { name: string; bytes: number }[];
  file.close();
  return new Map(rows.map(({ name, bytes }) => [name, bytes / MB]));
}
