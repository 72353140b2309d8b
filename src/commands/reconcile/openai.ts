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
  picoUsdOf,
  type ReportQuestion,
  textOf,
  tierOf,
} from './provider-report.ts';

export const OPENAI_URL = 'https://api.openai.com';

/** The most buckets that one page may have. */
const WIDTHS: ReadonlyMap<number, readonly [width: string, limit: number]> = new Map([
  [MINUTE_MS, ['1m', 1440]],
  [HOUR_MS, ['1h', 168]],
  [DAY_MS, ['1d', 31]],
]);
const COST_DAYS_MAX = 180;
/** Endpoints of usage that count tokens. */
const TOKEN_ENDPOINTS = ['completions', 'embeddings'] as const;
const GROUPS: Readonly<Record<KeyBy, readonly string[]>> = { none: [], key: ['api_key_id'], project: ['project_id'] };

/** Asks the organization's usage and costs. */
export async function readOpenAi(
  { adminKey, baseUrl }: { readonly adminKey: string; readonly baseUrl: string },
  question: ReportQuestion,
  options: FetchOptions,
): Promise<ProviderReport> {
  const headers = { authorization: `Bearer ${adminKey}` };
  const { fromMs, toMs, bucketMs, keyBy } = question;
  const [width, limit] = WIDTHS.get(bucketMs) ?? ['1d', 31];
  const range = { start_time: String(fromMs / 1000), end_time: String(toMs / 1000) };
  const usage: TheirUsage[] = [];
  for (const endpoint of TOKEN_ENDPOINTS) {
    const groups = [...GROUPS[keyBy], 'model', ...(endpoint === 'completions' ? ['batch', 'service_tier'] : [])];
    const url = urlOf(`${baseUrl}/v1/organization/usage/${endpoint}`, groups, {
      ...range,
      bucket_width: width,
      limit: String(limit),
    });
    usage.push(...openAiUsage(await fetchPages({ url, headers }, options), keyBy));
  }
  const days = {
    start_time: String(Math.floor(fromMs / DAY_MS) * (DAY_MS / 1000)),
    end_time: String(Math.ceil(toMs / DAY_MS) * (DAY_MS / 1000)),
    bucket_width: '1d',
    limit: String(COST_DAYS_MAX),
  };
  const costs = urlOf(
    `${baseUrl}/v1/organization/costs`,
    ['line_item', ...(keyBy === 'project' ? ['project_id'] : [])],
    days,
  );
  const charges = openAiCharges(await fetchPages({ url: costs, headers }, options), keyBy);
  return { provider: 'openai', usage, charges, notes: [], mayDaysBeLocal: false, bucketMs };
}

function urlOf(base: string, groups: readonly string[], parameters: Readonly<Record<string, string>>): string {
  const url = new URL(base);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  for (const group of groups) url.searchParams.append('group_by', group);
  return url.href;
}

type Row = Readonly<Record<string, unknown>>;

/** Buckets of usage, from the API or as the console exports them: a row a result, with the times of its bucket. */
export function openAiUsage(buckets: readonly Row[], keyBy: KeyBy): TheirUsage[] {
  return buckets.flatMap((bucket) =>
    resultsOf(bucket).map((row) => usageOf(row, secondMs(bucket['start_time']), keyBy)),
  );
}

function resultsOf(bucket: Row): readonly Row[] {
  const results = bucket['results'] ?? bucket['result'];
  return Array.isArray(results) ? (results as Row[]) : [bucket];
}

function secondMs(value: unknown): number {
  return countOf(value) * 1000;
}

function usageOf(row: Row, startMs: number, keyBy: KeyBy): TheirUsage {
  const count = (name: string) => countOf(row[name]);
  const audio = count('input_audio_tokens');
  const cachedAudio = Math.min(count('input_cached_audio_tokens'), audio);
  const cached = Math.max(count('input_cached_tokens'), cachedAudio);
  const written = count('input_cache_write_tokens');
  const image = count('input_image_tokens');
  const [outputAudio, outputImage] = [count('output_audio_tokens'), count('output_image_tokens')];
  // Older answers count text alone in the sums, and the audio beside it.
  const input = Math.max(
    count('input_tokens'),
    count('input_text_tokens'),
    cached + written + audio - cachedAudio + image,
  );
  return {
    startMs,
    key: keyBy === 'none' ? '' : textOf(row[keyBy === 'key' ? 'api_key_id' : 'project_id']),
    model: textOf(row['model']),
    tier: isTrue(row['batch']) ? 'batch' : tierOf(row['service_tier']),
    requests: count('num_model_requests'),
    tokens: partsOf([
      ['input', input - cached - written - (audio - cachedAudio) - image],
      ['cache_read', cached - cachedAudio],
      ['cache_write', written],
      ['input_audio', audio - cachedAudio],
      ['cache_read_audio', cachedAudio],
      ['input_image', image],
      ['output', Math.max(0, count('output_tokens') - outputAudio - outputImage)],
      ['output_audio', outputAudio],
      ['output_image', outputImage],
    ]),
    isPromptWhole: false,
  };
}

function isTrue(value: unknown): boolean {
  return value === true || (typeof value === 'string' && value.trim().toLowerCase() === 'true');
}

/** Lines of costs: `gpt-4o-2024-08-06, cached input` is a model and a part of its tokens; others are no tokens. */
export function openAiCharges(buckets: readonly Row[], keyBy: KeyBy): Charge[] {
  const charges = chargesOf(buckets, keyBy);
  const areTiersTold = charges.some(({ tier }) => tier !== null);
  return areTiersTold ? charges.map((charge) => ({ ...charge, tier: charge.tier ?? '' })) : charges;
}

function chargesOf(buckets: readonly Row[], keyBy: KeyBy): Charge[] {
  return buckets.flatMap((bucket) => {
    const startMs = secondMs(bucket['start_time']);
    const endMs = secondMs(bucket['end_time']) || startMs + DAY_MS;
    return resultsOf(bucket).flatMap((row) => {
      const amount = row['amount'] as { value?: unknown } | undefined;
      const picoUsd = picoUsdOf(amount?.value ?? row['amount_value']);
      if (picoUsd === null) return [];
      const label = textOf(row['line_item']);
      const key = keyBy === 'project' ? textOf(row['project_id']) || null : null;
      return [{ startMs, endMs, key, picoUsd, label, ...lineOf(label) }];
    });
  });
}

const PART_WORDS: readonly (readonly [RegExp, Part])[] = [
  [/cached audio input/, 'cache_read_audio'],
  [/audio input|input audio/, 'input_audio'],
  [/audio output|output audio/, 'output_audio'],
  [/image input|input image/, 'input_image'],
  [/image output|output image/, 'output_image'],
  [/cache write/, 'cache_write'],
  [/cached input|input cached|cached/, 'cache_read'],
  [/input/, 'input'],
  [/output/, 'output'],
];

function lineOf(label: string): Pick<Charge, 'model' | 'tier' | 'part' | 'isForTokens'> {
  const [name = '', ...rest] = label.split(',').map((word) => word.trim());
  const words = rest.join(' ').toLowerCase();
  const part = PART_WORDS.find(([pattern]) => pattern.test(words))?.[1] ?? null;
  const [, tierWord = ''] = /\b(batch|flex|priority)\b/.exec(`${name} ${words}`.toLowerCase()) ?? [];
  const model = name.replace(/\s*\b(batch|flex|priority)\b\s*(api)?/i, '').trim();
  // Which tier a line is of is said only where it is not the standard one.
  return {
    model: part === null || model === '' ? null : model,
    tier: tierWord || null,
    part,
    isForTokens: part !== null,
  };
}
