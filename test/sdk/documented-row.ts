import { eventually } from '../end-to-end/http-calls.ts';

export interface Row {
  readonly route: string;
  readonly model: string;
  readonly requests: number;
  readonly completed: number;
  readonly errors: number;
  readonly prompt_tokens: number;
  readonly cached_prompt_tokens: number;
  readonly completion_tokens: number;
  readonly estimated_cost_usd: number | null;
}

interface Wanted {
  readonly tenant: string;
  readonly calls: number;
  /** Where the server asks for keys: one that reads all tenants. */
  readonly key?: string;
}

/** The one row that the calls of an application must have made, and how many calls were counted of any tenant. @throws with the rows when there is another number of them */
export async function onlyRowOf(
  metricsUrl: string,
  { tenant, calls, key }: Wanted,
): Promise<{ row: Row; audited: number }> {
  const ask = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${metricsUrl}${path}`, key === undefined ? {} : { headers: { 'x-api-key': key } });
    return (await response.json()) as T;
  };
  const seen = new Map<string, unknown>();
  const row = await eventually(`one row of ${calls} calls`, async () => {
    // Of all time: two calls about midnight would be two rows of a day.
    const query = `tenant_id=${tenant}&group_by=route,model`;
    const { summary } = await ask<{ summary: Row[] }>(`/v1/metrics/summary?${query}`);
    seen.set('rows', summary);
    return summary.length === 1 && (summary[0]?.completed ?? 0) >= calls ? summary[0] : undefined;
  }).catch((cause: Error) => {
    throw new Error(`${cause.message}: ${JSON.stringify(seen.get('rows'))}`, { cause });
  });
  const { totals } = await ask<{ totals: { requests: { counted: number }; reports: { calls: number } } }>('/v1/audit');
  return { row, audited: totals.requests.counted + totals.reports.calls };
}
