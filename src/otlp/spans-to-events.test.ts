import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AttributeList } from './decode/attribute-list.ts';
import type { OtlpSpan } from './decode/trace-export.ts';
import { RecentCalls } from './fold/recent-calls.ts';
import { aSpan, spanId } from './otlp-builders.contract.ts';
import { spansToEvents } from './spans-to-events.ts';
import { DEFAULT_ATTRIBUTE_NAMES, DimensionFinder } from './to-events/tenant-and-route.ts';

const dimensions = new DimensionFinder(DEFAULT_ATTRIBUTE_NAMES);
const CHAT = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm' };

/** Counts an export that succeeds, and gives the ids of its calls. */
function count(spans: readonly OtlpSpan[], recent: RecentCalls | null = null): readonly string[] {
  const result = spansToEvents({ spans }, { tenantOfKey: null, dimensions, recent });
  recent?.remember(result.marks, 0);
  return result.events.filter(({ type }) => type === 'request').map((event) => event.request_id.slice(33));
}

function eventsOf(span: OtlpSpan, tenantOfKey: string | null = null) {
  const [request, response] = spansToEvents({ spans: [span] }, { tenantOfKey, dimensions, recent: null }).events;
  assert.ok(request?.type === 'request' && response?.type === 'response');
  return { request, response };
}

test('a token count that is absent, not a number or negative is unknown and never 0', () => {
  for (const value of [Number.NaN, -1, 1.5, '', 'many', null]) {
    const { request, response } = eventsOf(aSpan({ attributes: { ...CHAT, 'gen_ai.usage.input_tokens': value } }));
    assert.deepEqual([request.prompt_tokens, response.prompt_tokens, response.completion_tokens], [null, null, null]);
  }
});

test('a reported 0 stays 0', () => {
  assert.equal(eventsOf(aSpan({ attributes: { ...CHAT, 'gen_ai.usage.input_tokens': '0' } })).request.prompt_tokens, 0);
});

test('a call without a name for its model is counted under unknown', () => {
  assert.equal(eventsOf(aSpan()).request.model, 'unknown');
});

test('a failed call has an error text even when the sender says nothing about it', () => {
  assert.equal(eventsOf(aSpan({ statusCode: 2 })).response.error, 'unknown error');
});

test('an exception that was handled is no error', () => {
  const events = [{ name: 'exception', atMs: 1, attributes: AttributeList.of([['exception.type', 'Oops']]) }];
  const answered = { ...CHAT, 'gen_ai.response.finish_reasons': ['stop'] };
  assert.equal(eventsOf(aSpan({ events, attributes: answered })).response.error, null);
});

test('an exception of a call without an answer is its failure, and its stack is not kept', () => {
  const attributes = AttributeList.of([
    ['exception.type', 'RateLimitError'],
    ['exception.message', 'slow down\nTraceback (most recent call last):\n  File "/srv/app.py", line 3, in ask'],
  ]);
  const { response } = eventsOf(aSpan({ events: [{ name: 'exception', atMs: 1, attributes }], attributes: CHAT }));
  assert.deepEqual([response.error, response.error_kind], ['RateLimitError: slow down', 'rate_limit']);
});

test('a call that its user stopped has no error', () => {
  const { response } = eventsOf(
    aSpan({ statusCode: 2, attributes: { ...CHAT, 'error.type': 'asyncio.CancelledError' } }),
  );
  assert.deepEqual([response.error, response.error_kind], [null, 'cancelled']);
});

test('a finish reason may tell that a call failed, and the agent above it why', () => {
  const agent = aSpan({
    spanId: spanId(1),
    name: 'invoke_agent',
    statusCode: 2,
    statusMessage: 'Rate limit reached',
    attributes: { 'gen_ai.operation.name': 'invoke_agent' },
  });
  const attributes = { ...CHAT, 'gen_ai.response.finish_reasons': ['error'] };
  const call = aSpan({ spanId: spanId(2), parentSpanId: spanId(1), attributes });
  const { events } = spansToEvents({ spans: [call, agent] }, { tenantOfKey: null, dimensions, recent: null });
  assert.equal(events.length, 2);
  const response = events.find((event) => event.type === 'response');
  assert.deepEqual([response?.error, response?.error_kind], ['Rate limit reached', 'rate_limit']);
});

test('a first token after the end is one in another unit, or none', () => {
  const firstToken = (seconds: number, durationMs: number) =>
    eventsOf(aSpan({ durationMs, attributes: { ...CHAT, 'gen_ai.response.time_to_first_chunk': seconds } })).response
      .time_to_first_token_ms;
  assert.equal(firstToken(0.85, 3200), 850);
  assert.equal(firstToken(850, 3200), 850);
  assert.equal(firstToken(850_000_000, 3200), 850);
  assert.equal(firstToken(5, 3200), 5);
  assert.equal(firstToken(6, 0.2), null);
});

test('the cost that a gateway or a client tells is kept with who told it', () => {
  const told = (attributes: Record<string, string | number>, scopeName = 'test') => {
    const { response } = eventsOf(aSpan({ attributes: { ...CHAT, ...attributes }, scopeName }));
    return [response.reported_cost_usd, response.cost_reported_by];
  };
  assert.deepEqual(told({ 'gen_ai.usage.cost': 0.5 }, 'openlit.instrumentation.openai'), [0.5, 'client']);
  assert.deepEqual(told({ 'gen_ai.usage.cost': 0 }, 'openlit.instrumentation.openai'), [undefined, undefined]);
  assert.deepEqual(told({ 'gen_ai.usage.cost': 0.5 }, 'cloudflare-ai-gateway'), [0.5, 'gateway']);
  assert.deepEqual(told({ 'gen_ai.usage.cost': 0.5, 'gen_ai.provider.name': 'openrouter' }), [0.5, 'gateway']);
  assert.deepEqual(told({ 'usage.cost': '0.25', 'llm.cost.total': 0.5 }), [0.25, 'gateway']);
  assert.deepEqual(told({ 'gen_ai.usage.raw': '{"cost":{"total_cost":1}}', 'gen_ai.system': 'perplexity' }), [
    1,
    'provider',
  ]);
});

test('the tier that served comes before the one that was asked for', () => {
  const tierOf = (attributes: Record<string, string | boolean>) =>
    eventsOf(aSpan({ attributes: { ...CHAT, ...attributes } })).response.service_tier;
  const asked = { 'openai.request.service_tier': 'priority' };
  assert.equal(tierOf({ ...asked, 'openai.response.service_tier': 'default' }), 'default');
  assert.equal(tierOf(asked), 'priority');
  assert.equal(tierOf({ 'openai.request.service_tier': 'auto' }), undefined);
  assert.equal(tierOf({ ...asked, 'gen_ai.request.batch': true }), 'batch');
});

test('user and session are found in the metadata of the SDK, bare, dotted or as JSON, on the call or above it', () => {
  const peopleOf = (attributes: Record<string, string>) => {
    const { request } = eventsOf(aSpan({ attributes: { ...CHAT, ...attributes } }));
    return [request.user_id_hash, request.session_id];
  };
  assert.deepEqual(peopleOf({ metadata: '{"user_id":"u-7","session_id":"s-1"}' }), ['u-7', 's-1']);
  assert.deepEqual(peopleOf({ 'langsmith.metadata.userId': 'u-7', 'langsmith.metadata.thread_id': 's-1' }), [
    'u-7',
    's-1',
  ]);
  assert.deepEqual(peopleOf({ 'mastra.metadata.userId': 'u-7', 'mastra.metadata.sessionId': 's-1' }), ['u-7', 's-1']);
  assert.deepEqual(peopleOf({ 'langfuse.trace.metadata.user_id': '"u-7"' }), ['u-7', null]);
  assert.deepEqual(peopleOf({ user: 'root', thread_id: '12' }), [null, null]);
});

test('what fills a name is no name', () => {
  const { request, response } = eventsOf(
    aSpan({ attributes: { ...CHAT, 'gen_ai.request.model': 'N/A', 'gen_ai.response.id': 'not available' } }),
  );
  assert.equal(request.model, 'unknown');
  assert.equal((request.metadata as Record<string, unknown>)['gen_ai.response.id'], undefined);
  assert.equal(response.model, null);
});

test('the finish reason is folded and the word of the provider is kept beside it', () => {
  const { response } = eventsOf(aSpan({ attributes: { ...CHAT, 'gen_ai.response.finish_reasons': ['end_turn'] } }));
  assert.deepEqual([response.finish_reason, response.finish_reason_raw], ['stop', 'end_turn']);
});

test('names over the limit of an event are cut', () => {
  const { request } = eventsOf(aSpan({ attributes: { ...CHAT, 'gen_ai.request.model': 'm'.repeat(300) } }));
  assert.equal(request.model.length, 255);
});

test('metadata over 16 KiB loses its largest values and nothing else', () => {
  const attributes = { ...CHAT, 'ai.telemetry.metadata.big': 'x'.repeat(20_000), 'ai.telemetry.metadata.plan': 'pro' };
  const metadata = eventsOf(aSpan({ attributes })).request.metadata as Record<string, unknown>;
  assert.deepEqual([metadata['big'], metadata['plan']], [undefined, 'pro']);
});

test('one bad span never costs the others', () => {
  const spans = [aSpan({ spanId: '00' }), aSpan({ traceId: '0'.repeat(32) }), aSpan({ startMs: 0 }), aSpan()];
  const result = spansToEvents({ spans }, { tenantOfKey: null, dimensions, recent: null });
  assert.deepEqual([result.calls, result.rejected.length, result.ignored], [1, 3, 0]);
  assert.match(result.rejected[0]?.reason ?? '', /span_id .* must be 8 bytes/);
});

test('a span without an end is a call of unknown latency', () => {
  assert.equal(eventsOf(aSpan({ durationMs: null })).response.latency_ms, null);
});

test('an outer call that comes in a later export than its inner call is not counted again', () => {
  const recent = new RecentCalls();
  const inner = aSpan({ spanId: spanId(1), parentSpanId: spanId(2), attributes: CHAT });
  const between = aSpan({ spanId: spanId(2), parentSpanId: spanId(3), attributes: {} });
  const outer = aSpan({ spanId: spanId(3), attributes: CHAT });
  assert.deepEqual(count([inner], recent), [spanId(1)]);
  assert.deepEqual(count([between], recent), []);
  assert.deepEqual(count([outer], recent), []);
});

test('an inner call that comes in a later export than its outer call is not counted again', () => {
  const recent = new RecentCalls();
  assert.deepEqual(count([aSpan({ spanId: spanId(3), attributes: CHAT })], recent), [spanId(3)]);
  assert.deepEqual(count([aSpan({ spanId: spanId(1), parentSpanId: spanId(3), attributes: CHAT })], recent), []);
});

test('two instrumentations parted by the border of two exports are one call, also when the exports are repeated', () => {
  const recent = new RecentCalls();
  const attributes = { ...CHAT, 'gen_ai.response.id': 'msg_1' };
  const first = aSpan({ spanId: spanId(1), attributes, scopeName: 'com.anthropic.sdk.python' });
  const second = aSpan({ spanId: spanId(2), traceId: 'c'.repeat(32), attributes, scopeName: 'other' });
  assert.deepEqual(count([first], recent), [spanId(1)]);
  assert.deepEqual(count([second], recent), []);
  assert.deepEqual(count([second], recent), []);
  assert.deepEqual(count([first], recent), [spanId(1)]);
});

test('failed twins without an id are found by time across exports', () => {
  const recent = new RecentCalls();
  const failed = { statusCode: 2, attributes: CHAT, resource: { 'service.instance.id': 'i-1' } };
  assert.equal(count([aSpan({ ...failed, spanId: spanId(1), scopeName: 'a' })], recent).length, 1);
  const twin = aSpan({
    ...failed,
    spanId: spanId(2),
    traceId: 'c'.repeat(32),
    scopeName: 'b',
    startMs: 1_795_486_623_930,
  });
  assert.equal(count([{ ...twin, durationMs: 90 }], recent).length, 0);
});

test('replicas of a service that differ in nothing are never twins by time', () => {
  const call = (n: number, scopeName: string) => aSpan({ spanId: spanId(n), attributes: CHAT, scopeName });
  assert.equal(count([call(1, 'old-version'), call(2, 'new-version')]).length, 2);
  const { resource } = call(1, 'a');
  assert.equal(count([call(1, 'a'), call(2, 'b')].map((span) => ({ ...span, resource }))).length, 1);
});

test('the calls of one sender are never folded into those of another', () => {
  const recent = new RecentCalls();
  const from = (tenantOfKey: string, span: OtlpSpan) => {
    const result = spansToEvents({ spans: [span] }, { tenantOfKey, dimensions, recent });
    recent.remember(result.marks, 0);
    return result.calls;
  };
  assert.equal(from('acme', aSpan({ spanId: spanId(1), parentSpanId: spanId(2), attributes: CHAT })), 1);
  assert.equal(from('globex', aSpan({ spanId: spanId(2), attributes: CHAT })), 1);
  assert.equal(from('acme', aSpan({ spanId: spanId(2), attributes: CHAT })), 0);
});

test('an export that was refused leaves no trace: its retry counts', () => {
  const recent = new RecentCalls();
  const span = aSpan({ attributes: CHAT });
  spansToEvents({ spans: [span] }, { tenantOfKey: null, dimensions, recent });
  const outer = aSpan({ spanId: spanId(9), attributes: CHAT });
  assert.equal(count([{ ...span, parentSpanId: spanId(9) }], recent).length, 1);
  assert.equal(count([outer], recent).length, 0);
});

test('six hundred concurrent calls of one instrumentation are six hundred calls', () => {
  const spans = Array.from({ length: 600 }, (_, i) => aSpan({ spanId: spanId(i + 1), attributes: CHAT }));
  assert.equal(count(spans, new RecentCalls()).length, 600);
});

test('an AI SDK span around two steps gives neither its sum nor itself', () => {
  const step = { 'ai.operationId': 'ai.generateText.doGenerate', 'ai.model.id': 'm' };
  const outer = { 'ai.operationId': 'ai.generateText', 'ai.usage.inputTokens': 153, 'ai.model.id': 'm' };
  const spans = [
    aSpan({ spanId: spanId(1), parentSpanId: spanId(3), attributes: step }),
    aSpan({ spanId: spanId(2), parentSpanId: spanId(3), attributes: step }),
    aSpan({ spanId: spanId(3), attributes: outer }),
  ];
  const { events } = spansToEvents({ spans }, { tenantOfKey: null, dimensions, recent: null });
  const prompts = events.flatMap((event) => (event.type === 'request' ? [event.prompt_tokens] : []));
  assert.deepEqual(prompts, [null, null]);
});

test('a LiteLLM call on an open application span takes its time from the raw request below it', () => {
  const parent = aSpan({
    spanId: spanId(2),
    durationMs: 600,
    scopeName: 'app',
    attributes: { ...CHAT, 'litellm.call_id': 'x' },
  });
  const raw = aSpan({ spanId: spanId(1), parentSpanId: spanId(2), name: 'raw_gen_ai_request', attributes: {} });
  const { events } = spansToEvents({ spans: [raw, parent] }, { tenantOfKey: null, dimensions, recent: null });
  assert.equal(events.length, 2);
  assert.equal(events[1]?.type === 'response' && events[1].latency_ms, 100);
});

test('two LiteLLM calls on one application span are two calls', () => {
  const raw = (n: number, id: string) =>
    aSpan({
      spanId: spanId(n),
      parentSpanId: spanId(9),
      name: 'raw_gen_ai_request',
      attributes: { 'llm.openai.id': id },
    });
  const attributes = { ...CHAT, 'litellm.call_id': 'x', 'gen_ai.response.id': 'second' };
  const parent = aSpan({ spanId: spanId(9), scopeName: 'app', attributes });
  assert.deepEqual(count([raw(1, 'first'), raw(2, 'second'), parent]).toSorted(), [spanId(1), spanId(9)]);
});

test('a LiteLLM raw request whose parent was never written is a call read from the Python repr', () => {
  const attributes = {
    'llm.openai.usage': "{'completion_tokens': 11, 'prompt_tokens': 23, 'x': None}",
    'llm.openai.model': 'gpt-4o-mini',
  };
  const { request, response } = eventsOf(aSpan({ name: 'raw_gen_ai_request', attributes, scopeName: 'litellm' }));
  assert.deepEqual(
    [request.provider, request.model, response.prompt_tokens, response.completion_tokens],
    ['openai', 'gpt-4o-mini', 23, 11],
  );
});

test("a LiteLLM raw request of Anthropic's counts its cache in, which Anthropic leaves out", () => {
  const usage =
    "{'input_tokens': 14, 'cache_creation_input_tokens': 256, 'cache_read_input_tokens': 1024, 'output_tokens': 18}";
  const attributes = { 'llm.anthropic.usage': usage, 'llm.anthropic.model': 'claude-haiku-4-5' };
  const { response } = eventsOf(aSpan({ name: 'raw_gen_ai_request', attributes, scopeName: 'litellm' }));
  assert.deepEqual(
    [response.prompt_tokens, response.cached_prompt_tokens, response.cache_write_tokens, response.completion_tokens],
    [1294, 1024, 256, 18],
  );
});

test('a Logfire stream is one call from the opening span to the end of the stream', () => {
  const opening = aSpan({ spanId: spanId(1), attributes: CHAT, scopeName: 'logfire.openai', durationMs: 40 });
  const end = aSpan({
    spanId: spanId(2),
    traceId: 'c'.repeat(32),
    scopeName: 'logfire.openai',
    startMs: opening.startMs + 200,
    durationMs: 0,
    attributes: { ...CHAT, 'logfire.span_type': 'log', duration: 0.159, 'gen_ai.usage.input_tokens': 31 },
  });
  const { events, calls } = spansToEvents({ spans: [opening, end] }, { tenantOfKey: null, dimensions, recent: null });
  const [request, response] = events;
  assert.equal(calls, 1);
  assert.ok(request?.type === 'request' && response?.type === 'response');
  assert.deepEqual([request.stream, request.prompt_tokens, response.latency_ms], [true, 31, 200]);
  assert.ok(request.request_id.endsWith(spanId(1)));
});

test('the end of a Logfire stream that comes in a later export is no call of its own', () => {
  const recent = new RecentCalls();
  const attributes = { ...CHAT, request_data: '{"model":"m","stream":true}' };
  const opening = aSpan({ spanId: spanId(1), attributes, scopeName: 'logfire.openai', durationMs: 40 });
  const end = aSpan({
    spanId: spanId(2),
    traceId: 'c'.repeat(32),
    scopeName: 'logfire.openai',
    startMs: opening.startMs + 200,
    durationMs: 0,
    attributes: { ...attributes, 'logfire.span_type': 'log', duration: 0.159 },
  });
  assert.deepEqual(count([opening], recent), [spanId(1)]);
  assert.deepEqual(count([end], recent), []);
  assert.deepEqual(count([end], recent), []);
  assert.deepEqual(count([{ ...end, spanId: spanId(3) }], recent), [spanId(3)]);
});

test("the API key's tenant wins over every attribute", () => {
  const span = aSpan({ attributes: { ...CHAT, 'tenant.id': 'acme' } });
  assert.equal(eventsOf(span, 'of-the-key').request.tenant_id, 'of-the-key');
  assert.equal(eventsOf(span).request.tenant_id, 'acme');
});
