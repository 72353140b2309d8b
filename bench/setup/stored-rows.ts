import { Client } from 'pg';
import type { ExpectedRow } from '../data/oracle.ts';

type Rows = Map<string, Partial<ExpectedRow>>;

/** A connection for a few questions about a contestant's database. */
export async function withDatabase<T>(dsn: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: dsn });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** What StreamLens has in Postgres, under the oracle's keys. */
export function streamLensRows(dsn: string): Promise<Rows> {
  return withDatabase(dsn, async (client) => {
    const { rows } = await client.query<Record<string, string>>(`
      SELECT t.tenant_id || '|' || p.route || '|' || p.model || '|' || (extract(epoch FROM m.window_start) * 1000)::bigint AS key,
        sum(m.requests) AS requests, sum(m.completed) AS completed, sum(m.errors) AS errors,
        sum(m.latency_us_sum) / 1000 AS latency, sum(m.prompt_tokens) AS prompt, sum(m.completion_tokens) AS completion
      FROM metrics_1m m JOIN series s USING (series_id) JOIN pairs p USING (pair_id)
        JOIN tenants t ON t.tenant_key = m.tenant_key GROUP BY 1`);
    return new Map(
      rows.map((row) => [
        row['key'] ?? '',
        {
          requests: Number(row['requests']),
          completed: Number(row['completed']),
          errors: Number(row['errors']),
          latencyMsSum: Number(row['latency']),
          promptTokens: Number(row['prompt']),
          completionTokens: Number(row['completion']),
        },
      ]),
    );
  });
}

/** Records that StreamLens has committed, of requests and responses together. */
export async function committedRecords(client: Client): Promise<number> {
  const { rows } = await client.query<{ sum: string | null }>(`SELECT sum((positions ->> 'llm.requests')::bigint
    + (positions ->> 'llm.responses')::bigint) AS sum FROM progress`);
  return Number(rows[0]?.sum ?? 0);
}

/** Calls that the original has counted. */
export function originalCalls(dsn: string): Promise<number> {
  return withDatabase(dsn, async (client) => {
    const { rows } = await client.query<{ sum: string | null }>('SELECT sum(requests) AS sum FROM llm_metrics');
    return Number(rows[0]?.sum ?? 0);
  });
}
