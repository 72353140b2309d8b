import type { Charge, TheirUsage } from '../../reconciliation/question.ts';
import type { Part } from '../../reconciliation/tokens.ts';
import { type FetchOptions, fetchPages } from './fetch-json.ts';
import {
  countOf,
  DAY_MS,
  HOUR_MS,
  type KeyBy,
  MINUTE_MS,
  type ProviderReport,
  partsOf,
  picoUsdOfCents,
  type ReportQuestion,
  textOf,
  tierOf,
} from './provider-report.ts';

export const ANTHROPIC_URL = 'https://api.anthropic.com';
const VERSION = '2023-06-01';

const WIDTHS: ReadonlyMap<number, readonly [width: string, limit: number]> = new Map([
  [MINUTE_MS, ['1m', 1440]],
  [HOUR_MS, ['1h', 168]],
  [DAY_MS, ['1d', 31]],
]);
const COST_DAYS_MAX = 31;

/** Asks the usage of messages, and the cost report, whose amounts are cents. It does not count requests. */
export async function readAnthropic(
  { adminKey, baseUrl, userAgent }: { readonly adminKey: string; readonly baseUrl: string; readonly userAgent: string },
  { fromMs, toMs, bucketMs, keyBy }: ReportQuestion,
  options: FetchOptions,
): Promise<ProviderReport> {
  const headers = { 'x-api-key': adminKey, 'anthropic-version': VERSION, 'user-agent': userAgent };
  const [width, limit] = WIDTHS.get(bucketMs) ?? ['1d', 31];
  const keys = { none: [], key: ['api_key_id'], project: ['workspace_id'] }[keyBy];
  const usageUrl = urlOf(
    `${baseUrl}/v1/organizations/usage_report/messages`,
    [...keys, 'model', 'service_tier', 'context_window', 'inference_geo'],
    {
      starting_at: instant(fromMs),
      ending_at: instant(toMs),
      bucket_width: width,
      limit: String(limit),
    },
  );
  const usage = anthropicUsage(await fetchPages({ url: usageUrl, headers }, options), keyBy);
  const costUrl = urlOf(`${baseUrl}/v1/organizations/cost_report`, ['description', 'workspace_id'], {
    starting_at: instant(Math.floor(fromMs / DAY_MS) * DAY_MS),
    ending_at: instant(Math.ceil(toMs / DAY_MS) * DAY_MS),
    bucket_width: '1d',
    limit: String(COST_DAYS_MAX),
  });
  const charges = anthropicCharges(await fetchPages({ url: costUrl, headers }, options), keyBy);
  const notes = ['Anthropic counts no requests, so calls are told apart by their tokens alone.'];
  return { provider: 'anthropic', usage, charges, notes, mayDaysBeLocal: false, bucketMs };
}

function urlOf(base: string, groups: readonly string[], parameters: Readonly<Record<string, string>>): string {
  const url = new URL(base);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  for (const group of groups) url.searchParams.append('group_by[]', group);
  return url.href;
}

const instant = (atMs: number): string => `${new Date(atMs).toISOString().slice(0, 19)}Z`;

type Row = Readonly<Record<string, unknown>>;

export function anthropicUsage(buckets: readonly Row[], keyBy: KeyBy): TheirUsage[] {
  return buckets.flatMap((bucket) =>
    resultsOf(bucket).map((row) => {
      const created = (row['cache_creation'] ?? {}) as Row;
      return {
        startMs: Date.parse(textOf(bucket['starting_at'])),
        key: keyOf(row, keyBy),
        model: textOf(row['model']),
        tier: tierOf(row['service_tier'], row['inference_geo']),
        requests: null,
        tokens: partsOf([
          ['input', countOf(row['uncached_input_tokens'])],
          ['cache_read', countOf(row['cache_read_input_tokens'])],
          ['cache_write', countOf(created['ephemeral_5m_input_tokens'])],
          ['cache_write_1h', countOf(created['ephemeral_1h_input_tokens'])],
          ['output', countOf(row['output_tokens'])],
        ]),
        isPromptWhole: false,
      };
    }),
  );
}

/** The default workspace and the keys of the console have no id. */
function keyOf(row: Row, keyBy: KeyBy): string {
  if (keyBy === 'none') return '';
  return textOf(row[keyBy === 'key' ? 'api_key_id' : 'workspace_id']) || 'default';
}

function resultsOf(bucket: Row): readonly Row[] {
  return Array.isArray(bucket['results']) ? (bucket['results'] as Row[]) : [];
}

/** Words for parts, in both reports and both exports of the console. */
export const ANTHROPIC_PARTS: ReadonlyMap<string, Part> = new Map([
  ['uncached_input_tokens', 'input'],
  ['input_no_cache', 'input'],
  ['input_tokens', 'input'],
  ['output_tokens', 'output'],
  ['output', 'output'],
  ['cache_read_input_tokens', 'cache_read'],
  ['input_cache_read', 'cache_read'],
  ['cache_creation.ephemeral_5m_input_tokens', 'cache_write'],
  ['input_cache_write_5m', 'cache_write'],
  ['cache_creation.ephemeral_1h_input_tokens', 'cache_write_1h'],
  ['input_cache_write_1h', 'cache_write_1h'],
]);

export function anthropicCharges(buckets: readonly Row[], keyBy: KeyBy): Charge[] {
  return buckets.flatMap((bucket) => {
    const startMs = Date.parse(textOf(bucket['starting_at']));
    const endMs = Date.parse(textOf(bucket['ending_at'])) || startMs + DAY_MS;
    return resultsOf(bucket).flatMap((row) => {
      const picoUsd = picoUsdOfCents(row['amount']);
      if (picoUsd === null) return [];
      const costType = textOf(row['cost_type']);
      const isForTokens = costType === 'tokens' || (costType === '' && textOf(row['model']) !== '');
      return [
        {
          startMs,
          endMs,
          key: keyBy === 'project' ? textOf(row['workspace_id']) || 'default' : null,
          model: textOf(row['model']) || null,
          tier: isForTokens && row['service_tier'] !== null ? tierOf(row['service_tier'], row['inference_geo']) : null,
          part: ANTHROPIC_PARTS.get(textOf(row['token_type'])) ?? null,
          isForTokens,
          picoUsd,
          label: textOf(row['description']) || costType || 'other',
        },
      ];
    });
  });
}
