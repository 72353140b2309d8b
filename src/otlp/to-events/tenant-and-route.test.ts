import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aSpan, spanId } from '../otlp-builders.contract.ts';
import { SHIPPED_ATTRIBUTE_NAMES } from '../shipped-attribute-names.contract.ts';
import { DimensionFinder, indexAncestors } from './tenant-and-route.ts';

const finder = new DimensionFinder(SHIPPED_ATTRIBUTE_NAMES);
const tenantOf = (attributes: Record<string, string>) => finder.tenant([aSpan({ attributes })])?.value;
const routeOf = (attributes: Record<string, string>) => finder.route([aSpan({ attributes })])?.value;

test('the tenant is found under the names of every SDK', () => {
  for (const key of [
    'streamlens.tenant_id',
    'tenant.id',
    'tenant_id',
    'traceloop.association.properties.tenant_id',
    'ai.telemetry.metadata.tenantId',
    'ai.settings.context.tenantId',
    'ai.settings.runtimeContext.tenantId',
    'langfuse.trace.metadata.tenant_id',
    'langfuse.observation.metadata.tenant_id',
    'langsmith.metadata.tenant_id',
    'lmnr.association.properties.metadata.tenant_id',
    'metadata.user_api_key_org_id',
    'metadata.user_api_key_team_id',
    'bifrost.customer.id',
    'bifrost.team.id',
  ]) {
    assert.equal(tenantOf({ [key]: 'acme' }), 'acme', key);
  }
});

test('JSON quotes of Langfuse and JSON objects of OpenInference are opened', () => {
  assert.equal(tenantOf({ 'langfuse.trace.metadata.tenant_id': '"acme"' }), 'acme');
  assert.equal(tenantOf({ metadata: '{"tenant_id":"acme","seats":12}' }), 'acme');
});

test('an empty tenant is no tenant', () => {
  assert.equal(tenantOf({ 'metadata.user_api_key_org_id': '', 'metadata.user_api_key_team_id': 'acme' }), 'acme');
  assert.equal(tenantOf({ tenant_id: ' ' }), undefined);
});

test('the span comes before its ancestors, and they before the resource', () => {
  const span = aSpan({ attributes: { tenant_id: 'span' }, resource: { tenant_id: 'resource' } });
  const bare = aSpan({ attributes: {}, resource: { tenant_id: 'resource' } });
  const parent = aSpan({ attributes: { tenant_id: 'parent' } });
  assert.equal(finder.tenant([span, parent])?.value, 'span');
  assert.equal(finder.tenant([bare, parent])?.value, 'parent');
  assert.deepEqual(finder.tenant([bare]), { value: 'resource', from: 'resource tenant_id' });
});

test('the names of the attributes can be configured', () => {
  const configured = new DimensionFinder({ tenant: ['customer'], route: ['feature'] });
  const spans = [
    aSpan({ attributes: { 'traceloop.association.properties.customer': 'acme', feature: 'chat', tenant_id: 'no' } }),
  ];
  assert.deepEqual([configured.tenant(spans)?.value, configured.route(spans)?.value], ['acme', 'chat']);
});

test('the route is what the application says, then workflow, function, agent or prompt, then the service', () => {
  assert.equal(
    routeOf({ 'traceloop.association.properties.route': '/api/chat', 'traceloop.workflow.name': 'w' }),
    '/api/chat',
  );
  for (const key of [
    'traceloop.workflow.name',
    'gen_ai.workflow.name',
    'ai.telemetry.functionId',
    'gen_ai.agent.name',
    'gen_ai.prompt.name',
    'langfuse.trace.name',
  ]) {
    assert.equal(routeOf({ [key]: 'support' }), 'support', key);
  }
  assert.equal(finder.route([aSpan({ attributes: {}, resource: { 'service.name': 'shop' } })])?.value, 'shop');
  assert.equal(finder.route([aSpan({ attributes: {}, resource: { 'service.name': 'unknown_service:node' } })]), null);
});

test('http.route counts on the span that serves a request, not on the call to the provider', () => {
  assert.equal(routeOf({ 'http.route': '/v1/messages' }), undefined);
  const server = aSpan({ attributes: { 'http.route': '/api/chat' }, kind: 2 });
  assert.equal(finder.route([aSpan({ attributes: {} }), server])?.value, '/api/chat');
});

test('ancestors are found nearest first, and a cycle of parents ends', () => {
  const child = aSpan({ spanId: spanId(1), parentSpanId: spanId(2) });
  const parent = aSpan({ spanId: spanId(2), parentSpanId: spanId(3) });
  const root = aSpan({ spanId: spanId(3), parentSpanId: spanId(1) });
  assert.deepEqual(indexAncestors([child, parent, root])(child), [parent, root]);
});
