import type { Role } from '../events/role.ts';
import type { TenantScope } from '../events/tenant-scope.ts';

/**
 * Who signed in at the dashboard. A small port beside `ApiKeys`, in the same file or database, so that each process
 * that answers knows who signed in at another one.
 */
export interface Sessions {
  /** Forgets those that are over by then as well. @param session its `hash` must be new */
  add(session: Session, nowMs: number): Promise<void>;

  /** @param hash lower-case hex. Finds one that is over as long as it is not forgotten. */
  find(hash: string): Promise<Session | null>;

  /** Does nothing where there is none. */
  end(hash: string): Promise<void>;

  close(): Promise<void>;
}

export interface Session {
  /** SHA-256 of the secret in the cookie, in lower-case hex. */
  readonly hash: string;
  /** That of the key by which somebody signed in, which must still hold; null where somebody else vouched for him. */
  readonly keyHash: string | null;
  /** Whom it was vouched for, or the id of the key; for people. */
  readonly subject: string;
  readonly roles: readonly Role[];
  readonly tenants: TenantScope;
  readonly expiresAtMs: number;
}
