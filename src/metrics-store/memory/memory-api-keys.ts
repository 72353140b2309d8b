import type { ApiKey, ApiKeys } from '../api-keys.ts';

/** API keys for the life of the process. */
export class MemoryApiKeys implements ApiKeys {
  readonly #keys = new Map<string, ApiKey>();

  async add(key: ApiKey): Promise<void> {
    this.#keys.set(key.id, key);
  }

  async list(): Promise<readonly ApiKey[]> {
    return [...this.#keys.values()].sort((a, b) => a.createdAtMs - b.createdAtMs);
  }

  async find(hash: string): Promise<ApiKey | null> {
    for (const key of this.#keys.values()) if (key.hash === hash) return key;
    return null;
  }

  async revoke(id: string, atMs: number): Promise<'revoked' | 'already' | 'unknown'> {
    const key = this.#keys.get(id);
    if (key === undefined) return 'unknown';
    if (key.revokedAtMs !== null) return 'already';
    this.#keys.set(id, { ...key, revokedAtMs: atMs });
    return 'revoked';
  }

  async close(): Promise<void> {}
}
