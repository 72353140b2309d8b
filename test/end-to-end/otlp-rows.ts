import assert from 'node:assert/strict';

/** A metrics API and who asks it. */
export interface RowsReader {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface ReportBooks {
  readonly accepted: number;
  readonly duplicates: number;
}

interface Books {
  readonly balanced: boolean;
  readonly totals: { readonly reports: ReportBooks & Readonly<Record<string, number>> };
}

/** The calls lie in November 2026. */
const RANGE = 'from=2026-11-01T00:00:00Z&to=2026-12-31T00:00:00Z';
const CALLS_MAX = 1000;

export interface SeenCall {
  readonly request_id: string;
}

export interface SeenTenant {
  readonly metrics: readonly object[];
  readonly calls: readonly SeenCall[];
  /** `GET /v1/calls/{id}` of each. */
  readonly details: readonly unknown[];
  readonly evaluations: readonly unknown[];
  /** Of the tenant's reports: what became of those that are no repetition. */
  readonly reports: Readonly<Record<string, number>>;
}

/** What a reader sees of the calls that came by OTLP, by tenant. It must not depend on how they came. */
export async function rowsSeenBy(reader: RowsReader): Promise<Readonly<Record<string, SeenTenant>>> {
  const { balanced } = await ask<Books>(reader, '/v1/audit');
  assert.equal(balanced, true, 'the books balance');
  const { tenants } = await ask<{ tenants: { value: string }[] }>(reader, '/v1/dimensions');
  const seen: Record<string, SeenTenant> = {};
  for (const { value } of tenants.sort((a, b) => (a.value < b.value ? -1 : 1))) {
    const tenant = await tenantSeenBy(reader, value);
    // A tenant that a call had only until more was known of it has nothing left.
    if (tenant.metrics.length + tenant.calls.length > 0) seen[value] = tenant;
  }
  return seen;
}

async function tenantSeenBy(reader: RowsReader, tenantId: string): Promise<SeenTenant> {
  const tenant = `tenant_id=${encodeURIComponent(tenantId)}`;
  const [{ metrics }, { calls }, { evaluations }, { totals }] = await Promise.all([
    ask<Pick<SeenTenant, 'metrics'>>(reader, `/v1/metrics?${tenant}&${RANGE}&limit=10000`),
    ask<Pick<SeenTenant, 'calls'>>(reader, `/v1/calls?${tenant}&${RANGE}&limit=${CALLS_MAX}`),
    ask<Pick<SeenTenant, 'evaluations'>>(reader, `/v1/evaluations?${tenant}&${RANGE}`),
    ask<Books>(reader, `/v1/audit?${tenant}`),
  ]);
  assert.ok(calls.length < CALLS_MAX, `${tenantId} has all calls on one page`);
  const details = await Promise.all(
    calls.map(({ request_id: id }) => ask<object>(reader, `/v1/calls/${encodeURIComponent(id)}?${tenant}`)),
  );
  const { accepted, duplicates, ...fates } = totals.reports;
  return { metrics, calls, details, evaluations, reports: { ...fates, new: accepted - duplicates } };
}

async function ask<T>({ url, headers = {} }: RowsReader, path: string): Promise<T> {
  const response = await fetch(`${url}${path}`, { headers, signal: AbortSignal.timeout(40_000) });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${path} answered ${response.status}: ${text}`);
  return JSON.parse(text) as T;
}
