import { createKey } from '../../../src/app/tasks/manage-keys.ts';
import type { rowsSeenBy } from '../../end-to-end/otlp-rows.ts';
import { singleItemsOfAgents, type TraceExport } from '../../end-to-end/single-spans.ts';

/** What a sender posts, and where. */
export interface SentPost extends TraceExport {
  readonly path: string;
  readonly key: string;
}

/** API keys of several senders, by tenant; that of null is for all tenants, so its spans say whose they are. */
export type SenderKeys = ReadonlyMap<string | null, string>;

export type Rows = Awaited<ReturnType<typeof rowsSeenBy>>;

/** Enough for several partitions. None is a tenant that a captured span names. */
const SENDERS = ['sender-1', 'sender-2', 'sender-3', 'sender-4', null];

export async function keysOfSenders(settings: Parameters<typeof createKey>[0]): Promise<SenderKeys> {
  const keys = new Map<string | null, string>();
  for (const tenantId of SENDERS) {
    const { text } = await createKey(settings, {
      name: 'test',
      roles: ['ingest', 'read'],
      tenants: tenantId === null ? null : [tenantId],
    });
    keys.set(tenantId, text);
  }
  return keys;
}

/** Each export from each sender. */
export function exportPosts(keys: SenderKeys, exports: readonly TraceExport[]): readonly SentPost[] {
  return [...keys.values()].flatMap((key) => exports.map((each) => ({ ...each, path: '/v1/traces', key })));
}

/** What coding agents export, from each sender. */
export function agentPosts(keys: SenderKeys): readonly SentPost[] {
  const items = singleItemsOfAgents();
  return [...keys.values()].flatMap((key) => items.map((each) => ({ ...each, key })));
}

/**
 * An evaluation of every third call. `early` leaves out calls of the sender without a tenant of its own: an evaluation
 * stays with the tenant that its call had when they met.
 */
export function evaluationPosts(keys: SenderKeys, calls: Rows, name: 'early' | 'late'): readonly SentPost[] {
  return Object.entries(calls).flatMap(([tenant, seen]) => {
    const key = keys.get(tenant) ?? (name === 'late' ? keys.get(null) : undefined);
    if (key === undefined) return [];
    return seen.calls
      .filter((_, index) => index % 3 === 0)
      .map(({ request_id }) => {
        const event = { request_id, name, score: 0.5, passed: true, timestamp: '2026-11-20T10:00:00Z' };
        const body = Uint8Array.from(Buffer.from(JSON.stringify(event)));
        return { body, type: 'application/json', path: '/v1/llm/evaluation', key };
      });
  });
}
