import type { Charge, TheirUsage } from '../../reconciliation/question.ts';
import { readRow } from '../import/exports/exported-call.ts';
import { OPENROUTER } from '../import/exports/gateways.ts';
import { instantFrom } from '../import/exports/instant.ts';
import type { Mapping } from '../import/exports/mapping.ts';
import { rowsOf } from '../import/exports/rows.ts';
import type { SessionCall } from '../import/session-call.ts';
import { ANTHROPIC_PARTS, anthropicCharges, anthropicUsage } from './anthropic.ts';
import type { AwsLine } from './bedrock-lines.ts';
import { openAiCharges, openAiUsage } from './openai.ts';
import { openRouterReport } from './openrouter.ts';
import { countOf, DAY_MS, type KeyBy, MINUTE_MS, partsOf, picoUsdOf, textOf, tierOf } from './provider-report.ts';

/** What a file holds; parts of one report may lie in several files. */
export interface FileContent {
  /** Null where the file does not tell. */
  readonly provider: string | null;
  readonly usage: readonly TheirUsage[];
  readonly charges: readonly Charge[];
  /** Lines of AWS, whose units need prices to be read. */
  readonly awsLines: readonly AwsLine[];
  readonly hasCosts: boolean;
  /** Null where rows are single calls, which fit every bucket. */
  readonly bucketMs: number | null;
  readonly mayDaysBeLocal: boolean;
  readonly notes: readonly string[];
}

type Row = Readonly<Record<string, unknown>>;

/**
 * Reads an export of a provider's console, a saved answer of its API, or rows of single calls by a mapping. What it is
 * is told by its columns.
 *
 * @throws where the file cannot be read, or nobody knows its columns
 */
export function readReportFile(
  path: string,
  { keyBy, mapping }: { readonly keyBy: KeyBy; readonly mapping: Mapping | null },
): FileContent {
  const rows: Row[] = [];
  const problems: string[] = [];
  for (const each of rowsOf(path)) {
    if ('row' in each) rows.push(each.row);
    else if (problems.length < PROBLEMS_MAX) problems.push(`${path} line ${each.line} was left out: ${each.why}`);
  }
  const [first] = rows;
  if (first === undefined) throw new Error(`${path} has no rows`);
  const content = mapping === null ? knownFormat(rows, first, keyBy) : callsOf(rows, mapping, '');
  if (content === null) {
    const columns = Object.keys(first).slice(0, 12).join(', ') || 'none';
    throw new Error(
      `${path} is no report that is known, by its columns (${columns}); say with --mapping which is which`,
    );
  }
  // What a console exports by days may be by those of whoever looked at it.
  return { ...content, mayDaysBeLocal: content.bucketMs === DAY_MS, notes: [...content.notes, ...problems] };
}

const PROBLEMS_MAX = 5;

const NOTHING: Omit<FileContent, 'provider' | 'bucketMs'> = {
  usage: [],
  charges: [],
  awsLines: [],
  hasCosts: false,
  mayDaysBeLocal: false,
  notes: [],
};

function knownFormat(rows: readonly Row[], first: Row, keyBy: KeyBy): FileContent | null {
  const has = (...names: readonly string[]) => names.some((name) => Object.hasOwn(first, name));
  const inner = Array.isArray(first['results']) ? firstResult(rows) : first;
  if (has('line_item_usage_type', 'lineItem/UsageType')) return curFile(rows);
  if (has('generation_id', 'native_tokens_prompt', 'tokens_prompt')) return callsOf(rows, OPENROUTER, 'openrouter');
  if (has('model_permaslug', 'byok_usage_inference')) {
    const report = openRouterReport(rows);
    return { ...NOTHING, ...report, charges: report.charges ?? [], hasCosts: true };
  }
  if (has('starting_at') && Array.isArray(first['results'])) return anthropicAnswer(rows, inner, keyBy);
  if (has('usage_date_utc')) return anthropicConsole(rows, first, keyBy);
  if (has('start_time')) {
    const bucketMs = bucketOf(first);
    const isCost = Object.hasOwn(inner, 'amount') || Object.hasOwn(inner, 'amount_value');
    return isCost
      ? { ...NOTHING, provider: 'openai', charges: openAiCharges(rows, keyBy), hasCosts: true, bucketMs: null }
      : { ...NOTHING, provider: 'openai', usage: openAiUsage(rows, keyBy), bucketMs };
  }
  return null;
}

function firstResult(rows: readonly Row[]): Row {
  for (const { results } of rows) {
    const [result] = Array.isArray(results) ? (results as Row[]) : [];
    if (result !== undefined) return result;
  }
  return {};
}

function bucketOf(row: Row): number {
  const span = (countOf(row['end_time']) - countOf(row['start_time'])) * 1000;
  return span > 0 ? span : DAY_MS;
}

function anthropicAnswer(rows: readonly Row[], inner: Row, keyBy: KeyBy): FileContent {
  const [first = {}] = rows;
  const bucketMs = Date.parse(textOf(first['ending_at'])) - Date.parse(textOf(first['starting_at']));
  const content = { ...NOTHING, provider: 'anthropic', bucketMs };
  if (!Object.hasOwn(inner, 'amount')) return { ...content, usage: anthropicUsage(rows, keyBy) };
  return { ...content, charges: anthropicCharges(rows, keyBy), hasCosts: true, bucketMs: null };
}

/** The two exports of the console of Anthropic: usage, and cost in USD. */
function anthropicConsole(rows: readonly Row[], first: Row, keyBy: KeyBy): FileContent {
  const isCost = Object.hasOwn(first, 'cost_usd');
  const keyOf = (row: Row) =>
    keyBy === 'none' ? '' : textOf(row[keyBy === 'key' ? 'api_key' : 'workspace']) || 'default';
  const usage: TheirUsage[] = [];
  const charges: Charge[] = [];
  for (const row of rows) {
    const startMs = Date.parse(textOf(row['usage_date_utc']).slice(0, 10));
    const model = textOf(row['model_version']) || textOf(row['model']);
    const tier = tierOf(row['usage_type'] ?? row['service_tier'], row['inference_geo']);
    if (Number.isNaN(startMs)) continue;
    if (!isCost) {
      const count = (name: string) => countOf(row[`usage_${name}`] ?? row[name]);
      const tokens = partsOf([
        ['input', count('input_tokens_no_cache')],
        ['cache_read', count('input_tokens_cache_read')],
        ['cache_write', count('input_tokens_cache_write_5m')],
        ['cache_write_1h', count('input_tokens_cache_write_1h')],
        ['output', count('output_tokens')],
      ]);
      usage.push({ startMs, key: keyOf(row), model, tier, requests: null, tokens, isPromptWhole: false });
      continue;
    }
    const picoUsd = picoUsdOf(row['cost_usd']);
    if (picoUsd === null) continue;
    const part = ANTHROPIC_PARTS.get(textOf(row['token_type'])) ?? null;
    const isForTokens = part !== null || /token/i.test(textOf(row['cost_type']));
    const label = textOf(row['cost_type']) || textOf(row['token_type']) || 'other';
    const key = keyBy === 'project' ? keyOf(row) : null;
    charges.push({
      startMs,
      endMs: startMs + DAY_MS,
      key,
      model: model || null,
      tier: isForTokens ? tier : null,
      part,
      isForTokens,
      picoUsd,
      label,
    });
  }
  const bucketMs = isCost ? null : DAY_MS;
  return { ...NOTHING, provider: 'anthropic', usage, charges, hasCosts: isCost, bucketMs };
}

/** Cost and Usage Reports: the columns of version 2.0, or those of the older one with slashes. */
function curFile(rows: readonly Row[]): FileContent {
  const awsLines: AwsLine[] = [];
  let bucketMs = DAY_MS;
  for (const row of rows) {
    const at = (name: string, older: string) => row[name] ?? row[older];
    const kind = textOf(at('line_item_line_item_type', 'lineItem/LineItemType'));
    // Discounts and savings plans change the cost; taxes, credits and fees are no usage.
    if (!['', 'Usage', 'DiscountedUsage', 'EdpDiscount', 'BundledDiscount'].includes(kind)) continue;
    const startMs = instantFrom(at('line_item_usage_start_date', 'lineItem/UsageStartDate')) ?? Number.NaN;
    const endMs = instantFrom(at('line_item_usage_end_date', 'lineItem/UsageEndDate')) ?? startMs + DAY_MS;
    if (Number.isNaN(startMs)) continue;
    bucketMs = Math.min(bucketMs, Math.max(MINUTE_MS, endMs - startMs));
    awsLines.push({
      startMs,
      endMs,
      service: [
        at('line_item_product_code', 'lineItem/ProductCode'),
        at('product_servicename', 'product/servicename'),
        at('product_product_name', 'product/ProductName'),
      ]
        .map(textOf)
        .toSorted(
          (a, b) =>
            Number(/edition/i.test(b)) - Number(/edition/i.test(a)) ||
            Number(/bedrock/i.test(b)) - Number(/bedrock/i.test(a)),
        )
        .join(' '),
      usageType: textOf(at('line_item_usage_type', 'lineItem/UsageType')),
      quantity: kind.endsWith('Discount') ? 0 : at('line_item_usage_amount', 'lineItem/UsageAmount'),
      unit: textOf(at('pricing_unit', 'pricing/unit')),
      costUsd: at('line_item_unblended_cost', 'lineItem/UnblendedCost'),
      account: textOf(at('line_item_usage_account_id', 'lineItem/UsageAccountId')),
    });
  }
  return { ...NOTHING, provider: 'aws', awsLines, hasCosts: true, bucketMs };
}

/** Rows of single calls: each is its own usage, and its own charge where it says what it cost. */
function callsOf(rows: readonly Row[], mapping: Mapping, source: string): FileContent {
  const usage: TheirUsage[] = [];
  const charges: Charge[] = [];
  const notes: string[] = [];
  let provider: string | null = source === '' ? null : source;
  for (const row of rows) {
    const reading = readRow({ ...row }, mapping, source || 'file');
    if ('why' in reading) {
      if (notes.length < PROBLEMS_MAX) notes.push(`a row was left out: ${reading.why}`);
      continue;
    }
    if (!('call' in reading)) continue;
    provider ??= reading.call.provider;
    const line = callLine(reading.call);
    usage.push(line.usage);
    if (line.charge !== null) charges.push(line.charge);
  }
  return { ...NOTHING, provider, usage, charges, hasCosts: charges.length > 0, bucketMs: null, notes };
}

function callLine(call: SessionCall): { readonly usage: TheirUsage; readonly charge: Charge | null } {
  const cached = call.cachedPromptTokens ?? 0;
  const hourly = call.cacheWrite1hTokens ?? 0;
  const written = Math.max(call.cacheWriteTokens ?? 0, hourly);
  const model = call.told?.answeredModel ?? call.model;
  const [startMs, tier] = [call.startedAtMs, tierOf(call.serviceTier)];
  const tokens = partsOf([
    ['input', Math.max(0, (call.promptTokens ?? 0) - cached - written)],
    ['cache_read', cached],
    ['cache_write', written - hourly],
    ['cache_write_1h', hourly],
    ['output', call.completionTokens ?? 0],
  ]);
  const usage = { startMs, key: '', model, tier, requests: 1, tokens, isPromptWhole: false };
  const picoUsd = picoUsdOf(call.reportedCostUsd);
  if (picoUsd === null) return { usage, charge: null };
  const line = { startMs, endMs: startMs + 1, key: null, model, tier, part: null, isForTokens: true };
  return { usage, charge: { ...line, picoUsd, label: call.key } };
}
