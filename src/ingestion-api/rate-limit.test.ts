import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../http/problem.ts';
import { problemHeaders } from '../http/problem-answer.ts';
import { addressedSenders, type Sender } from './authenticate.ts';
import { RateLimit } from './rate-limit.ts';

function aLimit(eventsPerSecond: number) {
  const clock = { nowMs: 0 };
  return {
    clock,
    limit: new RateLimit({ name: 'events', unit: 'events', perSecond: eventsPerSecond }, () => clock.nowMs),
  };
}

/** The seconds to wait, 0 when admitted. */
function refusalS(limit: RateLimit, sender = 'a'): number {
  try {
    limit.admit(sender);
    return 0;
  } catch (error) {
    assert.ok(error instanceof Problem && error.status === 429);
    return error.retryAfterS ?? Number.NaN;
  }
}

test('a second of events may come at once, then the sender waits', () => {
  const { limit, clock } = aLimit(100);
  limit.charge('a', 99);
  assert.equal(refusalS(limit), 0);
  limit.charge('a', 1);
  assert.equal(refusalS(limit), 1);
  clock.nowMs = 10;
  assert.equal(refusalS(limit), 0);
});

test('a batch larger than a second is taken, and paid for before the next', () => {
  const { limit, clock } = aLimit(100);
  limit.charge('a', 1000);
  assert.equal(refusalS(limit), 9);
  clock.nowMs = 8_999;
  assert.equal(refusalS(limit), 1);
  clock.nowMs = 9_001;
  assert.equal(refusalS(limit), 0);
});

test('nobody is locked out for longer than five minutes', () => {
  const { limit, clock } = aLimit(10);
  limit.charge('a', 90_000);
  assert.equal(refusalS(limit), 300);
  limit.charge('a', 90_000);
  assert.equal(refusalS(limit), 300);
  clock.nowMs = 300_001;
  assert.equal(refusalS(limit), 0);
});

test('over a minute a greedy sender gets its rate and one second more', () => {
  const { limit, clock } = aLimit(100);
  let taken = 0;
  for (clock.nowMs = 0; clock.nowMs < 60_000; clock.nowMs += 1) {
    if (refusalS(limit) > 0) continue;
    limit.charge('a', 7);
    taken += 7;
  }
  assert.ok(taken >= 6000 && taken <= 6100 + 7, `${taken} events were taken`);
});

test('senders do not share their limit', () => {
  const { limit } = aLimit(1);
  limit.charge('a', 5);
  assert.ok(refusalS(limit, 'a') > 0);
  assert.equal(refusalS(limit, 'b'), 0);
});

test('a hundred thousand senders are remembered, then the one that sent longest ago is forgotten', () => {
  const { limit } = aLimit(1);
  for (let i = 0; i < 100_001; i++) limit.charge(`sender-${i}`, 5);
  assert.equal(refusalS(limit, 'sender-0'), 0);
  assert.ok(refusalS(limit, 'sender-1') > 0);
});

test('the addresses of one IPv6 network are one sender, those of two are two', async () => {
  const { limit } = aLimit(1);
  const check = addressedSenders({ events: limit, bytes: null, tenantEvents: null, tenantBytes: null });
  const from = (address: string): Promise<Sender> => check({ headers: {}, address });
  (await from('2001:db8:1:2:aaaa::1')).charge(10, 0);
  await assert.rejects(from('2001:db8:1:2:bbbb:0:0:7'), Problem);
  await from('2001:db8:1:3::1');
  (await from('::1')).charge(10, 0);
  await assert.rejects(from('0:0:0:0:0:0:0:1'), Problem);
  await from('::ffff:10.0.0.1');
});

test('a refusal names the limit and when it is over, as the draft of the IETF has it', () => {
  const { limit } = aLimit(100);
  limit.charge('a', 1000);
  assert.throws(
    () => limit.admit('a'),
    (error: Error) => {
      assert.ok(error instanceof Problem);
      const { ratelimit, 'ratelimit-policy': policy, 'retry-after': retryAfter } = problemHeaders(error);
      assert.deepEqual([policy, ratelimit, retryAfter], ['"events";q=100;w=1', '"events";r=0;t=9', '9']);
      return true;
    },
  );
});
