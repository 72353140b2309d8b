import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePorts } from '../../scripts/services/free-ports.ts';
import { startOtlpReceiver } from './otlp-receiver.ts';
import { type Server, serverFor } from './running-server.ts';
import { assertChain, chainOf, tracedBy } from './traced-chain.ts';
import { until } from './until.ts';

const TRACE = 'ab'.repeat(16);

async function postRequest({ ingestion }: Server, headers: Record<string, string> = {}): Promise<Response> {
  const event = {
    request_id: crypto.randomUUID(),
    tenant_id: 'acme',
    route: 'chat',
    model: 'm',
    timestamp: new Date().toISOString(),
  };
  return fetch(`${ingestion}/v1/llm/request`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(event),
  });
}

test('a request is followed to its commit in the trace that it came in, and the log carries its ids', async (t) => {
  await using receiver = await startOtlpReceiver();
  const server = await serverFor(t, { ...tracedBy(receiver), OTEL_EXPORTER_OTLP_HEADERS: 'api-key=secret' });
  const spans = await chainOf(server, receiver, TRACE);
  assertChain(spans, { system: 'streamlens', processes: ['up', 'metrics-processor'] });
  assert.equal(receiver.headers[0]?.['api-key'], 'secret');

  const commit = spans.find(({ name }) => name === 'commit');
  const lines = server.output().split('\n');
  const own = lines.filter((line) => line.includes(TRACE)).map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.ok(
    own.some(({ span_id, msg }) => span_id === commit?.spanId && msg === 'Committed'),
    own.map(({ msg }) => msg).join(', '),
  );

  const answer = await fetch(`${server.metrics}/v1/calls/none?tenant_id=acme`, {
    headers: { traceparent: `00-${TRACE}-${'d'.repeat(16)}-01` },
  });
  assert.equal(answer.status, 404);
  await until(async () => {
    const asked = receiver.spans.find(({ parentSpanId }) => parentSpanId === 'd'.repeat(16));
    assert.equal(asked?.name, 'GET /v1/calls/:id');
  });
});

test('many requests that are committed together are linked to the commit', async (t) => {
  await using receiver = await startOtlpReceiver();
  const server = await serverFor(t, { ...tracedBy(receiver), COMMIT_INTERVAL: '2s' });
  await chainOf(server, receiver, TRACE);
  const answers = await Promise.all(Array.from({ length: 5 }, () => postRequest(server)));
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [202]);
  await until(async () => {
    const processed = receiver.spans.filter((span) => span.name === 'process llm.requests' && span.traceId !== TRACE);
    assert.equal(processed.length, 5);
    const commits = receiver.spans.filter(({ name, traceId }) => name === 'commit' && traceId !== TRACE);
    // Each is the parent of a commit, or is linked to one in both directions.
    for (const { spanId } of processed) {
      const commit = commits.find(
        (each) => each.parentSpanId === spanId || each.links.some((link) => link.spanId === spanId),
      );
      assert.ok(commit !== undefined);
      const span = processed.find((each) => each.spanId === spanId);
      assert.ok(commit.parentSpanId === spanId || span?.links.some((link) => link.spanId === commit.spanId));
    }
  });
});

test('what the sender does not sample has no spans, nor has what machines ask all the time', async (t) => {
  await using receiver = await startOtlpReceiver();
  const server = await serverFor(t, tracedBy(receiver));
  await postRequest(server, { traceparent: `00-${'e'.repeat(32)}-${'c'.repeat(16)}-00` });
  await fetch(`${server.ingestion}/health`);
  await fetch(`${server.ingestion}/metrics`);
  await chainOf(server, receiver, TRACE);
  assert.deepEqual([...new Set(receiver.spans.map(({ traceId }) => traceId))], [TRACE]);
});

test('a StreamLens that sends its spans to itself makes no spans of that', async (t) => {
  const [port = 0] = await freePorts(1);
  await using receiver = await startOtlpReceiver(`http://127.0.0.1:${port}`);
  const server = await serverFor(t, tracedBy(receiver), { ingestionPort: port });
  // What the first exports brought about would be among the later ones.
  for (const digit of ['1', '2', '3']) await chainOf(server, receiver, digit.repeat(32));
  assert.deepEqual([...new Set(receiver.spans.map(({ traceId }) => traceId.slice(0, 1)))], ['1', '2', '3']);
});
