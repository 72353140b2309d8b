import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fingerprint } from './fingerprint.ts';
import { Sightings } from './sightings.ts';
import { WaitingResponses } from './waiting-responses.ts';

const aResponse = (place: number) => ({
  place,
  loggedAtMs: place,
  key: Buffer.from('r'),
  value: Buffer.from('{}'),
  tenantId: null,
});

test('responses of an id are found in the order in which they came, and taking the last leaves nothing', () => {
  const [waiting, id] = [new WaitingResponses(), new Fingerprint(0)];
  for (const [place, key] of ['one', 'other', 'one'].entries()) {
    waiting.add(id.of(Buffer.from(key)), aResponse(place), new Sightings());
  }
  const places = waiting.ofId(id.of(Buffer.from('one'))).map((slot) => waiting.at(slot).pending.place);
  assert.deepEqual(places, [0, 2]);
  const slots = Array.from(waiting.arrivals);
  for (const slot of slots) waiting.take(slot);
  assert.deepEqual([waiting.size, waiting.bytes, waiting.ofId(id.of(Buffer.from('one')))], [0, 0, []]);
});
