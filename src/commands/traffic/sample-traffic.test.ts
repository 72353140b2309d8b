import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventErrors } from '../../events/event-validator.ts';
import { sampleTraffic } from './sample-traffic.ts';
import { LATENCY_MS_MAX } from './traffic-profile.ts';

const ORIGIN_MS = Date.UTC(2026, 0, 1);
const sample = (change: { calls?: number; seed?: number; tenants?: number } = {}) => [
  ...sampleTraffic({ calls: 2000, tenants: 4, rate: 50, seed: 7, originMs: ORIGIN_MS, ...change }),
];

test('every made-up event is valid', () => {
  for (const { type, event } of sample()) {
    assert.deepEqual(eventErrors(type, event, Buffer.byteLength(JSON.stringify(event))), []);
  }
});

test('the same seed makes up the same traffic, another seed another', () => {
  assert.deepEqual(sample({ calls: 50 }), sample({ calls: 50 }));
  assert.notDeepEqual(sample({ calls: 50 }), sample({ calls: 50, seed: 8 }));
});

test('sample events come in the order of their time, which ends when the last call is due to be answered', () => {
  const times = sample().map(({ atMs }) => atMs);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
  assert.ok((times.at(-1) ?? 0) <= 2000 * 20 + LATENCY_MS_MAX);
});

test('each call ends once, with its response or without one', () => {
  const events = sample();
  const requests = events.filter(({ type }) => type === 'request');
  const responses = events.filter(({ type }) => type === 'response');
  assert.equal(requests.length, 2000);
  assert.equal(events.filter(({ endsCall }) => endsCall).length, 2000);
  assert.equal(new Set(requests.map(({ event }) => event.request_id)).size, 2000);
  assert.ok(responses.length < 2000 && responses.length > 1940, 'some responses never come');
});

test('sample traffic has several tenants, routes, models, errors and streams', () => {
  const requests = sample().flatMap((each) => (each.type === 'request' ? [each.event] : []));
  const responses = sample().flatMap((each) => (each.type === 'response' ? [each.event] : []));
  const distinct = (name: 'tenant_id' | 'route' | 'model') => new Set(requests.map((request) => request[name])).size;
  assert.deepEqual([distinct('tenant_id'), distinct('route'), distinct('model')], [4, 5, 5]);
  assert.ok(responses.some(({ error }) => error === 'rate_limit_exceeded'));
  assert.ok(responses.some(({ reasoning_tokens: tokens }) => (tokens ?? 0) > 0));
  assert.ok(responses.some(({ time_to_first_token_ms: ms, latency_ms: all }) => ms != null && ms < (all ?? 0)));
  assert.ok(requests.some(({ cached_prompt_tokens: tokens }) => (tokens ?? 0) > 0));
});
