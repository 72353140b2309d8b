import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { post } from './http-calls.ts';
import { type Server, serverFor } from './running-server.ts';

interface Change {
  readonly id: string;
  readonly row: { readonly route: string; readonly requests: number; readonly revision: number };
}

/** Changes as they come. */
async function* changesOf(t: TestContext, server: Server, lastEventId?: string): AsyncGenerator<Change> {
  for await (const { id, data } of eventsOf(t, `${server.metrics}/v1/metrics/stream?tenant_id=live`, lastEventId)) {
    yield { id, row: JSON.parse(data) as Change['row'] };
  }
}

async function* eventsOf(
  t: TestContext,
  url: string,
  lastEventId?: string,
): AsyncGenerator<{ readonly id: string; readonly data: string }> {
  const abort = new AbortController();
  t.after(() => abort.abort());
  const answer = await fetch(url, {
    signal: abort.signal,
    headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
  });
  assert.match(answer.headers.get('content-type') ?? '', /^text\/event-stream/);
  let text = '';
  for await (const chunk of (answer.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const event = text.slice(0, end);
      text = text.slice(end + 2);
      const [, id] = /^id: (.*)$/m.exec(event) ?? [];
      const [, data] = /^data: (.*)$/m.exec(event) ?? [];
      if (id !== undefined && data !== undefined) yield { id, data };
    }
  }
}

async function next(changes: AsyncGenerator<Change>): Promise<Change> {
  const { value } = await changes.next();
  assert.ok(value, 'the stream goes on');
  return value as Change;
}

const send = (server: Server, route: string, id: string) =>
  post(
    `${server.ingestion}/v1/llm/request`,
    JSON.stringify({ request_id: id, tenant_id: 'live', route, model: 'm', timestamp: '2026-01-10T12:00:00Z' }),
  );

test('the stream sends each changed row with its totals, and goes on after Last-Event-ID', {
  timeout: 120_000,
}, async (t) => {
  const server = await serverFor(t);
  const first = changesOf(t, server, '0');
  const waiting = next(first);
  await send(server, 'a', '1');
  const startedMs = performance.now();
  const change = await waiting;
  assert.deepEqual([change.row.route, change.row.requests], ['a', 1]);
  assert.ok(performance.now() - startedMs < 5000);
  await send(server, 'a', '2');
  const second = await next(first);
  assert.equal(second.row.requests, 2);
  assert.ok(second.row.revision > change.row.revision);

  await send(server, 'b', '3');
  const missed = await next(first);
  const resumed = changesOf(t, server, second.id);
  // What was seen already may come again, what was missed must come.
  let again = await next(resumed);
  while (again.row.route !== 'b') again = await next(resumed);
  assert.deepEqual(again.row, missed.row);
});

test('with rows=false the stream says only from when on rows have changed', { timeout: 120_000 }, async (t) => {
  const server = await serverFor(t);
  // From the beginning: nobody knows whether the stream is open before the event is counted.
  const events = eventsOf(t, `${server.metrics}/v1/metrics/stream?tenant_id=live&rows=false`, '0');
  const waiting = events.next();
  await send(server, 'a', '1');
  const { value } = await waiting;
  assert.ok(value);
  assert.deepEqual(JSON.parse(value.data), { window_start: '2026-01-10T12:00:00Z', rows: 1 });
});

test('who asks for the head of a stream gets it, and its end', { timeout: 60_000 }, async (t) => {
  const server = await serverFor(t);
  const answer = await fetch(`${server.metrics}/v1/metrics/stream?tenant_id=live`, { method: 'HEAD' });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'text/event-stream');
});
