import type { Charge, TheirUsage } from '../../reconciliation/question.ts';
import { type FetchOptions, fetchJson } from './fetch-json.ts';
import {
  countOf,
  DAY_MS,
  type ProviderReport,
  partsOf,
  picoUsdOf,
  type ReportQuestion,
  textOf,
} from './provider-report.ts';

export const OPENROUTER_URL = 'https://openrouter.ai';

/** Asks the activity of each day: it keeps the last 30 whole days in UTC, and tells neither tiers nor cached tokens. */
export async function readOpenRouter(
  { managementKey, baseUrl }: { readonly managementKey: string; readonly baseUrl: string },
  { fromMs, toMs }: ReportQuestion,
  options: FetchOptions,
): Promise<ProviderReport> {
  const rows: Row[] = [];
  for (let dayMs = fromMs; dayMs < toMs; dayMs += DAY_MS) {
    const url = `${baseUrl}/api/v1/activity?date=${new Date(dayMs).toISOString().slice(0, 10)}`;
    const headers = { authorization: `Bearer ${managementKey}` };
    const answer = (await fetchJson({ url, headers }, options)) as { data?: readonly Row[] } | null;
    if (!Array.isArray(answer?.data)) throw new Error(`${baseUrl}/api/v1/activity answered without "data"`);
    rows.push(...(answer.data as Row[]));
  }
  return openRouterReport(rows);
}

type Row = Readonly<Record<string, unknown>>;

/** Rows of activity, from the API or from a file. */
export function openRouterReport(rows: readonly Row[]): ProviderReport {
  const usage: TheirUsage[] = [];
  const charges: Charge[] = [];
  let ownKeys = 0;
  for (const row of rows) {
    const startMs = Date.parse(textOf(row['date']).slice(0, 10));
    const model = textOf(row['model_permaslug']) || textOf(row['model']);
    if (Number.isNaN(startMs) || model === '') continue;
    if (Number(row['byok_usage_inference'] ?? 0) > 0) ownKeys++;
    usage.push({
      startMs,
      key: '',
      model,
      tier: null,
      requests: countOf(row['requests']),
      tokens: partsOf([
        ['input', countOf(row['prompt_tokens'])],
        ['output', countOf(row['completion_tokens'])],
      ]),
      isPromptWhole: true,
    });
    const picoUsd = picoUsdOf(row['usage']);
    if (picoUsd === null) continue;
    const whole = { key: null, tier: null, part: null, isForTokens: true };
    charges.push({ ...whole, startMs, endMs: startMs + DAY_MS, model, picoUsd, label: `${model}, credits` });
  }
  const notes = [
    'OpenRouter tells neither tiers nor the parts of a prompt: both are taken to be as ours, and differences in them show in the price.',
    ...(ownKeys > 0
      ? ['Calls with a key of your own are billed by their provider; OpenRouter charges its fee alone.']
      : []),
  ];
  return { provider: 'openrouter', usage, charges, notes, mayDaysBeLocal: false, bucketMs: DAY_MS };
}
