import { hashOfKey, newKeyId, newKeyText } from '../../api-keys/key-text.ts';
import type { ApiKey, ApiKeys } from '../../metrics-store/api-keys.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { storePath } from '../open/open-store.ts';
import { makePrivateDirectory } from '../open/private-directory.ts';

export type { ApiKey } from '../../metrics-store/api-keys.ts';

export interface CreatedKey {
  readonly id: string;
  /** Shown to its holder, once. */
  readonly text: string;
}

/** Makes a key. Processes that run already know it within seconds. */
export async function createKey(
  settings: SettingsOf<'keys'>,
  parts: Pick<ApiKey, 'name' | 'roles' | 'tenants'>,
): Promise<CreatedKey> {
  const [id, text] = [newKeyId(), newKeyText()];
  const key = { ...parts, id, hash: hashOfKey(text), createdAtMs: Date.now(), revokedAtMs: null };
  await withKeys(settings, (keys) => keys.add(key));
  return { id, text };
}

export function listKeys(settings: SettingsOf<'keys'>): Promise<readonly ApiKey[]> {
  return withKeys(settings, (keys) => keys.list());
}

export function revokeKey(settings: SettingsOf<'keys'>, id: string): ReturnType<ApiKeys['revoke']> {
  return withKeys(settings, (keys) => keys.revoke(id, Date.now()));
}

async function withKeys<T>(settings: SettingsOf<'keys'>, work: (keys: ApiKeys) => Promise<T>): Promise<T> {
  const keys = await openKeys(settings);
  try {
    return await work(keys);
  } finally {
    await keys.close();
  }
}

/** Keys may be made before the first start, so a store that is not there yet is created. */
async function openKeys(settings: SettingsOf<'keys'>): Promise<ApiKeys> {
  const { postgresDsn: dsn, migrate, dataDir } = settings;
  if (dsn !== undefined) {
    const { openPostgresApiKeys } = await import('../../metrics-store/postgres/postgres-api-keys.ts');
    return openPostgresApiKeys({ dsn, migrate, poolMax: 1 });
  }
  const { openSqliteApiKeys } = await import('../../metrics-store/sqlite/sqlite-api-keys.ts');
  makePrivateDirectory(dataDir);
  return openSqliteApiKeys({ path: storePath(settings), migrate });
}
