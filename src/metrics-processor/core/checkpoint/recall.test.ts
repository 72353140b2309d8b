import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INPUT_TOPICS, TOPICS } from '../../../events/topics.ts';
import {
  aRequest,
  aResponse,
  CORE_OPTIONS,
  FLAT_PRICES,
  MINUTE,
  noEvent,
  restart,
  START,
  topics,
} from '../core-builders.contract.ts';
import { ShardCore } from '../shard-core.ts';

const PATIENT = { ...CORE_OPTIONS, joinTimeoutMs: 60 * MINUTE };

test('an invalid record from before the horizon does not hide a waiting request of its key after a restart', () => {
  const log = topics([aRequest('old', 0), noEvent('a', 1), aRequest('a', 2), aRequest('b', 40)]);
  const crashed = new ShardCore(PATIENT);
  crashed.fold(TOPICS.requests, log[TOPICS.requests], FLAT_PRICES);
  const core = restart(crashed, crashed.checkpoint(), log, PATIENT);
  assert.equal(core.waitingCount, 3);
});

test('an invalid record within the horizon does not count as a sighting of its key after a restart', () => {
  const log = topics([noEvent('a', 0), aRequest('a', 1)]);
  const crashed = new ShardCore(CORE_OPTIONS);
  crashed.fold(TOPICS.requests, log[TOPICS.requests].slice(0, 1), FLAT_PRICES);
  const core = restart(crashed, crashed.checkpoint(), log);
  core.fold(TOPICS.requests, log[TOPICS.requests], FLAT_PRICES);
  assert.equal(core.takeEffects().toCommit().tallies[0]?.tally.requests, 1);
});

test('a request that was given up because its responses were silent is not given up again after a crash', () => {
  const log = topics([aRequest('a', 0)]);
  const core = new ShardCore(CORE_OPTIONS);
  const checkpoint = core.checkpoint();
  // The responses are read to their end, which is silent, while the requests still have a backlog.
  core.seal(TOPICS.responses, START + 20 * MINUTE);
  core.fold(TOPICS.requests, log[TOPICS.requests], FLAT_PRICES);
  assert.equal(core.takeEffects().toCommit().tallies[0]?.tally.unanswered, 1);
  const committed = core.needsCheckpoint ? core.checkpoint() : checkpoint;
  const restarted = restart(core, committed, log);
  for (const topic of INPUT_TOPICS) restarted.seal(topic, START + 100 * MINUTE);
  assert.deepEqual(restarted.takeEffects().toCommit().tallies, []);
});

test('a restart at MAX_PENDING gives up nothing that waited before it, though it reads one topic after the other', () => {
  const tight = { ...CORE_OPTIONS, pendingMax: 1 };
  const log = topics([aRequest('a', 0), aRequest('b', 2), aRequest('c', 4)], [aResponse('a', 1), aResponse('b', 3)]);
  const core = new ShardCore(tight);
  const checkpoint = core.checkpoint();
  for (let next = 0; next < 3; next++) {
    core.fold(TOPICS.requests, log[TOPICS.requests].slice(next, next + 1), FLAT_PRICES);
    core.fold(TOPICS.responses, log[TOPICS.responses].slice(next, next + 1), FLAT_PRICES);
  }
  assert.equal(core.needsCheckpoint, false);
  const restarted = restart(core, checkpoint, log, tight);
  assert.deepEqual([restarted.join.requests.size, restarted.join.responses.size], [1, 0]);
});

test('a response that was given up because its requests were silent is not given up again after a crash', () => {
  const log = topics([], [aResponse('a', 0)]);
  const core = new ShardCore(CORE_OPTIONS);
  const checkpoint = core.checkpoint();
  core.seal(TOPICS.requests, START + 20 * MINUTE);
  core.fold(TOPICS.responses, log[TOPICS.responses], FLAT_PRICES);
  assert.equal(core.takeEffects().toCommit().deadLetters.length, 1);
  const committed = core.needsCheckpoint ? core.checkpoint() : checkpoint;
  const restarted = restart(core, committed, log);
  for (const topic of INPUT_TOPICS) restarted.seal(topic, START + 100 * MINUTE);
  assert.deepEqual(restarted.takeEffects().toCommit().deadLetters, []);
});

test('a restart keeps the calls that were to be kept, and no other', () => {
  const sparing = { ...CORE_OPTIONS, callsPerSecondMax: 1 };
  const ids = Array.from({ length: 20 }, (_, i) => `call-${i}`);
  const log = topics(ids.map((id) => aRequest(id, 0)));
  const answers = topics(
    [],
    ids.map((id) => aResponse(id, 1)),
  )[TOPICS.responses];
  const core = new ShardCore(sparing);
  core.fold(TOPICS.requests, log[TOPICS.requests], FLAT_PRICES);
  const restarted = restart(core, core.checkpoint(), log, sparing);
  const kept = [core, restarted].map((each) => {
    each.takeEffects();
    each.fold(TOPICS.responses, answers, FLAT_PRICES);
    const { calls } = each.takeEffects().toCommit();
    return calls.map(({ call }) => call.requestId);
  });
  assert.ok((kept[0]?.length ?? 0) > 0 && (kept[0]?.length ?? 0) < ids.length);
  assert.deepEqual(kept[1], kept[0]);
});

test('an error above the limit of kept calls still says whose it is, in either order and after a restart', () => {
  const sparing = { ...CORE_OPTIONS, callsPerSecondMax: 0 };
  const details = { user_id_hash: 'u-1', session_id: 's-1', metadata: { region: 'eu' } };
  const log = topics([aRequest('a', 0, details), aRequest('b', 0)]);
  const failures = topics([], [aResponse('a', 1, { error: 'overloaded' }), aResponse('b', 1, { error: 'overloaded' })]);
  const core = new ShardCore(sparing);
  core.fold(TOPICS.requests, log[TOPICS.requests], FLAT_PRICES);
  const restarted = restart(core, core.checkpoint(), log, sparing);
  const early = new ShardCore(sparing);
  early.fold(TOPICS.responses, failures[TOPICS.responses], FLAT_PRICES);
  for (const each of [core, restarted, early]) {
    each.takeEffects();
    if (each === early) each.fold(TOPICS.requests, log[TOPICS.requests], FLAT_PRICES);
    else each.fold(TOPICS.responses, failures[TOPICS.responses], FLAT_PRICES);
    const calls = each
      .takeEffects()
      .toCommit()
      .calls.map(({ call }) => call);
    assert.deepEqual(
      calls.map(({ requestId, userIdHash, sessionId, metadata }) => [requestId, userIdHash, sessionId, metadata]),
      [
        ['a', 'u-1', 's-1', '{"region":"eu"}'],
        ['b', null, null, null],
      ],
    );
  }
});

/** Possible where calls may take longer than ids are remembered. */
test('two calls of one id that wait at the same time are each answered as what they are, after a restart too', () => {
  const log = topics([aRequest('a', 0, { route: 'first' }), aRequest('b', 1), aRequest('a', 20, { route: 'second' })]);
  const answers = topics([], [aResponse('a', 21), aResponse('a', 40)])[TOPICS.responses];
  const core = new ShardCore(PATIENT);
  core.fold(TOPICS.requests, log[TOPICS.requests], FLAT_PRICES);
  const restarted = restart(core, core.checkpoint(), log, PATIENT);
  for (const each of [core, restarted]) {
    each.takeEffects();
    each.fold(TOPICS.responses, answers, FLAT_PRICES);
    const { tallies } = each.takeEffects().toCommit();
    assert.deepEqual(
      tallies.map(({ series, windowStartMs, tally }) => [series.route, windowStartMs - START, tally.completed]),
      [
        ['first', 0, 1],
        ['second', 20 * MINUTE, 1],
      ],
    );
  }
});
