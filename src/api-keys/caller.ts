import type { Role } from '../events/role.ts';
import type { TenantScope } from '../events/tenant-scope.ts';
import { Problem } from '../http/problem.ts';

/** Who calls, and what he may do there. A key is one, and so is who signed in. */
export interface Caller {
  /** Fit to be shown, and for limits: the id of the key, never its text. */
  readonly id: string;
  readonly roles: readonly Role[];
  readonly tenants: TenantScope;
}

const ACTS: Readonly<Record<Role, string>> = { ingest: 'send', read: 'read', admin: 'administer' };

/** @throws {Problem} 403 */
export function requireRole({ roles }: Pick<Caller, 'roles'>, role: Role): void {
  if (roles.includes(role) || roles.includes('admin')) return;
  const held = roles.join(' and ');
  throw new Problem(403, `This API key may not ${ACTS[role]}: that takes the role ${role}, and it has ${held}`);
}
