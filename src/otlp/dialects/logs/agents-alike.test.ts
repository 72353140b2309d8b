import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolve } from '../../../reports/resolve.ts';
import { logReportsIn } from '../../agent-captures.contract.ts';
import { jsonAttributes, type NamedValues } from '../../json-attributes.contract.ts';

interface Given {
  readonly service?: string;
  readonly scope?: string;
  readonly body?: string;
  readonly attributes: NamedValues;
}

/** Prompt, cached and completion tokens of the calls, and whether they failed. */
function callsOf(...given: readonly Given[]) {
  const resourceLogs = given.map(({ service = 'agent', scope, body, attributes }) => ({
    resource: { attributes: jsonAttributes({ 'service.name': service }) },
    scopeLogs: [
      {
        ...(scope === undefined ? {} : { scope: { name: scope } }),
        logRecords: [
          {
            timeUnixNano: '1795870810000000000',
            ...(body === undefined ? {} : { body: { stringValue: body } }),
            attributes: jsonAttributes({ 'session.id': 's1', ...attributes }),
          },
        ],
      },
    ],
  }));
  return resolve(logReportsIn(Buffer.from(JSON.stringify({ resourceLogs })))).map(({ response }) => [
    response.prompt_tokens ?? null,
    response.cached_prompt_tokens ?? null,
    response.completion_tokens,
    (response.error ?? null) !== null,
  ]);
}

const ANSWER = {
  'event.name': 'api_request',
  model: 'claude-sonnet-4-5',
  input_tokens: 12,
  output_tokens: 42,
  cache_read_tokens: 8000,
  cache_creation_tokens: 2000,
};
const ANSWERED = [[10_012, 8000, 42, false]];

const GEMINI_ANSWER = {
  model: 'gemini-2.5-pro',
  prompt_id: 'p1',
  input_token_count: 900,
  output_token_count: 30,
  cached_content_token_count: 400,
  thoughts_token_count: 15,
  total_token_count: 945,
};
const GEMINI_ANSWERED = [[900, 400, 45, false]];

test('a record of Claude Code is known without its scope, by its body or by its service', () => {
  assert.deepEqual(callsOf({ body: 'claude_code.api_request', attributes: ANSWER }), ANSWERED);
  assert.deepEqual(callsOf({ service: 'claude-code', attributes: ANSWER }), ANSWERED);
  assert.deepEqual(callsOf({ service: 'claude-code', attributes: { ...ANSWER, 'event.name': 'tool_result' } }), []);
});

test('Codex is known without its scope, by whichever name its service has', () => {
  const attributes = {
    'event.name': 'codex.sse_event',
    'event.kind': 'response.completed',
    'conversation.id': 'c1',
    model: 'gpt-5-codex',
    input_token_count: '1000',
    output_token_count: '50',
  };
  for (const service of ['codex_exec', 'codex-cli', 'renamed']) {
    assert.deepEqual(callsOf({ service, attributes }), [[1000, null, 50, false]]);
  }
});

test('Cowork is Claude Code', () => {
  const scope = 'com.anthropic.cowork';
  assert.deepEqual(callsOf({ scope, attributes: { ...ANSWER, 'event.name': 'cowork.api_request' } }), ANSWERED);
  assert.deepEqual(callsOf({ service: 'cowork', attributes: ANSWER }), ANSWERED);
});

test("the records of Gemini CLI about one call are one also without their scope, by the service's name", () => {
  const details = {
    'event.name': 'gen_ai.client.inference.operation.details',
    'gen_ai.request.model': 'gemini-2.5-pro',
    'gen_ai.usage.input_tokens': 900,
    'gen_ai.usage.output_tokens': 30,
  };
  const own = { ...GEMINI_ANSWER, 'event.name': 'gemini_cli.api_response' };
  const service = 'gemini-cli';
  assert.deepEqual(callsOf({ service, attributes: own }, { service, attributes: details }), GEMINI_ANSWERED);
});

test('forks of Gemini CLI are counted under any name, their thoughts where the total or the model has them', () => {
  const iflow = { ...GEMINI_ANSWER, 'event.name': 'iflow_cli.api_response' };
  assert.deepEqual(callsOf({ scope: 'iflow-cli', attributes: iflow }), GEMINI_ANSWERED);
  const { total_token_count: _, ...untold } = iflow;
  assert.deepEqual(callsOf({ scope: 'iflow-cli', attributes: untold }), GEMINI_ANSWERED);
  const failure = { 'event.name': 'iflow_cli.api_error', model: 'gemini-2.5-pro', error: 'quota' };
  assert.deepEqual(callsOf({ scope: 'iflow-cli', attributes: failure }), [[null, null, null, true]]);
  assert.deepEqual(callsOf({ attributes: { 'event.name': 'shop.api_response', status_code: 200 } }), []);
});

test('the two records that LLxprt Code writes of one call are one, and those of two calls are two', () => {
  const answer = { ...GEMINI_ANSWER, 'event.name': 'llxprt_code.api_response' };
  const streamed = { ...answer, prompt_id: 'p1#a0', duration_ms: 830 };
  assert.deepEqual(callsOf({ attributes: answer }, { attributes: streamed }), GEMINI_ANSWERED);
  const next = { ...answer, input_token_count: 1000, total_token_count: 1045 };
  assert.equal(callsOf({ attributes: answer }, { attributes: next }).length, 2);
});

test("an agent that nobody knows is counted by Claude Code's names, the cache beside the input", () => {
  const attributes = { ...ANSWER, 'event.name': 'droid.api_request' };
  assert.deepEqual(callsOf({ scope: 'factory.droid', attributes }), ANSWERED);
  assert.deepEqual(callsOf({ attributes: { 'event.name': 'api_request', path: '/users' } }), []);
});
