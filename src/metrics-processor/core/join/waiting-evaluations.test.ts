import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LlmEvaluation } from '../../../events/llm-evaluation.ts';
import { Sightings } from './sightings.ts';
import { type PendingEvaluation, WaitingEvaluations } from './waiting-evaluations.ts';

function anEvaluation(requestId: string, place: number, more: object = {}): PendingEvaluation {
  const event = {
    request_id: requestId,
    name: 'helpful',
    timestamp: '2025-11-19T10:00:00Z',
    passed: true,
    ...more,
  } as LlmEvaluation;
  const value = Buffer.from(JSON.stringify(event));
  return { event, place, loggedAtMs: place, key: Buffer.from(requestId), value, tenantId: null };
}

function aBench(...evaluations: readonly PendingEvaluation[]) {
  const waiting = new WaitingEvaluations();
  for (const each of evaluations) waiting.add(each, new Sightings());
  const placesOf = (id: string): number[] => waiting.ofRequest(id).map((slot) => waiting.at(slot).place);
  return { waiting, placesOf };
}

test('evaluations are found by their request, in the order in which they came', () => {
  const { waiting, placesOf } = aBench(anEvaluation('a', 1), anEvaluation('b', 2), anEvaluation('a', 3));
  assert.deepEqual([placesOf('a'), placesOf('b'), placesOf('c')], [[1, 3], [2], []]);
  assert.equal(waiting.size, 3);
  assert.equal(waiting.take(waiting.ofRequest('a')[0] ?? -1).place, 1);
  assert.deepEqual([placesOf('a'), waiting.size], [[3], 2]);
});

test('taking one while those of its request are gone through leaves out none of them', () => {
  const { waiting } = aBench(...[1, 2, 3].map((place) => anEvaluation('a', place)));
  const taken: number[] = [];
  for (const slot of waiting.ofRequest('a')) taken.push(waiting.take(slot).place);
  assert.deepEqual([taken, waiting.size, waiting.ofRequest('a')], [[1, 2, 3], 0, []]);
});

test('a slot is used again, at the end of the queue', () => {
  const { waiting, placesOf } = aBench(anEvaluation('a', 1), anEvaluation('b', 2));
  const first = waiting.arrivals.first;
  waiting.take(first);
  waiting.add(anEvaluation('c', 3), new Sightings());
  assert.deepEqual(waiting.ofRequest('c'), [first]);
  assert.deepEqual(
    Array.from(waiting.arrivals, (slot) => waiting.at(slot).place),
    [2, 3],
  );
  assert.deepEqual(placesOf('a'), []);
});

test('the bytes of what waits grow with it, and nothing is left of what was taken', () => {
  const { waiting } = aBench();
  const sizes = ['', 'x'.repeat(100)].map((comment) => {
    const before = waiting.bytes;
    waiting.add(anEvaluation('a', 1, { comment }), new Sightings());
    return waiting.bytes - before;
  });
  // As bytes and as an object.
  assert.equal((sizes[1] ?? 0) - (sizes[0] ?? 0), 200);
  for (const slot of Array.from(waiting.arrivals)) waiting.take(slot);
  assert.equal(waiting.bytes, 0);
});

test('fields that nobody knows are not kept', () => {
  const { waiting } = aBench(anEvaluation('a', 1, { junk: 'x'.repeat(2_000), comment: 'c' }));
  const { event, value } = waiting.at(waiting.arrivals.first);
  assert.deepEqual(event, anEvaluation('a', 1, { comment: 'c' }).event);
  assert.ok(value.length < 200);
});

test('the bytes are a copy, so that what they were read from can go', () => {
  const evaluation = anEvaluation('a', 1);
  const { waiting } = aBench(evaluation);
  const kept = waiting.at(waiting.arrivals.first);
  evaluation.value.fill(0);
  evaluation.key.fill(0);
  assert.deepEqual(JSON.parse(Buffer.from(kept.value).toString()), evaluation.event);
  assert.equal(Buffer.from(kept.key).toString(), 'a');
});

test('those that saw only calls of others are told by their places', () => {
  const waiting = new WaitingEvaluations();
  const saw = (ownTenant: boolean, otherTenant: boolean): Sightings =>
    Object.assign(new Sightings(), { ownTenant, otherTenant });
  const all = [saw(false, true), saw(true, true), saw(false, false), saw(false, true)];
  for (const [place, sightings] of all.entries()) waiting.add(anEvaluation('a', place), sightings);
  assert.deepEqual(waiting.foreignPlaces(), [0, 3]);
});

test('those that wait for a call of OpenTelemetry are known by the form of its id', () => {
  const span = `${'a'.repeat(32)}-${'b'.repeat(16)}`;
  const { waiting } = aBench(anEvaluation('plain', 1), anEvaluation(span, 2), anEvaluation(span, 3));
  assert.deepEqual(waiting.spanIds(), [span]);
});
