import { KnownKeys } from '../../api-keys/key-check.ts';
import type { Logger } from '../../http/logger.ts';
import type { Sessions } from '../../metrics-store/sessions.ts';
import { SettingError } from '../../settings/read-settings.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { CallableThread, threadUrl } from '../../threads/thread-rpc.ts';
import { storePath } from './open-store.ts';
import { postgresLogin } from './postgres-login.ts';
import { tellMigrated } from './tell-migrated.ts';

export interface OpenKeyCheck {
  /** Null where API_KEYS is off. */
  readonly keys: KnownKeys | null;
  /** Who signed in at the dashboard; null where this process has none, or API_KEYS is off. */
  readonly sessions: Omit<Sessions, 'close'> | null;
  close(): Promise<void>;
}

/**
 * A lookup is a question to a server or a thread and held for seconds, so it does not hold up the thread that answers
 * HTTP.
 */
const POOL_MAX = 2;

/** A command without a data directory keeps no keys there, and must have a DSN where keys are required. */
type KeySettings = Pick<
  SettingsOf<'up' | 'ingestion-api' | 'metrics-api'>,
  'apiKeys' | 'migrate' | 'postgresDsn' | 'postgresDsnFile'
> &
  Partial<Pick<SettingsOf<'up'>, 'dataDir' | 'sessionLifetimeMs'>>;

/** What decides about API keys, as the settings say. */
export async function openKeyCheck(settings: KeySettings, logger: Logger): Promise<OpenKeyCheck> {
  if (settings.apiKeys === 'off') return { keys: null, sessions: null, close: async () => undefined };
  if (settings.postgresDsn !== undefined) return openInPostgres(settings, settings.postgresDsn, logger);
  const { dataDir } = settings;
  if (dataDir === undefined)
    throw new SettingError('API_KEYS=required needs POSTGRES_DSN: the keys are kept in the store');
  const thread = await CallableThread.start(threadUrl('app/threads/key-thread'), {
    name: 'key',
    workerData: { path: storePath({ dataDir }) },
  });
  return {
    keys: new KnownKeys((hash) => thread.call('find', hash), Date.now),
    sessions: {
      add: (session, nowMs) => thread.call('addSession', { session, nowMs }),
      find: (hash) => thread.call('findSession', hash),
      end: (hash) => thread.call('endSession', hash),
    },
    close: () => thread.stop(),
  };
}

async function openInPostgres(settings: KeySettings, postgresDsn: string, logger: Logger): Promise<OpenKeyCheck> {
  const { openPostgresApiKeys } = await import('../../metrics-store/postgres/postgres-api-keys.ts');
  const { migrate } = settings;
  const connection = { ...postgresLogin(postgresDsn, settings), migrate, poolMax: POOL_MAX };
  const keys = await openPostgresApiKeys({ ...connection, onMigrated: tellMigrated(logger) });
  const known = new KnownKeys((hash) => keys.find(hash), Date.now);
  if (settings.sessionLifetimeMs === undefined) return { keys: known, sessions: null, close: () => keys.close() };
  const { openPostgresSessions } = await import('../../metrics-store/postgres/postgres-sessions.ts');
  // The keys have just migrated the schema, where that is wanted.
  const sessions = await openPostgresSessions({ ...connection, migrate: false });
  return {
    keys: known,
    sessions,
    async close(): Promise<void> {
      await keys.close();
      await sessions.close();
    },
  };
}
