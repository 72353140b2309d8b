import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type Answer,
  answerChat,
  answerEmbeddings,
  answerMessages,
  answerResponses,
  type ModelRequest,
} from './fake-answers.ts';

export interface FakeModelServer {
  /** Base address of the OpenAI SDKs. Anthropic's want it without the `/v1`. */
  readonly url: string;
  /** Calls that were answered, and calls that were refused. */
  readonly truth: { readonly answered: number; readonly failed: number };
  stop(): Promise<void>;
}

const ANSWERS: Readonly<Record<string, Answer>> = {
  '/v1/chat/completions': answerChat,
  '/v1/responses': answerResponses,
  '/v1/embeddings': answerEmbeddings,
  '/v1/messages': answerMessages,
};

/** The APIs of OpenAI and Anthropic as far as SDKs need them, and a model that always fails. */
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

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  truth: { answered: number; failed: number },
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const write = ANSWERS[request.url?.split('?', 1)[0] ?? ''];
  if (write === undefined || request.method !== 'POST') {
    response.writeHead(404).end();
    return;
  }
  const asked = JSON.parse(Buffer.concat(chunks).toString('utf8')) as ModelRequest;
  if (asked.model === 'model-that-fails') {
    truth.failed++;
    response.writeHead(429, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message: 'Rate limit reached', type: 'rate_limit_error', code: '429' } }));
    return;
  }
  truth.answered++;
  write(response, asked, truth.answered);
}
