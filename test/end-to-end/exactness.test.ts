import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { auditOf, post } from './http-calls.ts';
import { expectedOf, rowsOf } from './load-oracle.ts';
import { type LoadItem, MixedLoad } from './mixed-load.ts';
import { serverFor } from './running-server.ts';

const EVENTS = 200_000;
const BATCH_EVENTS = 2000;
const POSTS_AT_ONCE = 4;
const NDJSON = { 'content-type': 'application/x-ndjson' };

async function send(url: string, batch: readonly LoadItem[]): Promise<void> {
  const malformed = batch.filter(({ type }) => type === 'malformed').length;
  const answer = await post(`${url}/v1/llm/events`, batch.map(({ line }) => line).join('\n'), NDJSON);
  assert.equal(answer.status, 202, answer.text);
  const { accepted, rejected } = JSON.parse(answer.text) as { accepted: number; rejected: number };
  assert.deepEqual({ accepted, rejected }, { accepted: batch.length - malformed, rejected: malformed });
}

test('200,000 events with repetitions, disorder, gaps and rubbish give the rows of a batch job', async (t) => {
  const seed = randomInt(2 ** 31);
  t.diagnostic(`seed ${seed}`);
  const server = await serverFor(t);
  const items = new MixedLoad(seed).next(EVENTS / 2).slice(0, EVENTS);
  assert.ok(items.length > 0.97 * EVENTS, `${items.length} events`);
  let next = 0;
  const sendTheRest = async () => {
    while (next < items.length) {
      const from = next;
      next += BATCH_EVENTS;
      await send(server.ingestion, items.slice(from, from + BATCH_EVENTS));
    }
  };
  await Promise.all(Array.from({ length: POSTS_AT_ONCE }, sendTheRest));

  const expected = expectedOf(items);
  const sent = (type: LoadItem['type']) => items.filter((item) => item.type === type).length;
  const audit = await auditOf(server.metrics, { requests: sent('request'), responses: sent('response') });
  assert.deepEqual(await rowsOf(server.metrics), expected.rows);
  assert.equal(audit.balanced, true);
  assert.deepEqual(audit.totals.requests, {
    accepted: sent('request'),
    counted: expected.requestIds,
    waiting: 0,
    duplicates: sent('request') - expected.requestIds,
    dead_letters: 0,
    foreign_tenant: 0,
  });
  assert.deepEqual(audit.totals.responses, {
    accepted: sent('response'),
    counted: expected.calls,
    waiting: expected.orphans,
    duplicates: sent('response') - expected.responseIds,
    dead_letters: 0,
    foreign_tenant: 0,
  });
});
