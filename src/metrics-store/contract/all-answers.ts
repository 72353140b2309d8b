import { fixedSteps } from '../../tally/steps.ts';
import { USAGE_EXACT_SUMS, USAGE_SUMS, type Usage } from '../../tally/usage.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../tally/window.ts';
import type { MetricsQuery } from '../metrics-reader.ts';
import type { MetricsStore } from '../metrics-store.ts';
import { changesQuery, DAY, metricsQuery, plain } from './builders.ts';

/** What a store says of its windows in every way that it can be asked, as JSON holds it. */
export async function allAnswers(store: MetricsStore): Promise<Record<string, unknown>> {
  const all: Partial<MetricsQuery> = {
    tenantId: null,
    order: 'asc',
    groupBy: ['tenant_id', 'route', 'model', 'provider'],
  };
  const rows = async (query: Parameters<typeof metricsQuery>[0]): Promise<unknown[]> => {
    const found = await store.readMetrics(metricsQuery({ ...all, ...query }));
    return found.map(({ tally, ...row }) => ({ ...row, tally: plain(tally) }));
  };
  const changes = await store.readChanges(changesQuery({ tenantId: null, limit: 100_000 }));
  const usages = await store.readUsage({ tenantId: null, fromMs: DAY, toMs: DAY + 10 * DAY_MS });
  const unpublished = await store.unpublishedRows(100_000);
  const answers = {
    minutes: await rows({}),
    fives: await rows({ steps: fixedSteps(5 * MINUTE_MS) }),
    hours: await rows({ stepMs: HOUR_MS }),
    days: await rows({ stepMs: DAY_MS }),
    ofRoute: await rows({ tenantId: 'acme', route: 'chat', order: 'desc' }),
    ofModel: await rows({ tenantId: 'acme', model: 'gpt', stepMs: 5 * MINUTE_MS, groupBy: ['model'] }),
    changes: changes.map(({ tally, ...row }) => ({ ...row, tally: plain(tally) })),
    unpublished: unpublished.map(({ tally, ...row }) => ({ ...row, tally: plain(tally) })),
    // Their order within a minute is nobody's business.
    usages: usages.map(({ usage, ...row }) => JSON.stringify({ ...row, usage: plainUsage(usage) }, asText)).toSorted(),
    dimensions: await store.readDimensions(null),
  };
  return JSON.parse(JSON.stringify(answers, asText)) as Record<string, unknown>;
}

function plainUsage(usage: Usage): Record<string, unknown> {
  return Object.fromEntries([
    ...USAGE_SUMS.map((field) => [field, usage[field]]),
    ...USAGE_EXACT_SUMS.map((field) => [field, usage[field].value]),
  ]);
}

const asText = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);
