import { type KeyCheck, keyCheck } from '../../api-keys/key-check.ts';
import type { Logger } from '../../http/logger.ts';
import type { ApiKey } from '../../metrics-store/api-keys.ts';
import { SettingError } from '../../settings/read-settings.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { CallableThread, threadUrl } from '../../threads/thread-rpc.ts';
import { storePath } from './open-store.ts';
import { tellMigrated } from './tell-migrated.ts';

export interface OpenKeyCheck {
  /** Null where API_KEYS is off. */
  readonly check: KeyCheck | null;
  close(): Promise<void>;
}

/**
 * A lookup is a question to a server or a thread and held for seconds, so it does not hold up the thread that answers
 * HTTP.
 */
const POOL_MAX = 2;

/** A command without a data directory keeps no keys there, and must have a DSN where keys are required. */
type KeySettings = Pick<SettingsOf<'up' | 'ingestion-api' | 'metrics-api'>, 'apiKeys' | 'migrate' | 'postgresDsn'> &
  Partial<Pick<SettingsOf<'up'>, 'dataDir'>>;

/** What decides about API keys, as the settings say. */
export async function openKeyCheck(settings: KeySettings, logger: Logger): Promise<OpenKeyCheck> {
  if (settings.apiKeys === 'off') return { check: null, close: async () => undefined };
  if (settings.postgresDsn !== undefined) {
    const { openPostgresApiKeys } = await import('../../metrics-store/postgres/postgres-api-keys.ts');
    const { postgresDsn: dsn, migrate } = settings;
    const keys = await openPostgresApiKeys({ dsn, migrate, poolMax: POOL_MAX, onMigrated: tellMigrated(logger) });
    return { check: keyCheck((hash) => keys.find(hash), Date.now), close: () => keys.close() };
  }
  const { dataDir } = settings;
  if (dataDir === undefined)
    throw new SettingError('API_KEYS=required needs POSTGRES_DSN: the keys are kept in the store');
  const thread = await CallableThread.start(threadUrl('app/threads/key-thread'), {
    name: 'key',
    workerData: { path: storePath({ dataDir }) },
  });
  const find = (hash: string): Promise<ApiKey | null> => thread.call('find', hash);
  return { check: keyCheck(find, Date.now), close: () => thread.stop() };
}
