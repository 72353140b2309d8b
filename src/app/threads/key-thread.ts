import { workerData } from 'node:worker_threads';
import { openSqliteApiKeys } from '../../metrics-store/sqlite/sqlite-api-keys.ts';
import { serveCalls } from '../../threads/thread-rpc.ts';

/** Looks up API keys in the embedded store, in a thread of its own: SQLite blocks it, and long queries must not. */
const { path } = workerData as { readonly path: string };
const keys = openSqliteApiKeys({ path, readOnly: true });

serveCalls({
  find: (hash: string) => keys.find(hash),
  stop: () => keys.close(),
});
