import assert from 'node:assert/strict';
import type { OtlpReceiver, ReceivedSpan } from './otlp-receiver.ts';
import type { Server } from './running-server.ts';
import { until } from './until.ts';

/** What a server must be told so that its spans come soon. */
export function tracedBy(receiver: OtlpReceiver): Record<string, string> {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '100', LOG_LEVEL: 'debug' };
}

/** Sends a batch in a trace that began elsewhere, and waits until the span of its commit is there. */
export async function chainOf(
  server: Server,
  receiver: OtlpReceiver,
  traceId: string,
): Promise<readonly ReceivedSpan[]> {
  const timestamp = new Date().toISOString();
  const events = ['a', 'b'].map((id) => ({
    type: 'request',
    request_id: `${traceId}-${id}`,
    tenant_id: 'acme',
    route: 'chat',
    model: 'm',
    timestamp,
  }));
  const answer = await fetch(`${server.ingestion}/v1/llm/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: `00-${traceId}-${'c'.repeat(16)}-01` },
    body: JSON.stringify(events),
  });
  assert.equal(answer.status, 202);
  const ofTrace = () => receiver.spans.filter((span) => span.traceId === traceId);
  await until(async () => {
    const names = ofTrace().map(({ name }) => name);
    for (const name of CHAIN) assert.ok(names.includes(name), `${name} is not among ${names.join(', ')}`);
  });
  return ofTrace();
}

const CHAIN = ['POST /v1/llm/events', 'send llm.requests', 'process llm.requests', 'fold llm.requests', 'commit'];
const [SERVER, PRODUCER, CONSUMER, INTERNAL] = [2, 4, 5, 1];

/** One span below the other, from the request to the commit. */
export function assertChain(
  spans: readonly ReceivedSpan[],
  expected: { system: string; processes: readonly string[] },
): void {
  const named = (name: string): ReceivedSpan => {
    const found = spans.find((span) => span.name === name);
    assert.ok(found !== undefined, name);
    return found;
  };
  const [http, send, process, fold, commit] = CHAIN.map(named) as [
    ReceivedSpan,
    ReceivedSpan,
    ReceivedSpan,
    ReceivedSpan,
    ReceivedSpan,
  ];
  assert.deepEqual(
    [http, send, process, fold, commit].map(({ kind, parentSpanId }) => [kind, parentSpanId]),
    [
      [SERVER, 'c'.repeat(16)],
      [PRODUCER, http.spanId],
      [CONSUMER, send.spanId],
      [INTERNAL, process.spanId],
      [INTERNAL, process.spanId],
    ],
  );
  assert.equal(http.attributes['http.response.status_code'], 202);
  assert.equal(http.attributes['http.route'], '/v1/llm/events');
  assert.equal(send.attributes['messaging.batch.message_count'], 2);
  assert.equal(process.attributes['messaging.system'], expected.system);
  assert.equal(process.attributes['messaging.destination.name'], 'llm.requests');
  assert.ok(process.startMs + 1 >= http.startMs && process.endMs >= commit.endMs, 'it lasts until the commit');
  assert.deepEqual(
    [...new Set([http, process].map(({ resource }) => resource['streamlens.role']))],
    expected.processes,
  );
  assert.equal(http.resource['service.name'], 'streamlens');
}
