import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeriesSlots } from './series-slots.ts';

const aSeries = (route: string) => ({ tenantId: 't', route, model: 'm', provider: '' });

test('a series has one number as long as anybody holds it', () => {
  const slots = new SeriesSlots();
  const chat = aSeries('chat');
  const slot = slots.hold(chat);
  assert.equal(slots.hold(chat), slot);
  slots.release(slot);
  assert.equal(slots.at(slot), chat);
  assert.equal(slots.size, 1);
});

test('a number that nobody holds is given to another series, and its own is forgotten', () => {
  const slots = new SeriesSlots();
  const [chat, search] = [aSeries('chat'), aSeries('search')];
  const slot = slots.hold(chat);
  slots.release(slot);
  assert.equal(slots.size, 0);
  assert.equal(slots.hold(search), slot);
  assert.notEqual(slots.hold(chat), slot);
});
