import assert from 'node:assert/strict';
import { TENANTS } from './traffic.ts';
import type { World } from './world.ts';

interface PublishedRow {
  readonly revision: number;
  readonly text: string;
  readonly requests: number;
}

/** What a consumer of `llm.metrics` and `llm.dead-letter` ends up with is what the store holds. */
export async function assertPublished(world: World): Promise<void> {
  const { store, plan, broker } = world;
  const newest = new Map<string, PublishedRow>();
  const byRevision = new Map<string, string>();
  const letters = new Set<string>();
  for (let partition = 0; partition < broker.partitionCount; partition++) {
    for (const { key, value } of broker.records('llm.metrics', partition)) {
      const row = JSON.parse(Buffer.from(value ?? []).toString()) as Record<string, unknown>;
      const subject = `${Buffer.from(key ?? []).toString()}|${String(row['window_start'])}`;
      const revision = row['revision'] as number;
      const text = JSON.stringify(row);
      const same = byRevision.get(`${subject}#${revision}`) ?? text;
      assert.equal(text, same, `revision ${revision} of ${subject} was published with two contents`);
      byRevision.set(`${subject}#${revision}`, text);
      const known = newest.get(subject);
      const requests = row['requests'] as number;
      const hasShrunk =
        known !== undefined && (revision > known.revision ? requests < known.requests : requests > known.requests);
      // Only what came by OTLP is ever corrected.
      if (hasShrunk && plan.traceCount === 0) {
        assert.fail(`revision ${revision} of ${subject} shrank`);
      }
      if (known === undefined || revision > known.revision) newest.set(subject, { revision, text, requests });
    }
    for (const { value } of broker.records('llm.dead-letter', partition)) {
      const {
        topic,
        partition: from,
        offset,
      } = JSON.parse(Buffer.from(value ?? []).toString()) as Record<string, unknown>;
      letters.add(`${String(topic)}/${String(from)}/${String(offset)}`);
    }
  }
  assert.deepEqual(await store.unpublishedRows(10), [], 'every change is published');
  const stored = await store.readDeadLetters({ limit: 1_000_000, before: null });
  assert.deepEqual([...letters].sort(), stored.map((l) => `${l.topic}/${l.partition}/${l.offset}`).sort());
  await assertSameTotals(world, newest);
}

async function assertSameTotals({ store }: World, newest: ReadonlyMap<string, PublishedRow>): Promise<void> {
  let count = 0;
  for (const tenantId of TENANTS) {
    const changes = await store.readChanges({ tenantId, route: null, model: null, sinceMs: 0, limit: 1_000_000 });
    for (const { route, model, windowStartMs, tally, revision } of changes) {
      count++;
      const start = `${new Date(windowStartMs).toISOString().slice(0, 19)}Z`;
      const published = newest.get(`${tenantId}|${route}|${model}|${start}`);
      assert.equal(published?.revision, revision, `the newest revision of ${tenantId}|${route}|${model}|${start}`);
      const row = JSON.parse(published?.text ?? '{}') as Record<string, unknown>;
      const { requests, completed, errors, unanswered, promptTokens, completionTokens } = tally;
      assert.deepEqual(
        [
          row['requests'],
          row['completed'],
          row['errors'],
          row['unanswered'],
          row['prompt_tokens'],
          row['completion_tokens'],
        ],
        [requests, completed, errors, unanswered, promptTokens, completionTokens],
      );
    }
  }
  assert.equal(newest.size, count, 'nothing is published that is not stored');
}
