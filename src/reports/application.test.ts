import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Report } from './report.ts';
import { resolve } from './resolve.ts';

const START = 1_795_486_623_000;
const APP = 'shop\n\n\n1';
const GATEWAY = 'gateway\n\n\n9';

let spans = 0;
const spanId = (): string => (++spans).toString(16).padStart(16, '0');

function aCall(given: Partial<Report> = {}): Report {
  const span = spanId();
  return {
    sender: '',
    trace_id: 'a'.repeat(32),
    span_id: span,
    kind: 'call',
    scope: 'openai',
    process: APP,
    start_ms: START,
    duration_ms: 400,
    names: { resource_route: 'shop' },
    facts: { model: 'm', prompt_tokens: 7, completion_tokens: 3 },
    ...given,
  };
}

function aServer(given: Partial<Report>): Report {
  const { facts: _none, ...span } = aCall({ kind: 'context', scope: 'http', ...given });
  return span;
}

const ofGateway = { process: GATEWAY, scope: 'litellm', start_ms: START + 20, duration_ms: 300 };

/** A gateway's span below that one. */
function aCopy(above: Report, given: Partial<Report> = {}): Report {
  const { trace_id, span_id: parent_id } = above;
  return aCall({ ...ofGateway, trace_id, parent_id, names: { resource_route: 'gateway' }, ...given });
}

/** Tenant and route of each call, the same in whatever order the reports came. */
function namesOf(...reports: readonly Report[]): readonly string[] {
  const [there, back] = [reports, reports.toReversed()].map((each) =>
    resolve(each).map(({ request }) => `${request.tenant_id}/${request.route}`),
  );
  assert.deepEqual(there?.toSorted(), back?.toSorted());
  return there ?? [];
}

test("a call through a gateway has its application's route, tenant and user", () => {
  const app = aCall({ names: { resource_route: 'shop', resource_tenant: 'acme' } });
  const copy = aCopy(app, { names: { resource_route: 'gateway', resource_tenant: 'platform' } });
  assert.deepEqual(namesOf(app, copy), ['acme/shop']);
  const user = aCall({ names: { user: 'u-1' } });
  const proxied = resolve([user, aCopy(user, { names: { user: 'proxy-key' } })]);
  assert.deepEqual(
    proxied.map(({ request }) => request.user_id_hash),
    ['u-1'],
  );
});

test("its metadata is its application's too, and what only the gateway tells", () => {
  const app = aCall({ metadata: { 'service.name': 'shop' } });
  const copy = aCopy(app, { metadata: { 'service.name': 'gateway', team: 'a' } });
  assert.deepEqual(
    resolve([copy, app]).map(({ request }) => request.metadata),
    [{ 'service.name': 'shop', team: 'a', 'otel.scope.name': 'litellm' }],
  );
});

test('what a gateway serves is no route of a call, but one that its span names is, where the application names none', () => {
  const app = aCall();
  const served = aServer({ parent_id: app.span_id, process: GATEWAY, names: { http_route: '/v1/chat/completions' } });
  assert.deepEqual(namesOf(app, served, aCopy(served)), ['default/shop']);
  const named = aCopy(served, { names: { route: 'summaries', resource_route: 'gateway' } });
  assert.deepEqual(namesOf(app, served, named), ['default/summaries']);
  const own = aCall({ span_id: app.span_id, names: { route: 'checkout' } });
  assert.deepEqual(namesOf(own, served, named), ['default/checkout']);
  // Nobody else says anything.
  assert.deepEqual(namesOf(aCall({ span_id: app.span_id, names: {} }), served, aCopy(served)), [
    'default//v1/chat/completions',
  ]);
});

test('what lies above the application names its route, as ever the nearest first', () => {
  const server = aServer({ names: { http_route: '/chat' } });
  const chain = aCall({ parent_id: server.span_id, scope: 'langchain', duration_ms: 500 });
  const app = aCall({ parent_id: chain.span_id });
  assert.deepEqual(namesOf(server, chain, app, aCopy(app)), ['default//chat']);
  const agent = aCall({ ...chain, names: { route: 'agent' } });
  assert.deepEqual(namesOf(server, agent, app, aCopy(app)), ['default/agent']);
  assert.deepEqual(namesOf(server, agent, { ...app, names: { route: 'inner' } }, aCopy(app)), ['default/inner']);
});

test('within a process the inner span names the route first', () => {
  const chain = aCall({ scope: 'langchain', duration_ms: 500, names: { route: 'outer' } });
  const app = aCall({ parent_id: chain.span_id, names: { route: 'inner' } });
  assert.deepEqual(namesOf(chain, app), ['default/inner']);
});

test('a gateway in a trace of its own, which names the response, names no route either', () => {
  const response_id = 'resp_0123456789abcdef';
  const app = aCall({ response_id });
  const copy = aCall({
    ...ofGateway,
    trace_id: 'b'.repeat(32),
    response_id,
    names: { resource_route: 'gateway', resource_tenant: 'platform' },
  });
  assert.deepEqual(namesOf(app, copy), ['platform/shop']);
});
