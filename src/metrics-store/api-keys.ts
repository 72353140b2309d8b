import type { Role } from '../events/role.ts';
import type { TenantScope } from '../events/tenant-scope.ts';

/**
 * Where API keys are kept. A small port beside the metrics store, in the same file or database, so that one place says
 * who may do what. Three adapters pass one suite (`api-keys.contract.ts`).
 *
 * Only the SHA-256 of a key is stored: a key has 32 random bytes, so nobody can search for it, and a slow password
 * hash would add nothing but time to every request.
 */
export interface ApiKeys {
  /** @param key its `id` and `hash` must be new */
  add(key: ApiKey): Promise<void>;

  /** Oldest first, those that were revoked as well. */
  list(): Promise<readonly ApiKey[]>;

  /** @param hash lower-case hex. Finds what was revoked as well. */
  find(hash: string): Promise<ApiKey | null>;

  /** `already`: it was revoked before, and keeps that time. */
  revoke(id: string, atMs: number): Promise<'revoked' | 'already' | 'unknown'>;

  close(): Promise<void>;
}

export interface ApiKey {
  /** Public name, for lists and for revoking. */
  readonly id: string;
  /** SHA-256 of the key's text, in lower-case hex. */
  readonly hash: string;
  /** For people. */
  readonly name: string;
  /** In the order of `ROLES`, never empty. */
  readonly roles: readonly Role[];
  /** Of these its holder may send and read; the first is whose something is that names no tenant. */
  readonly tenants: TenantScope;
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
}
