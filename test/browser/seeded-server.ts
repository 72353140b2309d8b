import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { auditOf, post } from '../end-to-end/http-calls.ts';
import { type Server, serverFor } from '../end-to-end/running-server.ts';

export const TENANT = 'acme-corp';

const ROUTES = ['chat_support', 'document_answers', 'ticket_summary'] as const;
/** The last one has no price anywhere. */
const MODELS = ['gpt-4.1-mini', 'claude-sonnet-4-5', 'in-house-70b'] as const;

/** Enough for every pair of route and model, and for a second page of single calls. */
const CALLS = 180;
const UNANSWERED_EVERY = 45;
const FAILED_EVERY = 20;

/** A server with calls of the last 50 minutes, the same ones in every run but for their time. */
export async function seededServer(t: TestContext): Promise<Server> {
  const server = await serverFor(t);
  const events = Array.from({ length: CALLS }, (_, index) => seedCall(index)).flat();
  const body = events.map((event) => JSON.stringify(event)).join('\n');
  const headers = { 'content-type': 'application/x-ndjson' };
  const answer = await post(`${server.ingestion}/v1/llm/events`, body, headers);
  assert.equal(answer.status, 202, answer.text);
  await auditOf(server.metrics, { requests: CALLS, responses: CALLS - CALLS / UNANSWERED_EVERY });
  return server;
}

export interface SentCall {
  readonly tenant?: string;
  readonly atMs?: number;
}

/** Sends one complete call, of now. Returns when it was accepted, as `performance.now()` tells it. */
export async function sendCall(server: Server, id: string, { tenant = TENANT, atMs }: SentCall = {}): Promise<number> {
  const timestamp = new Date(atMs ?? Date.now()).toISOString();
  const names = { tenant_id: tenant, route: 'chat_support', model: 'gpt-4.1-mini' };
  const events = [
    { type: 'request', request_id: id, ...names, timestamp, prompt_tokens: 100 },
    { type: 'response', request_id: id, timestamp, latency_ms: 500, completion_tokens: 50, finish_reason: 'stop' },
  ];
  const answer = await post(`${server.ingestion}/v1/llm/events`, JSON.stringify(events));
  assert.equal(answer.status, 202, answer.text);
  return performance.now();
}

function seedCall(index: number): object[] {
  const id = `call-${String(index).padStart(4, '0')}`;
  const atMs = Date.now() - 60_000 - index * 16_000;
  const isFailed = index % FAILED_EVERY === 7;
  const request = {
    type: 'request',
    request_id: id,
    tenant_id: TENANT,
    route: ROUTES[index % 3],
    model: MODELS[Math.floor(index / 3) % 3],
    timestamp: new Date(atMs).toISOString(),
    prompt_tokens: 200 + ((index * 37) % 1800),
    cached_prompt_tokens: index % 2 === 0 ? 120 : 0,
    session_id: `session-${index % 9}`,
    metadata: { region: index % 2 === 0 ? 'eu' : 'us' },
  };
  if (index % UNANSWERED_EVERY === 11) return [request];
  const latencyMs = 180 + ((index * index * 31) % 4200);
  const response = {
    type: 'response',
    request_id: id,
    timestamp: new Date(atMs + latencyMs).toISOString(),
    latency_ms: latencyMs,
    completion_tokens: isFailed ? 0 : 30 + ((index * 13) % 400),
    finish_reason: isFailed ? 'error' : 'stop',
    ...(isFailed ? { error: 'rate_limit_exceeded' } : {}),
  };
  return [request, response];
}

/** A server with a call in each hour of the last 30 days and each day of the last year: no step of a chart is without. */
export async function steadyServer(t: TestContext): Promise<Server> {
  const server = await serverFor(t);
  const nowMs = Date.now();
  const hours = Array.from({ length: 30 * 24 }, (_, hour) => nowMs - hour * 3_600_000);
  const days = Array.from({ length: 366 }, (_, day) => nowMs - day * 86_400_000);
  const calls = [...hours, ...days].flatMap((atMs, index) => steadyCall(atMs, index));
  const body = calls.map((event) => JSON.stringify(event)).join('\n');
  const answer = await post(`${server.ingestion}/v1/llm/events`, body, { 'content-type': 'application/x-ndjson' });
  assert.equal(answer.status, 202, answer.text);
  await auditOf(server.metrics, { requests: calls.length / 2, responses: calls.length / 2 });
  return server;
}

function steadyCall(atMs: number, index: number): object[] {
  const names = { tenant_id: TENANT, route: 'chat_support', model: 'gpt-4.1-mini' };
  const [id, timestamp] = [`steady-${index}`, new Date(atMs).toISOString()];
  return [
    { type: 'request', request_id: id, ...names, timestamp, prompt_tokens: 400 },
    {
      type: 'response',
      request_id: id,
      timestamp,
      latency_ms: 900,
      time_to_first_token_ms: 200,
      completion_tokens: 120,
      finish_reason: 'stop',
      // Or the error rate would be a line on the axis.
      ...(index % 2 === 0 ? { error: 'overloaded' } : {}),
    },
  ];
}
