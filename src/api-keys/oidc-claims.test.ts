import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../http/problem.ts';
import { callerOf } from './oidc-claims.ts';

const NAMES = { roles: 'groups', tenants: 'orgs', roleOf: new Map([['sre', 'admin']]) };

test('roles and tenants are what the claims say, mapped or at their word', () => {
  const claims = { sub: 's', email: 'ada@example.com', groups: ['sre', 'read', 'chess'], orgs: 'acme globex' };
  assert.deepEqual(callerOf(claims, NAMES), {
    id: 'ada@example.com',
    roles: ['read', 'admin'],
    tenants: ['acme', 'globex'],
  });
  assert.equal(callerOf({ sub: 's', groups: 'read', orgs: ['*'] }, NAMES).tenants, null);
});

test('whom the claims give no role or no tenant gets in nowhere', () => {
  for (const claims of [{ orgs: '*' }, { groups: 'chess', orgs: '*' }, { groups: 'read' }, { groups: 7, orgs: [{}] }]) {
    const isRefused = (error: unknown): boolean => error instanceof Problem && error.status === 403;
    assert.throws(() => callerOf({ sub: 's', ...claims }, NAMES), isRefused, JSON.stringify(claims));
  }
});
