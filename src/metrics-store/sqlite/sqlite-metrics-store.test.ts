import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { metricsStoreContract } from '../metrics-store.contract.ts';
import { openSqliteMetricsStore } from './sqlite-metrics-store.ts';

const directory = mkdtempSync(join(tmpdir(), 'streamlens-metrics-'));
after(() => rmSync(directory, { recursive: true, force: true }));

let files = 0;
metricsStoreContract({
  name: 'SQLite',
  open: async (options) => openSqliteMetricsStore({ path: join(directory, `contract-${files++}.db`), ...options }),
});
