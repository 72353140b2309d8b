import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TOKENS_MAX } from '../../../events/fields.ts';
import type { KeptOfRequest } from '../../../events/llm-request.ts';
import type { Series } from '../../../tally/series.ts';
import { Fingerprint } from './fingerprint.ts';
import { IdTable } from './id-table.ts';
import { NONE } from './record-pages.ts';
import { type PendingRequest, WaitingRequests } from './waiting-requests.ts';

const SERIES: Series = { tenantId: 'acme', route: 'chat', model: 'm', provider: 'openai' };
const OTHER: Series = { ...SERIES, route: 'search' };
const details = (userIdHash: string): KeptOfRequest => ({ userIdHash, sessionId: null, metadata: null });

const aRequest = (parts: Partial<PendingRequest> = {}): PendingRequest => ({
  series: SERIES,
  place: 0,
  loggedAtMs: 1_000,
  timestampMs: 900,
  promptTokens: 10,
  cachedPromptTokens: 3,
  cacheWriteTokens: 2,
  keptId: null,
  dimensions: null,
  details: null,
  ...parts,
});

/** Requests whose ids have begun a call each, as the join does it before one waits. */
function aBench() {
  const ids = new IdTable();
  const waiting = new WaitingRequests(ids);
  const fingerprint = new Fingerprint(7);
  const begin = (id: string, { series, loggedAtMs }: PendingRequest): number => {
    const entry = ids.touchOf(fingerprint.of(Buffer.from(id)), series.tenantId);
    ids.beginCall(entry, series, loggedAtMs);
    return entry;
  };
  const add = (id: string, pending: PendingRequest): number => waiting.add(begin(id, pending), pending);
  return { waiting, begin, add, take: (slot: number): PendingRequest => ({ ...waiting.take(slot) }) };
}

test('what is taken is what was added, whatever else waits, and each field is its own', () => {
  const { add, take } = aBench();
  const first = aRequest({ place: 64, timestampMs: 2 ** 41 + 7, keptId: 'r1', promptTokens: 11 });
  const second = aRequest({ place: 2 ** 50, series: OTHER, loggedAtMs: 5_000, details: details('u2') });
  const slots = [add('1', first), add('2', second)];
  assert.deepEqual(slots.map(take), [first, second]);
});

test('counts come back as they were: unknown ones, nothing, and the largest', () => {
  const { add, take } = aBench();
  const counts = { promptTokens: Number.NaN, cachedPromptTokens: 0, cacheWriteTokens: TOKENS_MAX };
  assert.deepEqual(take(add('1', aRequest(counts))), aRequest(counts));
});

test('a request keeps what it is about when its id begins another call', () => {
  const { waiting, begin, add, take } = aBench();
  const slot = add('1', aRequest());
  waiting.outlive(slot);
  begin('1', aRequest({ series: OTHER, loggedAtMs: 9_000 }));
  assert.equal(waiting.loggedAtMs(slot), 1_000);
  assert.deepEqual(take(slot), aRequest());
});

test('a request that waits for another call than the last of its id says so itself', () => {
  const { waiting, begin, take } = aBench();
  for (const last of [{ series: OTHER }, { loggedAtMs: 9_000 }]) {
    const entry = begin('1', aRequest(last));
    const slot = waiting.add(entry, aRequest());
    assert.deepEqual([waiting.loggedAtMs(slot), waiting.entry(slot)], [1_000, entry]);
    assert.deepEqual(take(slot), aRequest());
  }
});

test('a slot that is used again knows nothing of who had it before', () => {
  const { waiting, begin, add, take } = aBench();
  const slot = add('1', aRequest({ keptId: 'r1', details: details('u1') }));
  waiting.outlive(slot);
  waiting.setNextOfId(slot, 5);
  take(slot);
  assert.equal(add('2', aRequest({ series: OTHER, loggedAtMs: 7_000 })), slot);
  assert.equal(waiting.nextOfId(slot), NONE);
  assert.deepEqual(waiting.keptPlaces(), []);
  begin('1', aRequest());
  assert.deepEqual(take(slot), aRequest({ series: OTHER, loggedAtMs: 7_000 }));
});

test('requests wait in order of arrival, and only the kept ones have their places told', () => {
  const { waiting, add, take } = aBench();
  const slots = [30, 10, 20].map((place) => add(`${place}`, aRequest({ place, keptId: place === 10 ? null : 'kept' })));
  assert.deepEqual([waiting.size, waiting.keptPlaces()], [3, [30, 20]]);
  take(slots[0] ?? NONE);
  add('40', aRequest({ place: 40, keptId: 'kept' }));
  assert.deepEqual([waiting.size, waiting.keptPlaces()], [3, [20, 40]]);
  assert.deepEqual(
    Array.from(waiting.arrivals, (slot) => waiting.place(slot)),
    [10, 20, 40],
  );
});

test('details are forgotten where there is no room for them, the request is not, and taking makes room', () => {
  const { add, take } = aBench();
  const half = details('x'.repeat(8 * 1024 * 1024));
  const [one, two, three] = ['1', '2', '3'].map((id) => add(id, aRequest({ details: half })));
  assert.equal(take(three ?? NONE).details, null);
  assert.deepEqual(take(one ?? NONE).details, half);
  assert.deepEqual(take(add('4', aRequest({ details: half }))).details, half);
  assert.deepEqual(take(two ?? NONE).details, half);
});
