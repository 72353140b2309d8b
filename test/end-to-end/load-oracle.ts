import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { LlmRequest } from '../../src/events/llm-request.ts';
import type { LlmResponse } from '../../src/events/llm-response.ts';
import { getJson } from './http-calls.ts';
import { type LoadItem, TENANTS } from './mixed-load.ts';
import { PATIENCE_MS } from './patience.ts';

/** What a row must say exactly. Latency is compared by its average and its maximum. */
export interface ExpectedRow {
  requests: number;
  completed: number;
  errors: number;
  prompt_tokens: number;
  completion_tokens: number;
  reasoning_tokens: number;
  avg_latency_ms: number | null;
  max_latency_ms: number | null;
}

export interface Expected {
  /** By `tenant|route|model|minute`. */
  readonly rows: Record<string, ExpectedRow>;
  readonly requestIds: number;
  readonly responseIds: number;
  readonly calls: number;
  /** Responses to nobody. */
  readonly orphans: number;
}

/** A batch job in plain loops, without a line of the product: ids once, join, add up. */
export function expectedOf(items: readonly LoadItem[]): Expected {
  const requests = new Map<string, LlmRequest>();
  const responses = new Map<string, LlmResponse>();
  for (const item of items) {
    if (item.type === 'request') requests.set(item.event.request_id, item.event);
    if (item.type === 'response') responses.set(item.event.request_id, item.event);
  }
  const rows: Record<string, ExpectedRow> = {};
  const latencies: Record<string, { count: number; sumMs: number }> = {};
  let calls = 0;
  for (const [id, request] of requests) {
    const minute = `${request.timestamp.slice(0, 16)}:00Z`;
    const key = [request.tenant_id, request.route, request.model, minute].join('|');
    const row = (rows[key] ??= emptyRow());
    const response = responses.get(id);
    row.requests++;
    row.prompt_tokens += response?.prompt_tokens ?? request.prompt_tokens ?? 0;
    if (response === undefined) continue;
    calls++;
    row.completed++;
    row.errors += response.error ? 1 : 0;
    row.completion_tokens += response.completion_tokens ?? 0;
    row.reasoning_tokens += response.reasoning_tokens ?? 0;
    const apartMs = Date.parse(response.timestamp) - Date.parse(request.timestamp);
    // Two equal timestamps tell no latency: it enters no average.
    const latencyMs = response.latency_ms ?? (apartMs > 0 ? apartMs : null);
    if (latencyMs === null) continue;
    const known = (latencies[key] ??= { count: 0, sumMs: 0 });
    known.count++;
    known.sumMs += latencyMs;
    row.max_latency_ms = Math.max(row.max_latency_ms ?? 0, latencyMs);
    row.avg_latency_ms = Math.round((known.sumMs / known.count) * 1e6) / 1e6;
  }
  let orphans = 0;
  for (const id of responses.keys()) if (!requests.has(id)) orphans++;
  return { rows, requestIds: requests.size, responseIds: responses.size, calls, orphans };
}

const emptyRow = (): ExpectedRow => ({
  requests: 0,
  completed: 0,
  errors: 0,
  prompt_tokens: 0,
  completion_tokens: 0,
  reasoning_tokens: 0,
  avg_latency_ms: null,
  max_latency_ms: null,
});

type ApiRow = ExpectedRow & { tenant_id: string; route: string; model: string; window_start: string };

/** All rows of the load's tenants, page by page. */
export async function rowsOf(metricsUrl: string): Promise<Record<string, ExpectedRow>> {
  const rows: Record<string, ExpectedRow> = {};
  for (const tenant of TENANTS) {
    let cursor: string | undefined;
    do {
      const query = new URLSearchParams({
        tenant_id: tenant,
        limit: '250',
        ...(cursor === undefined ? {} : { cursor }),
      });
      const page = await getJson<{ metrics: ApiRow[]; next_cursor?: string }>(
        `${metricsUrl}/v1/metrics?${query.toString()}`,
      );
      for (const row of page.metrics) {
        const key = [row.tenant_id, row.route, row.model, row.window_start].join('|');
        if (key in rows) throw new Error(`${key} came on two pages`);
        const names = Object.keys(emptyRow()) as (keyof ExpectedRow)[];
        rows[key] = Object.fromEntries(names.map((name) => [name, row[name]])) as unknown as ExpectedRow;
      }
      cursor = page.next_cursor;
    } while (cursor !== undefined);
  }
  return rows;
}

/** Waits until the rows are those of a batch job over the items. @throws how they differ, when they never are */
export async function settledRows(metricsUrl: string, items: readonly LoadItem[]): Promise<void> {
  const { rows: expected } = expectedOf(items);
  const deadlineMs = Date.now() + PATIENCE_MS;
  for (;;) {
    const rows = await rowsOf(metricsUrl);
    if (isDeepStrictEqual(rows, expected)) return;
    if (Date.now() > deadlineMs) return assert.deepEqual(rows, expected);
    await sleep(100);
  }
}
