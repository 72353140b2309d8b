import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Compile } from 'typebox/compile';
import { LlmRequest } from '../events/llm-request.ts';
import { LlmResponse } from '../events/llm-response.ts';
import { decodeTraces } from './decode/decode-traces.ts';
import { normalizeFinishReason } from './dialects/finish-reason.ts';
import { createKeyTable } from './dialects/wanted-keys.ts';
import { RecentCalls } from './fold/recent-calls.ts';
import { spansToEvents } from './spans-to-events.ts';
import type { CallEvent } from './to-events/call-events.ts';
import { DEFAULT_ATTRIBUTE_NAMES, DimensionFinder } from './to-events/tenant-and-route.ts';

const FOLDER = new URL('../../test/fixtures/otlp/', import.meta.url);

interface ReportedCall {
  readonly trace_id: string;
  readonly span_id: string;
  readonly scope: string;
  readonly start_unix_nano: number;
  readonly latency_ms: number;
  readonly operation: string;
  readonly provider: string | null;
  readonly request_model: string | null;
  readonly response_model: string | null;
  readonly prompt_tokens: number | null;
  readonly completion_tokens: number | null;
  readonly cached_tokens: number | null;
  readonly cache_write_tokens: number | null;
  readonly reasoning_tokens: number | null;
  readonly finish_reason: string | null;
  readonly response_id: string | null;
  readonly error: {
    readonly type: string | null;
    readonly http_status: number | null;
    readonly message: string | null;
  } | null;
  readonly streaming: boolean | null;
  readonly ttft_ms: number | null;
  readonly user_id: string | null;
  readonly session_id: string | null;
  readonly tenant: string | null;
}

interface Meta {
  readonly case: string;
  readonly posts: readonly { readonly file: string; readonly signal: string; readonly content_type: string }[];
  readonly spans: number;
  readonly reported: { readonly calls: readonly ReportedCall[] };
}

const CASES: readonly Meta[] = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.meta.json'))
  .map((name) => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Meta);

const keys = createKeyTable(DEFAULT_ATTRIBUTE_NAMES);
const dimensions = new DimensionFinder(DEFAULT_ATTRIBUTE_NAMES);
const isRequest = Compile(LlmRequest);
const isResponse = Compile(LlmResponse);

/** Posts a case's traces one after another, as the client did. */
function eventsOf(meta: Meta, recent: RecentCalls): readonly CallEvent[] {
  return meta.posts
    .filter(({ signal }) => signal === 'traces')
    .flatMap(({ file, content_type }) => {
      const format = content_type.startsWith('application/json') ? 'json' : 'protobuf';
      const decoded = decodeTraces(readFileSync(new URL(file, FOLDER)), format, keys);
      assert.ok(decoded.ok, decoded.ok ? '' : decoded.reason);
      const result = spansToEvents(decoded.value, { tenantOfKey: null, dimensions, recent });
      assert.deepEqual(result.rejected, []);
      recent.remember(result.marks, 0);
      return result.events;
    });
}

/** What the events say, in the words of the fixture. */
function reportOf(events: readonly CallEvent[]) {
  const requests = new Map(
    events.filter((event) => event.type === 'request').map((event) => [event.request_id, event]),
  );
  const responses = new Map(
    events.filter((event) => event.type === 'response').map((event) => [event.request_id, event]),
  );
  assert.equal(requests.size, responses.size);
  return [...requests.values()].map((request) => {
    const response = responses.get(request.request_id);
    assert.ok(response, 'each request has its response');
    assert.equal(request.prompt_tokens, response.prompt_tokens);
    return {
      request_id: request.request_id,
      operation: request.operation,
      provider: request.provider,
      model: request.model,
      response_model: response.model,
      prompt_tokens: response.prompt_tokens,
      completion_tokens: response.completion_tokens,
      cached_tokens: response.cached_prompt_tokens,
      cache_write_tokens: response.cache_write_tokens,
      reasoning_tokens: response.reasoning_tokens,
      finish_reason: response.finish_reason,
      is_error: response.error !== null,
      streaming: request.stream,
      user_id: request.user_id_hash,
      session_id: request.session_id,
      response_id: (request.metadata as Record<string, unknown> | null)?.['gen_ai.response.id'] ?? null,
    };
  });
}

function expectedOf(call: ReportedCall) {
  return {
    request_id: `${call.trace_id}-${call.span_id}`,
    operation: call.operation,
    provider: call.provider,
    model: call.request_model ?? call.response_model,
    response_model: call.response_model,
    prompt_tokens: call.prompt_tokens,
    completion_tokens: call.completion_tokens,
    cached_tokens: call.cached_tokens,
    cache_write_tokens: call.cache_write_tokens,
    reasoning_tokens: call.reasoning_tokens,
    finish_reason: call.finish_reason === null ? null : normalizeFinishReason(call.finish_reason),
    is_error: call.error !== null,
    streaming: call.streaming,
    user_id: call.user_id,
    session_id: call.session_id,
    response_id: call.response_id,
  };
}

function byId(a: { request_id: string }, b: { request_id: string }): number {
  return a.request_id < b.request_id ? -1 : 1;
}

test("LiteLLM's cached tokens are read from the repr of its usage", () => {
  const meta = CASES.find(({ case: name }) => name === 'litellm-py-cached');
  assert.ok(meta);
  assert.equal(reportOf(eventsOf(meta, new RecentCalls()))[0]?.cached_tokens, 1024);
});

test('the captured cases are there', () => {
  assert.equal(CASES.length, 152);
});

for (const meta of CASES) {
  test(`${meta.case} gives exactly the calls that it reports`, () => {
    const reported = reportOf(eventsOf(meta, new RecentCalls())).toSorted(byId);
    const calls = meta.reported.calls.toSorted((a, b) => byId(expectedOf(a), expectedOf(b)));
    assert.deepEqual(reported, calls.map(expectedOf));
  });

  test(`${meta.case} sent twice makes the same events again`, () => {
    const recent = new RecentCalls();
    assert.deepEqual(eventsOf(meta, recent), eventsOf(meta, recent));
  });

  test(`${meta.case} makes events that the schemas accept`, () => {
    for (const event of eventsOf(meta, new RecentCalls())) {
      const validator = event.type === 'request' ? isRequest : isResponse;
      assert.ok(validator.Check(event), JSON.stringify(validator.Errors(event)));
    }
  });

  test(`${meta.case} gives times, tenant and error texts`, () => {
    const events = eventsOf(meta, new RecentCalls());
    for (const call of meta.reported.calls) assertDetails(events, call);
  });
}

function assertDetails(events: readonly CallEvent[], call: ReportedCall): void {
  const id = `${call.trace_id}-${call.span_id}`;
  const request = events.find((event) => event.type === 'request' && event.request_id === id);
  const response = events.find((event) => event.type === 'response' && event.request_id === id);
  assert.ok(request?.type === 'request' && response?.type === 'response');
  // LiteLLM wrote this call onto the application's span, so its duration is the application's, not the call's.
  const isOnApplicationSpan = call.scope === 'demo.app';
  if (!isOnApplicationSpan) {
    assert.ok(Math.abs((response.latency_ms ?? 0) - call.latency_ms) < 0.002, `${response.latency_ms} ms`);
    assert.ok(Math.abs(Date.parse(request.timestamp) - call.start_unix_nano / 1e6) < 1);
  }
  if (call.ttft_ms === null) assert.equal(response.time_to_first_token_ms, null);
  else assert.ok(Math.abs((response.time_to_first_token_ms ?? -1) - call.ttft_ms) <= 0.1);
  if (call.tenant !== null) assert.equal(request.tenant_id, call.tenant);
  for (const part of [call.error?.type, call.error?.message]) {
    // The fixtures cut messages at 160 characters, and leave out a type that the message begins with.
    if (typeof part === 'string')
      assert.ok(response.error?.includes(part.slice(part.lastIndexOf('.') + 1, 120)), response.error ?? '');
  }
}

test('a border between two exports at any place never changes how many calls are counted', () => {
  for (const meta of CASES) {
    const spans = meta.posts
      .filter(({ signal }) => signal === 'traces')
      .flatMap(({ file, content_type }) => {
        const format = content_type.startsWith('application/json') ? 'json' : 'protobuf';
        const decoded = decodeTraces(readFileSync(new URL(file, FOLDER)), format, keys);
        return decoded.ok ? decoded.value.spans : [];
      })
      .toSorted((a, b) => a.startMs + (a.durationMs ?? 0) - b.startMs - (b.durationMs ?? 0));
    for (let border = 0; border <= spans.length; border++) {
      const recent = new RecentCalls();
      const ids = [spans.slice(0, border), spans.slice(border)].flatMap((part) => {
        const result = spansToEvents({ spans: part }, { tenantOfKey: null, dimensions, recent });
        recent.remember(result.marks, 0);
        return result.events.map(({ request_id }) => request_id);
      });
      assert.equal(new Set(ids).size, meta.reported.calls.length, `${meta.case}, border ${border}`);
    }
  }
});

test('all captures sent to one process give exactly their calls, in either order', () => {
  for (const order of [CASES, CASES.toReversed()]) {
    const recent = new RecentCalls();
    for (const meta of order) {
      const ids = eventsOf(meta, recent).map(({ request_id }) => request_id);
      const expected = meta.reported.calls.map(({ trace_id, span_id }) => `${trace_id}-${span_id}`);
      assert.deepEqual([...new Set(ids)].toSorted(), expected.toSorted(), meta.case);
    }
  }
});
