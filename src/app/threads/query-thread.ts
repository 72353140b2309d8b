import { workerData } from 'node:worker_threads';
import type { MetricsQueries } from '../../metrics-api/metrics-queries.ts';
import { StoreQueries } from '../../metrics-api/store-queries.ts';
import type { Settings } from '../../settings/settings-table.ts';
import { serveCalls } from '../../threads/thread-rpc.ts';
import { openStore } from '../open/open-store.ts';

/** Questions to the embedded store, in a thread of their own because SQLite blocks it. */
const { settings } = workerData as { readonly settings: Settings };
const reader = await openStore(settings, 'read');
const queries = new StoreQueries({ reader, nowMs: Date.now });

serveCalls({
  metrics: (question: Parameters<MetricsQueries['metrics']>[0]) => queries.metrics(question),
  changes: (question: Parameters<MetricsQueries['changes']>[0]) => queries.changes(question),
  dimensions: (question: Parameters<MetricsQueries['dimensions']>[0]) => queries.dimensions(question),
  calls: (question: Parameters<MetricsQueries['calls']>[0]) => queries.calls(question),
  call: (question: Parameters<MetricsQueries['call']>[0]) => queries.call(question),
  evaluations: (question: Parameters<MetricsQueries['evaluations']>[0]) => queries.evaluations(question),
  audit: (question: Parameters<MetricsQueries['audit']>[0]) => queries.audit(question),
  unpriced: (question: Parameters<MetricsQueries['unpriced']>[0]) => queries.unpriced(question),
  checkHealth: () => queries.checkHealth(),
  stop: () => queries.close(),
});
