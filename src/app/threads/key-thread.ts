import { workerData } from 'node:worker_threads';
import type { Session } from '../../metrics-store/sessions.ts';
import { openSqliteApiKeys } from '../../metrics-store/sqlite/sqlite-api-keys.ts';
import { openSqliteSessions } from '../../metrics-store/sqlite/sqlite-sessions.ts';
import { serveCalls } from '../../threads/thread-rpc.ts';

/**
 * Looks up API keys and sessions in the embedded store, in a thread of its own: SQLite blocks it, and long queries must
 * not.
 */
const { path } = workerData as { readonly path: string };
const keys = openSqliteApiKeys({ path, readOnly: true });
const sessions = openSqliteSessions({ path, migrate: false });

serveCalls({
  find: (hash: string) => keys.find(hash),
  addSession: ({ session, nowMs }: { session: Session; nowMs: number }) => sessions.add(session, nowMs),
  findSession: (hash: string) => sessions.find(hash),
  endSession: (hash: string) => sessions.end(hash),
  async stop(): Promise<void> {
    await keys.close();
    await sessions.close();
  },
});
