import type { ServerResponse } from 'node:http';
import type { Step } from './agent-model-server.ts';

export type AgentApi = 'messages' | 'responses' | 'chat' | 'gemini';

/** Tokens of one answer, wholes: what the cache gave and took is inside of the prompt, reasoning inside of the completion. */
export interface Counts {
  readonly prompt: number;
  readonly cached: number;
  readonly cacheWrite: number;
  readonly completion: number;
  readonly reasoning: number;
}

export interface Said {
  readonly model: string;
  readonly isStream: boolean;
  readonly step: Step;
  readonly counts: Counts;
  readonly tool: { readonly name: string; readonly input: Readonly<Record<string, unknown>> };
  /** Of the call. */
  readonly id: number;
}

type Write = (response: ServerResponse, said: Said) => void;

const ANSWERS: Readonly<Record<AgentApi, Write>> = { messages, responses, chat, gemini };

export function answerOf(api: AgentApi): Write {
  return ANSWERS[api];
}

/** Anthropic's messages: what the cache gave and took stands beside the input. */
function messages(response: ServerResponse, { model, isStream, step, counts, tool, id }: Said): void {
  const usage = {
    input_tokens: counts.prompt - counts.cached - counts.cacheWrite,
    cache_read_input_tokens: counts.cached,
    cache_creation_input_tokens: counts.cacheWrite,
    cache_creation: { ephemeral_5m_input_tokens: counts.cacheWrite, ephemeral_1h_input_tokens: 0 },
    output_tokens: counts.completion,
    service_tier: 'standard',
  };
  const head = { id: `msg_${id}`, type: 'message', role: 'assistant', model, stop_sequence: null };
  const isTool = step === 'tool';
  const stop_reason = isTool ? 'tool_use' : 'end_turn';
  const block = isTool
    ? { type: 'tool_use', id: `toolu_${id}`, name: tool.name, input: {} }
    : { type: 'text', text: '' };
  const headers = { 'request-id': `req_${id}` };
  if (!isStream) {
    const content = [isTool ? { ...block, input: tool.input } : { type: 'text', text: 'Hello' }];
    json(response, { ...head, content, stop_reason, usage }, headers);
    return;
  }
  const delta = isTool
    ? { type: 'input_json_delta', partial_json: JSON.stringify(tool.input) }
    : { type: 'text_delta', text: 'Hello' };
  const begin = [
    {
      type: 'message_start',
      message: { ...head, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } },
    },
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_delta', index: 0, delta },
  ];
  const end = [
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage },
    { type: 'message_stop' },
  ];
  events(response, [...begin, ...end], headers);
}

/** OpenAI's Responses API. */
function responses(response: ServerResponse, { model, isStream, step, counts, tool, id }: Said): void {
  const usage = {
    input_tokens: counts.prompt,
    input_tokens_details: { cached_tokens: counts.cached },
    output_tokens: counts.completion,
    output_tokens_details: { reasoning_tokens: counts.reasoning },
    total_tokens: counts.prompt + counts.completion,
  };
  const head = { id: `resp_${id}`, object: 'response', created_at: CREATED_S, model, error: null, output: [] };
  const item =
    step === 'tool'
      ? {
          id: `fc_${id}`,
          type: 'function_call',
          status: 'completed',
          call_id: `call_${id}`,
          name: tool.name,
          arguments: JSON.stringify(tool.input),
        }
      : {
          id: `msg_${id}`,
          type: 'message',
          role: 'assistant',
          status: 'completed',
          content: [{ type: 'output_text', text: 'Hello', annotations: [] }],
        };
  if (!isStream) {
    json(response, { ...head, status: 'completed', output: [item], usage });
    return;
  }
  const done = { type: 'response.output_item.done', output_index: 0, item };
  const begin = [
    { type: 'response.created', response: { ...head, status: 'in_progress', usage: null } },
    { type: 'response.output_item.added', output_index: 0, item: { ...item, status: 'in_progress' } },
    ...(step === 'tool'
      ? []
      : [{ type: 'response.output_text.delta', item_id: item.id, output_index: 0, content_index: 0, delta: 'Hello' }]),
  ];
  const end = [done, { type: 'response.completed', response: { ...head, status: 'completed', output: [item], usage } }];
  events(
    response,
    [...begin, ...end].map((event, i) => ({ ...event, sequence_number: i })),
  );
}

/** OpenAI's chat completions. */
function chat(response: ServerResponse, { model, isStream, step, counts, tool, id }: Said): void {
  const usage = {
    prompt_tokens: counts.prompt,
    completion_tokens: counts.completion,
    total_tokens: counts.prompt + counts.completion,
    prompt_tokens_details: { cached_tokens: counts.cached },
    completion_tokens_details: { reasoning_tokens: counts.reasoning },
  };
  const head = { id: `chatcmpl-${id}`, created: CREATED_S, model };
  const isTool = step === 'tool';
  const call = {
    index: 0,
    id: `call_${id}`,
    type: 'function',
    function: { name: tool.name, arguments: JSON.stringify(tool.input) },
  };
  const said = isTool
    ? { role: 'assistant', content: null, tool_calls: [call] }
    : { role: 'assistant', content: 'Hello' };
  const finish_reason = isTool ? 'tool_calls' : 'stop';
  if (!isStream) {
    json(response, {
      ...head,
      object: 'chat.completion',
      choices: [{ index: 0, message: said, finish_reason }],
      usage,
    });
    return;
  }
  const chunk = (rest: object) => ({ ...head, object: 'chat.completion.chunk', ...rest });
  const begin = [chunk({ choices: [{ index: 0, delta: said, finish_reason: null }] })];
  const end = [chunk({ choices: [{ index: 0, delta: {}, finish_reason }] }), chunk({ choices: [], usage }), '[DONE]'];
  events(response, [...begin, ...end]);
}

/** Gemini counts thoughts beside the candidates. */
function gemini(response: ServerResponse, { model, isStream, step, counts, tool, id }: Said): void {
  const usageMetadata = {
    promptTokenCount: counts.prompt,
    candidatesTokenCount: counts.completion - counts.reasoning,
    thoughtsTokenCount: counts.reasoning,
    cachedContentTokenCount: counts.cached,
    totalTokenCount: counts.prompt + counts.completion,
  };
  const part = step === 'tool' ? { functionCall: { name: tool.name, args: tool.input } } : { text: 'Hello' };
  const head = { modelVersion: model, responseId: `gemini-${id}` };
  const content = { role: 'model', parts: [part] };
  const last = { ...head, candidates: [{ index: 0, content, finishReason: 'STOP' }], usageMetadata };
  if (!isStream) json(response, last);
  else events(response, [last]);
}

const CREATED_S = 1_700_000_000;

function json(response: ServerResponse, body: object, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** Server-sent events. */
function events(
  response: ServerResponse,
  all: readonly (string | object)[],
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
  for (const event of all) {
    if (typeof event !== 'string' && 'type' in event && typeof event.type === 'string') {
      response.write(`event: ${event.type}\n`);
    }
    response.write(`data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`);
  }
  response.end();
}
