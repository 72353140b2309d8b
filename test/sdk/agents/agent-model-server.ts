import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AgentApi, answerOf, type Counts, type Said } from './agent-answers.ts';

/** What the server does with one call: a tool call, a text, or a failure with this status. */
export type Step = 'tool' | 'text' | number;

/** One request as the server saw it: the truth that StreamLens is compared with. */
export interface LedgerEntry extends Counts {
  readonly model: string;
  readonly step: Step;
  /** The agent's own work, and not a title that it asks for beside it. */
  readonly isWork: boolean;
}

export interface AgentModelServer {
  readonly url: string;
  readonly ledger: readonly LedgerEntry[];
  stop(): Promise<void>;
}

interface Asked {
  readonly model?: string;
  readonly tools?: readonly unknown[];
  readonly stream?: boolean;
}

/**
 * A server of the APIs that agents speak. Calls with tools, which are the agent's own work, take the steps of the plan in
 * turn, and texts behind its end; whatever else an agent asks, such as a title, is answered with a text.
 */
export async function startAgentModelServer(plan: readonly Step[], tool: Said['tool']): Promise<AgentModelServer> {
  const ledger: LedgerEntry[] = [];
  const steps = [...plan];
  const server = createServer((request, response) => void take(request, response));
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = request.url?.split('?', 1)[0] ?? '';
    const api = apiOf(path);
    if (api === null || request.method !== 'POST') {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
      return;
    }
    const asked = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Asked;
    const model = asked.model ?? /models\/([^:/]+)/.exec(path)?.[1] ?? '';
    const isWork = (asked.tools?.length ?? 0) > 0;
    const step = (isWork ? steps.shift() : undefined) ?? 'text';
    const counts = countsOf(ledger.length + 1, api);
    ledger.push({ model, step, isWork, ...counts });
    if (typeof step === 'number') {
      refuse(response, api, step);
      return;
    }
    const isStream = asked.stream === true || path.includes(':stream');
    answerOf(api)(response, { model, isStream, step, counts, tool, id: ledger.length });
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    ledger,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Each call has counts of its own, so that one cannot be taken for another. */
function countsOf(call: number, api: AgentApi): Counts {
  return {
    prompt: 1000 + 10 * call,
    cached: 300 + call,
    // Only Anthropic's API tells it.
    cacheWrite: api === 'messages' ? 200 + call : 0,
    completion: 50 + call,
    reasoning: api === 'messages' ? 0 : 20,
  };
}

function apiOf(path: string): AgentApi | null {
  if (path.endsWith('/messages')) return 'messages';
  if (path.endsWith('/responses')) return 'responses';
  if (path.endsWith('/chat/completions')) return 'chat';
  return /:(stream)?[gG]enerateContent$/.test(path) ? 'gemini' : null;
}

function refuse(response: ServerResponse, api: AgentApi, status: number): void {
  const type = status === 429 ? 'rate_limit_error' : 'authentication_error';
  const message = status === 429 ? 'Too many requests' : 'Nobody knows this key';
  const error =
    api === 'gemini'
      ? { code: status, message, status: status === 429 ? 'RESOURCE_EXHAUSTED' : 'UNAUTHENTICATED' }
      : { type, message, code: null, param: null };
  response.writeHead(status, { 'content-type': 'application/json', 'retry-after': '0' });
  response.end(JSON.stringify(api === 'messages' ? { type: 'error', error } : { error }));
}
