import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogRecord } from '../../../event-log/event-log.ts';
import { INPUT_TOPICS, TOPICS } from '../../../events/topics.ts';
import { wirePrefix } from '../../../events/wire-format.ts';
import { anEvaluation, aRequest, aResponse, CORE_OPTIONS, noEvent, topics } from '../core-builders.contract.ts';
import { ShardCore } from '../shard-core.ts';

const PRICES = { priceOf: () => null };

/** `a` is answered, `b` is answered before it is asked, with a text that only `JSON.parse` reads. */
const LOG = topics(
  [aRequest('a', 0), aRequest('b', 2)],
  [aResponse('b', 1, { finish_reason: 'stöp', more: 'x'.repeat(2000) }), aResponse('a', 3)],
  [anEvaluation('a', 4)],
);

const framed = (record: LogRecord): LogRecord => ({
  ...record,
  value: record.value === null ? null : Buffer.concat([wirePrefix(9), record.value]),
});

function effectsOf(form: (record: LogRecord) => LogRecord) {
  const core = new ShardCore(CORE_OPTIONS);
  // The evaluations come last, and the response to `b` before its request.
  for (const topic of [TOPICS.responses, TOPICS.requests, TOPICS.evaluations, TOPICS.reports] as const) {
    core.fold(topic, LOG[topic].map(form), PRICES);
  }
  return { ...core.takeEffects().toCommit(), waiting: core.waitingCount };
}

test('records with the id of a schema before their JSON count as those without it', () => {
  const plain = effectsOf((record) => record);
  assert.deepEqual(plain.calls.map(({ call }) => call.requestId).sort(), ['a', 'b']);
  assert.deepEqual(plain.deadLetters, []);
  assert.deepEqual(effectsOf(framed), plain);
});

test('a dead letter keeps the bytes that lay on the topic, the id of the schema included', () => {
  for (const topic of INPUT_TOPICS) {
    const core = new ShardCore(CORE_OPTIONS);
    const record = framed({ ...noEvent('x', 0), offset: 0 });
    core.fold(topic, [record], PRICES);
    const [letter] = core.takeEffects().toCommit().deadLetters;
    assert.deepEqual([letter?.reason, letter?.value], ['invalid', record.value], topic);
  }
});
