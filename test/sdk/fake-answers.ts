import type { ServerResponse } from 'node:http';

/** Every call costs the same, so a test can say what the bill must be. */
export const PROMPT_TOKENS = 1200;
export const CACHED_TOKENS = 200;
export const COMPLETION_TOKENS = 345;

/** What all the APIs ask with. */
export interface ModelRequest {
  readonly model: string;
  readonly stream?: boolean;
  readonly encoding_format?: string;
}

/** Writes the answer to the call with this number. */
export type Answer = (response: ServerResponse, request: ModelRequest, call: number) => void;

const CREATED_S = 1_700_000_000;

const CHAT_USAGE = {
  prompt_tokens: PROMPT_TOKENS,
  completion_tokens: COMPLETION_TOKENS,
  total_tokens: PROMPT_TOKENS + COMPLETION_TOKENS,
  prompt_tokens_details: { cached_tokens: CACHED_TOKENS },
};

/** OpenAI's chat completions, plain or streamed with usage. */
export const answerChat: Answer = (response, { model, stream = false }, call) => {
  const head = { id: `chatcmpl-${call}`, created: CREATED_S, model: `${model}-2024-07-18` };
  if (!stream) {
    const message = { role: 'assistant', content: 'Hello', refusal: null };
    const choices = [{ index: 0, message, finish_reason: 'stop', logprobs: null }];
    return sendJson(response, { ...head, object: 'chat.completion', choices, usage: CHAT_USAGE });
  }
  const chunk = (rest: object) => ({ ...head, object: 'chat.completion.chunk', ...rest });
  sendEvents(response, [
    chunk({ choices: [{ index: 0, delta: { role: 'assistant', content: 'Hello' }, finish_reason: null }] }),
    chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
    chunk({ choices: [], usage: CHAT_USAGE }),
    '[DONE]',
  ]);
};

/** OpenAI's Responses API, not streamed. */
export const answerResponses: Answer = (response, { model }, call) => {
  const content = [{ type: 'output_text', text: 'Hello', annotations: [], logprobs: [] }];
  sendJson(response, {
    id: `resp-${call}`,
    object: 'response',
    created_at: CREATED_S,
    status: 'completed',
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    model: `${model}-2024-07-18`,
    output: [{ id: `msg-${call}`, type: 'message', role: 'assistant', status: 'completed', content }],
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    usage: {
      input_tokens: PROMPT_TOKENS,
      input_tokens_details: { cached_tokens: CACHED_TOKENS, cache_write_tokens: 0 },
      output_tokens: COMPLETION_TOKENS,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: PROMPT_TOKENS + COMPLETION_TOKENS,
    },
  });
};

/** OpenAI's embeddings; the vector as the SDK asks for it, which is base64 when nothing else is said. */
export const answerEmbeddings: Answer = (response, { model, encoding_format }) => {
  const vector = [0.25, 0.5];
  const embedding =
    encoding_format === 'base64' ? Buffer.from(new Float32Array(vector).buffer).toString('base64') : vector;
  sendJson(response, {
    object: 'list',
    data: [{ object: 'embedding', index: 0, embedding }],
    model,
    usage: { prompt_tokens: PROMPT_TOKENS, total_tokens: PROMPT_TOKENS },
  });
};

/** Anthropic's messages. There the cached tokens are told beside the input tokens and not within them. */
export const answerMessages: Answer = (response, { model, stream = false }, call) => {
  const usage = {
    input_tokens: PROMPT_TOKENS - CACHED_TOKENS,
    cache_read_input_tokens: CACHED_TOKENS,
    cache_creation_input_tokens: 0,
    output_tokens: COMPLETION_TOKENS,
  };
  const head = { id: `msg-${call}`, type: 'message', role: 'assistant', model, stop_sequence: null };
  if (!stream) {
    const content = [{ type: 'text', text: 'Hello' }];
    return sendJson(response, { ...head, content, stop_reason: 'end_turn', usage });
  }
  const message = { ...head, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } };
  const end = { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: COMPLETION_TOKENS } };
  sendEvents(response, [
    { type: 'message_start', message },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', ...end },
    { type: 'message_stop' },
  ]);
};

function sendJson(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** Server-sent events. Anthropic's carry their type in a line of its own too. */
function sendEvents(response: ServerResponse, events: readonly (string | object)[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) {
    if (typeof event !== 'string' && 'type' in event && typeof event.type === 'string')
      response.write(`event: ${event.type}\n`);
    response.write(`data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`);
  }
  response.end();
}
