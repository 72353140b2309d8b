import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Every call to it costs the same, so a test can say what the bill must be. */
export const PROMPT_TOKENS = 1200;
export const CACHED_TOKENS = 200;
export const COMPLETION_TOKENS = 345;

export interface FakeModelServer {
  readonly url: string;
  /** Calls that were answered, and calls that were refused. */
  readonly truth: { readonly answered: number; readonly failed: number };
  stop(): Promise<void>;
}

/** OpenAI's chat completions as far as SDKs need them: plain, streamed with usage, and a model that always fails. */
export async function startFakeModelServer(): Promise<FakeModelServer> {
  const truth = { answered: 0, failed: 0 };
  const server = createServer((request, response) => void answer(request, response, truth));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    truth,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

interface ChatRequest {
  readonly model: string;
  readonly stream?: boolean;
}

const USAGE = {
  prompt_tokens: PROMPT_TOKENS,
  completion_tokens: COMPLETION_TOKENS,
  total_tokens: PROMPT_TOKENS + COMPLETION_TOKENS,
  prompt_tokens_details: { cached_tokens: CACHED_TOKENS },
};

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  truth: { answered: number; failed: number },
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { model, stream = false } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as ChatRequest;
  if (model === 'model-that-fails') {
    truth.failed++;
    response.writeHead(429, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message: 'Rate limit reached', type: 'rate_limit_error', code: '429' } }));
    return;
  }
  truth.answered++;
  const head = { id: `chatcmpl-${truth.answered}`, created: 1_700_000_000, model: `${model}-2024-07-18` };
  if (stream) return answerStream(response, head);
  const message = { role: 'assistant', content: 'Hello', refusal: null };
  const choices = [{ index: 0, message, finish_reason: 'stop', logprobs: null }];
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ ...head, object: 'chat.completion', choices, usage: USAGE }));
}

function answerStream(response: ServerResponse, head: object): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (chunk: object) =>
    response.write(`data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', ...chunk })}\n\n`);
  send({ choices: [{ index: 0, delta: { role: 'assistant', content: 'Hello' }, finish_reason: null }] });
  send({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
  send({ choices: [], usage: USAGE });
  response.end('data: [DONE]\n\n');
}
