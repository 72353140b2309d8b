import { statSync } from 'node:fs';
import type { MetricSource } from '../exposition/metric-family.ts';

/** How large a database file and its write-ahead log are. */
export function fileMetrics(path: string, database: string): MetricSource {
  const sizes = { database: path, wal: `${path}-wal` };
  return {
    families: () => [
      {
        name: 'streamlens_sqlite_file_bytes',
        help: 'Size of the files of an embedded database: the database itself and its write-ahead log',
        type: 'gauge',
        series: Object.entries(sizes).map(([file, each]) => ({ labels: { database, file }, value: bytesOf(each) })),
      },
    ],
  };
}

function bytesOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
