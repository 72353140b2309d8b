import { ROLES, type Role } from '../events/role.ts';
import { Problem } from '../http/problem.ts';
import type { Caller } from './caller.ts';

/** Which claims of a provider say who somebody is, and what he may. */
export interface ClaimNames {
  readonly roles: string;
  readonly tenants: string;
  /** By the value that stands in the claim of roles; one that is not here is taken at its word. */
  readonly roleOf: ReadonlyMap<string, string>;
}

/** In the claim of tenants: every tenant. */
const EVERY_TENANT = '*';
const TENANTS_MAX = 100;
const SUBJECT_CHARACTERS_MAX = 200;

/** @throws {Problem} 403 for whom the claims give no role or no tenant */
export function callerOf(claims: Readonly<Record<string, unknown>>, names: ClaimNames): Caller {
  const id = String(claims['email'] ?? claims['preferred_username'] ?? claims['sub']).slice(0, SUBJECT_CHARACTERS_MAX);
  const named = new Set(valuesOf(claims[names.roles]).map((value) => names.roleOf.get(value) ?? value));
  const roles: readonly Role[] = ROLES.filter((role) => named.has(role));
  if (roles.length === 0)
    throw new Problem(403, `The sign-in of ${id} gives no role: the claim ${names.roles} has none`);
  const tenants = [...new Set(valuesOf(claims[names.tenants]))];
  if (tenants.includes(EVERY_TENANT)) return { id, roles, tenants: null };
  if (tenants.length === 0 || tenants.length > TENANTS_MAX) {
    throw new Problem(
      403,
      `The sign-in of ${id} gives no tenant: the claim ${names.tenants} must name 1 to ${TENANTS_MAX}`,
    );
  }
  return { id, roles, tenants };
}

/** A text, or a list of them; a text may hold several, as the claim `scope` does. */
function valuesOf(claim: unknown): readonly string[] {
  const values = typeof claim === 'string' ? claim.split(/[\s,]+/) : Array.isArray(claim) ? claim : [];
  return values.filter((value): value is string => typeof value === 'string' && value !== '');
}
