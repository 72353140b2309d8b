import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TOPICS } from '../../../events/topics.ts';
import { Fingerprint } from './fingerprint.ts';
import { Join, type JoinOptions } from './join.ts';
import { offsetOf, placeOf } from './lane.ts';
import type { PendingRequest } from './waiting-requests.ts';
import type { PendingResponse } from './waiting-responses.ts';

const OPTIONS: JoinOptions = {
  joinTimeoutMs: 100,
  dedupHorizonMs: 300,
  logTimeSlackMs: 0,
  pendingMax: 1_000,
  pendingBytesMax: 1_000_000,
};

interface RequestParts {
  readonly tenantId?: string;
  readonly route?: string;
  readonly lane?: number;
}

/** A join whose records are numbered as they come; what it says is told by those numbers. */
class Bench {
  readonly join: Join;
  readonly lost: string[] = [];
  readonly #fingerprint = new Fingerprint(7);
  #offset = 0;

  constructor(options: Partial<JoinOptions> = {}) {
    this.join = new Join(
      { ...OPTIONS, ...options },
      {
        requestUnanswered: ({ place }) => this.lost.push(`unanswered ${offsetOf(place)}`),
        responseOrphaned: ({ place }, reason) => this.lost.push(`${reason} ${offsetOf(place)}`),
      },
    );
  }

  request(id: string, loggedAtMs: number, { tenantId = 'acme', route = 'chat', lane = 0 }: RequestParts = {}): string {
    const pending: PendingRequest = {
      series: { tenantId, route, model: 'm', provider: '' },
      place: placeOf(lane, this.#offset++),
      loggedAtMs,
      timestampMs: loggedAtMs,
      promptTokens: 1,
      cachedPromptTokens: 0,
      cacheWriteTokens: 0,
      keptId: null,
      dimensions: null,
      details: null,
    };
    return this.#told(this.join.request(this.#of(id), pending));
  }

  response(id: string, loggedAtMs: number, tenantId: string | null = null): string {
    const pending: PendingResponse = {
      place: placeOf(0, this.#offset++),
      loggedAtMs,
      key: Buffer.from(id),
      value: Buffer.from('{}'),
      tenantId,
    };
    return this.#told(this.join.response(this.#of(id), pending));
  }

  silence(topic: 'requests' | 'responses' | 'evaluations', throughMs: number): void {
    this.join.passSilence(TOPICS[topic], throughMs, 0);
  }

  routesOf(id: string): readonly string[] {
    return this.join.callsOf(this.#of(id)).map(({ series }) => series.route);
  }

  #of(id: string): Fingerprint {
    return this.#fingerprint.of(Buffer.from(id));
  }

  #told(outcome: string | { readonly place: number }): string {
    return typeof outcome === 'string' ? outcome : `joins ${offsetOf(outcome.place)}`;
  }
}

test('the halves of a call join in either order, and nothing waits for them any longer', () => {
  const bench = new Bench();
  assert.deepEqual([bench.request('a', 0), bench.response('a', 1)], ['waiting', 'joins 0']);
  assert.deepEqual([bench.response('b', 2), bench.request('b', 3)], ['waiting', 'joins 2']);
  assert.deepEqual([bench.join.requests.size, bench.join.responses.size], [0, 0]);
});

test('halves that are the timeout apart join, one millisecond more and they do not', () => {
  const bench = new Bench();
  bench.request('a', 0);
  assert.equal(bench.response('a', 100), 'joins 0');
  bench.request('b', 100);
  assert.equal(bench.response('b', 201), 'waiting');
  bench.response('c', 201);
  assert.equal(bench.request('c', 301), 'joins 4');
  bench.response('d', 301);
  assert.equal(bench.request('d', 402), 'waiting');
});

test('an id that comes again up to the horizon is the same record, and each time it is seen counts', () => {
  const bench = new Bench();
  const requests = [0, 300, 600, 901].map((atMs) => bench.request('a', atMs));
  assert.deepEqual(requests, ['waiting', 'duplicate', 'duplicate', 'waiting']);
  const responses = [0, 300, 601].map((atMs) => bench.response('other', atMs));
  assert.deepEqual(responses, ['waiting', 'duplicate', 'waiting']);
});

test('a repeated record that falls back in time does not make its id look older', () => {
  const bench = new Bench();
  const requests = [400, 200, 700].map((atMs) => bench.request('a', atMs));
  assert.deepEqual(requests, ['waiting', 'duplicate', 'duplicate']);
});

test('a response that names its tenant answers only that one, whoever else has the id', () => {
  const bench = new Bench();
  bench.request('a', 0, { tenantId: 'one' });
  bench.request('a', 1, { tenantId: 'two' });
  assert.equal(bench.response('a', 2, 'three'), 'waiting');
  assert.equal(bench.response('a', 3, 'two'), 'joins 1');
  assert.equal(bench.response('a', 4, 'one'), 'joins 0');
});

test('a response that names nobody answers the call that was logged first, or lies first in its lane', () => {
  const bench = new Bench();
  bench.request('a', 5, { tenantId: 'one', lane: 0 });
  bench.request('a', 4, { tenantId: 'two', lane: 1 });
  assert.equal(bench.response('a', 6), 'joins 1');
  bench.request('b', 9, { tenantId: 'one' });
  bench.request('b', 8, { tenantId: 'two' });
  assert.equal(bench.response('b', 10), 'joins 3');
  bench.request('c', 9, { tenantId: 'one', lane: 1 });
  bench.request('c', 9, { tenantId: 'two', lane: 0 });
  assert.equal(bench.response('c', 10), 'joins 6');
});

test('a request gets the earliest response that it may have', () => {
  const bench = new Bench();
  bench.response('a', 0, 'other');
  bench.response('a', 1, 'acme');
  bench.response('a', 2);
  assert.equal(bench.request('a', 3), 'joins 1');
});

test('a request that is too old for a response waits on before the one that gets it', () => {
  const bench = new Bench({ dedupHorizonMs: 50 });
  bench.request('a', 0);
  bench.request('a', 90);
  assert.equal(bench.response('a', 150), 'joins 1');
  assert.equal(bench.response('a', 99), 'duplicate');
  assert.equal(bench.join.requests.size, 1);
  bench.silence('responses', 101);
  assert.deepEqual(bench.lost, ['unanswered 0']);
});

test('what waits is given up when the other topic has passed it by the timeout, and not when its own has', () => {
  const bench = new Bench();
  bench.request('a', 0);
  bench.silence('requests', 10_000);
  bench.silence('responses', 100);
  assert.deepEqual(bench.lost, []);
  bench.silence('responses', 101);
  assert.deepEqual(bench.lost, ['unanswered 0']);
  bench.response('b', 10_000);
  bench.silence('responses', 99_000);
  bench.silence('requests', 10_100);
  assert.equal(bench.lost.length, 1);
  bench.silence('requests', 10_101);
  assert.deepEqual(bench.lost.slice(1), ['no_request 1']);
});

test('where stamps may fall back, what waits has as much more time', () => {
  const bench = new Bench({ logTimeSlackMs: 50 });
  bench.request('a', 0);
  bench.silence('responses', 150);
  assert.deepEqual(bench.lost, []);
  bench.silence('responses', 151);
  assert.equal(bench.lost.length, 1);
});

test('a response whose id had calls of others alone is foreign, also where they came after it', () => {
  const bench = new Bench();
  bench.request('a', 0, { tenantId: 'one' });
  bench.response('a', 1, 'two');
  bench.response('b', 2, 'two');
  bench.request('b', 3, { tenantId: 'one' });
  bench.response('c', 4, 'two');
  bench.silence('requests', 500);
  assert.deepEqual(bench.lost, ['foreign_tenant 1', 'foreign_tenant 2', 'no_request 4']);
});

test('beyond the bound the oldest of the more numerous kind is given up, and a replay would not do so', () => {
  const bench = new Bench({ pendingMax: 2 });
  bench.request('a', 0);
  bench.request('b', 1);
  assert.equal(bench.join.gaveUpBeyondReplay, false);
  bench.response('x', 2);
  assert.deepEqual([bench.lost, bench.join.gaveUpBeyondReplay], [['unanswered 0'], true]);
  bench.response('y', 3);
  bench.response('z', 4);
  assert.deepEqual(bench.lost.slice(1), ['too_many_pending 2', 'too_many_pending 3']);
});

test('of as many requests as responses a request is given up', () => {
  const bench = new Bench({ pendingMax: 1 });
  bench.response('x', 0);
  bench.request('a', 1);
  assert.deepEqual(bench.lost, ['unanswered 1']);
});

test('waiting responses are bounded by their bytes too, and a replay bounds nothing', () => {
  const bench = new Bench({ pendingBytesMax: 1 });
  bench.join.isBounded = false;
  bench.response('a', 0);
  assert.deepEqual(bench.lost, []);
  bench.join.isBounded = true;
  bench.response('b', 1);
  assert.deepEqual([bench.lost.length, bench.join.responses.bytes], [2, 0]);
});

test('giving up by a record is what a replay does too, giving up by silence alone is not', () => {
  const [bySilence, byRecord] = [new Bench(), new Bench()];
  for (const bench of [bySilence, byRecord]) bench.request('a', 0);
  bySilence.silence('responses', 101);
  byRecord.response('b', 101);
  byRecord.join.giveUpTimedOut();
  assert.deepEqual([bySilence.lost, byRecord.lost], [['unanswered 0'], ['unanswered 0']]);
  assert.deepEqual(
    [bySilence, byRecord].map(({ join }) => join.gaveUpBeyondReplay),
    [true, false],
  );
});

test('an id is forgotten when no topic can ask for it any more', () => {
  for (const last of ['requests', 'responses', 'evaluations'] as const) {
    const bench = new Bench();
    bench.request('a', 1);
    bench.response('a', 0);
    for (const topic of ['requests', 'responses', 'evaluations'] as const) {
      bench.silence(topic, topic === last ? 301 : 10_000);
    }
    assert.equal(bench.join.ids.size, 1, last);
    bench.silence(last, 302);
    assert.equal(bench.join.ids.size, 0, last);
  }
});

test('an id is remembered for as long as its response may be repeated', () => {
  const bench = new Bench();
  bench.request('a', 0);
  bench.response('a', 1);
  for (const topic of ['requests', 'evaluations'] as const) bench.silence(topic, 10_000);
  bench.silence('responses', 301);
  assert.equal(bench.join.ids.size, 1);
  bench.silence('responses', 302);
  assert.equal(bench.join.ids.size, 0);
});

test('the calls of an id stand in the order in which they began, those of all tenants', () => {
  const bench = new Bench();
  bench.request('a', 0, { route: 'first' });
  bench.request('a', 1, { route: 'second', tenantId: 'other' });
  bench.request('a', 400, { route: 'third' });
  assert.deepEqual(bench.routesOf('a'), ['first', 'second', 'third']);
  bench.request('b', 400, { route: 'one', tenantId: 'one' });
  bench.request('b', 400, { route: 'two', tenantId: 'two' });
  assert.deepEqual(bench.routesOf('b'), ['one', 'two']);
  assert.deepEqual(bench.routesOf('c'), []);
});

test('an earlier call of an id is forgotten when nothing that is still to be read can be about it', () => {
  const bench = new Bench();
  bench.request('a', 0, { route: 'first' });
  bench.silence('evaluations', 301);
  bench.silence('responses', 301);
  bench.request('a', 400, { route: 'second' });
  assert.deepEqual(bench.routesOf('a'), ['second']);
});
