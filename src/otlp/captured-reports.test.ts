import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Compile } from 'typebox/compile';
import { LlmRequest } from '../events/llm-request.ts';
import { LlmResponse } from '../events/llm-response.ts';
import { parseReport } from '../reports/parse-report.ts';
import { resolve } from '../reports/resolve.ts';
import type { ResolvedCall } from '../reports/resolved-call.ts';
import { clientCaptures, fieldCaptures, type ReportedCall } from './captured-reports.contract.ts';
import { normalizeFinishReason } from './dialects/finish-reason.ts';

const CLIENTS = clientCaptures();
const isRequest = Compile(LlmRequest);
const isResponse = Compile(LlmResponse);

/** What a call says, in the words of the fixture. */
function saidBy({ request, response }: ResolvedCall) {
  assert.equal(request.prompt_tokens, response.prompt_tokens ?? null);
  return {
    request_id: request.request_id,
    operation: request.operation,
    provider: request.provider,
    model: request.model,
    response_model: response.model,
    prompt_tokens: request.prompt_tokens,
    completion_tokens: response.completion_tokens,
    cached_tokens: response.cached_prompt_tokens ?? null,
    cache_write_tokens: response.cache_write_tokens ?? null,
    reasoning_tokens: response.reasoning_tokens,
    finish_reason: response.finish_reason ?? null,
    is_error: (response.error ?? null) !== null,
    streaming: request.stream,
    user_id: request.user_id_hash,
    session_id: request.session_id,
    response_id: (request.metadata as Record<string, unknown> | null)?.['gen_ai.response.id'] ?? null,
  };
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

test('the captured cases are there', () => {
  assert.equal(CLIENTS.length, 152);
});

for (const { name, reports, calls } of CLIENTS) {
  test(`the reports of ${name} come to exactly the calls that it made`, () => {
    const resolved = resolve(reports);
    assert.deepEqual(resolved.map(saidBy).sort(byId), (calls ?? []).map(expectedOf).sort(byId));
    for (const call of calls ?? []) assertDetails(resolved, call);
  });

  test(`the reports of ${name} and the calls they come to are such as their schemas take`, () => {
    for (const report of reports)
      assert.deepEqual(parseReport(Buffer.from(JSON.stringify(report))), { ok: true, report });
    for (const { request, response } of resolve(reports)) {
      assert.ok(isRequest.Check(request), JSON.stringify(isRequest.Errors(request)));
      assert.ok(isResponse.Check(response), JSON.stringify(isResponse.Errors(response)));
    }
  });
}

function assertDetails(resolved: readonly ResolvedCall[], call: ReportedCall): void {
  const found = resolved.find(({ request }) => request.request_id === `${call.trace_id}-${call.span_id}`);
  assert.ok(found);
  const { request, response } = found;
  // LiteLLM wrote this call onto the application's span, so its duration is the application's, not the call's.
  if (call.scope !== 'demo.app') {
    assert.ok(Math.abs((response.latency_ms ?? 0) - call.latency_ms) < 0.002, `${response.latency_ms} ms`);
    assert.ok(Math.abs(Date.parse(request.timestamp) - call.start_unix_nano / 1e6) < 1);
  }
  if (call.ttft_ms === null) assert.equal(response.time_to_first_token_ms ?? null, null);
  else assert.ok(Math.abs((response.time_to_first_token_ms ?? -1) - call.ttft_ms) <= 0.1);
  if (call.tenant !== null) assert.equal(request.tenant_id, call.tenant);
  for (const part of [call.error?.type, call.error?.message]) {
    // The fixtures cut messages at 160 characters, and leave out a type that the message begins with.
    if (typeof part !== 'string') continue;
    assert.ok(response.error?.includes(part.slice(part.lastIndexOf('.') + 1, 120)), response.error ?? '');
  }
}

for (const { name, reports, callCount } of fieldCaptures()) {
  test(`field situation ${name} is ${callCount} ${callCount === 1 ? 'call' : 'calls'}`, () => {
    assert.equal(resolve(reports).length, callCount);
  });
}

test('a tenant, a user and a route that stand on a parent are those of the call', () => {
  const capture = fieldCaptures().find(({ name }) => name.startsWith('18'));
  const [call] = resolve(capture?.reports ?? []);
  assert.equal(call?.request.tenant_id, 'field18');
  assert.equal(call?.request.user_id_hash, 'u-18');
  assert.equal(call?.request.route, '/ask');
});

test('a response that was read again is what its first reader says', () => {
  const capture = fieldCaptures().find(({ name }) => name.startsWith('15'));
  assert.equal(resolve(capture?.reports ?? [])[0]?.response.latency_ms, 20_000);
});

test('all captures together come to the calls of each: none is taken for another', () => {
  const ids = resolve(CLIENTS.flatMap(({ reports }) => reports)).map(({ request }) => request.request_id);
  const expected = CLIENTS.flatMap(({ calls }) => (calls ?? []).map((call) => `${call.trace_id}-${call.span_id}`));
  assert.deepEqual(ids.sort(), expected.sort());
});
