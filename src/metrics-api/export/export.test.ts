import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { MemoryMetricsStore } from '../../metrics-store/memory/memory-metrics-store.ts';
import { openSqliteMetricsStore } from '../../metrics-store/sqlite/sqlite-metrics-store.ts';
import { exportContract } from './export.contract.ts';

const directory = mkdtempSync(join(tmpdir(), 'streamlens-export-'));
after(() => rmSync(directory, { recursive: true, force: true }));

let files = 0;
exportContract({ name: 'the memory store', open: async (options) => new MemoryMetricsStore(options) });
exportContract({
  name: 'SQLite',
  open: async (options) => openSqliteMetricsStore({ path: join(directory, `${files++}.db`), ...options }),
});
