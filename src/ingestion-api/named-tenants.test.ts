import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foreignReason, type NamedReport, namedTenants } from './named-tenants.ts';

function aReport(span: string, parts: Partial<NamedReport> = {}): NamedReport {
  return { trace_id: 't', span_id: span, ...parts };
}

const tenantsOf = (...reports: readonly NamedReport[]) => [...namedTenants(reports).values()];

test('a report is of the tenant that it names, then of what is above it, then of its resource', () => {
  const named = aReport('a', { names: { tenant: 'acme', resource_tenant: 'house' } });
  const below = aReport('b', { parent_id: 'a', names: { resource_tenant: 'house' } });
  const beside = aReport('c', { names: { resource_tenant: 'house' } });
  assert.deepEqual(tenantsOf(below, named, beside), ['acme', 'acme', 'house']);
});

test('what nothing else tells of is of the tenant that another span of its trace names', () => {
  const other = aReport('x', { trace_id: 'u' });
  assert.deepEqual(tenantsOf(aReport('a'), aReport('b', { names: { tenant: 'acme' } }), other), ['acme', 'acme', null]);
});

test('spans that are above each other end the search', () => {
  assert.deepEqual(tenantsOf(aReport('a', { parent_id: 'b' }), aReport('b', { parent_id: 'a' })), [null, null]);
});

test('a key for several tenants may send what names one of them, and nothing else', () => {
  assert.equal(foreignReason(['a', 'b'], 'b'), null);
  assert.match(foreignReason(['a', 'b'], 'c') ?? '', /names the tenant "c", and .*"a", "b"/);
  assert.match(foreignReason(['a', 'b'], null) ?? '', /names no tenant/);
  assert.equal(foreignReason(null, 'c'), null);
});
