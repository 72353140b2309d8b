import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { Charge, TheirUsage } from '../../src/reconciliation/question.ts';
import { PARTS } from '../../src/reconciliation/tokens.ts';

/** What a provider would show of its bill. */
export interface Bill {
  readonly usage: readonly TheirUsage[];
  readonly charges: readonly Charge[];
}

export interface BillServer {
  readonly url: string;
  readonly adminKey: string;
  /** Paths and queries as they came. */
  readonly asked: readonly URL[];
}

const ADMIN_KEY = 'sk-admin-of-a-test-0123456789';
const DAY_MS = 86_400_000;
/** Fewer than the providers give, so that everything has several pages. */
const PAGE_BUCKETS_MAX = 100;

/**
 * The documented usage and cost endpoints of OpenAI and Anthropic, by HTTP: groups, widths and limits of buckets, pages,
 * admin keys, cents as texts. Its second answer is a 429 with `Retry-After`, its third a 500.
 */
export async function billServer(t: TestContext, bill: Bill): Promise<BillServer> {
  const asked: URL[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://fake');
    asked.push(url);
    const answer = answerTo(request, url, { bill, count: asked.length });
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, adminKey: ADMIN_KEY, asked };
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

function answerTo(
  { headers }: IncomingMessage,
  url: URL,
  { bill, count }: { readonly bill: Bill; readonly count: number },
): Answer {
  const isOpenAi = url.pathname.startsWith('/v1/organization/');
  const key = isOpenAi ? headers.authorization?.replace('Bearer ', '') : headers['x-api-key'];
  if (key !== ADMIN_KEY)
    return { status: 401, body: { error: { message: `Incorrect API key provided: ${String(key)}` } } };
  if (!isOpenAi && headers['anthropic-version'] !== '2023-06-01') return refused('anthropic-version is required');
  if (count === 2) return { status: 429, headers: { 'retry-after': '0' }, body: { error: { message: 'slow down' } } };
  if (count === 3) return { status: 500, body: { error: { message: 'try again' } } };
  switch (url.pathname) {
    case '/v1/organization/usage/completions':
      return openAiPage(url, (startMs, endMs) => openAiUsage(bill, url, { startMs, endMs }));
    case '/v1/organization/usage/embeddings':
      return openAiPage(url, () => []);
    case '/v1/organization/costs':
      return openAiPage(url, (startMs) => openAiCosts(bill, startMs));
    case '/v1/organizations/usage_report/messages':
      return anthropicPage(url, (startMs, endMs) => anthropicUsage(bill, url, { startMs, endMs }));
    case '/v1/organizations/cost_report':
      return anthropicPage(url, (startMs) => anthropicCosts(bill, startMs));
    default:
      return { status: 404, body: { error: { message: 'not found' } } };
  }
}

const refused = (message: string): Answer => ({ status: 400, body: { error: { message } } });

const WIDTHS_MS: Readonly<Record<string, readonly [ms: number, limitMax: number]>> = {
  '1m': [60_000, 1440],
  '1h': [3_600_000, 168],
  '1d': [DAY_MS, 31],
};

interface Range {
  readonly startMs: number;
  readonly endMs: number;
}

/** Buckets from the page on, as far as the limit allows; or why not. */
function bucketsOf(
  url: URL,
  { startMs, endMs }: Range,
): { readonly buckets: Range[]; readonly next: string | null } | string {
  const [widthMs, limitMax] = WIDTHS_MS[url.searchParams.get('bucket_width') ?? '1d'] ?? [0, 0];
  const most = url.pathname === '/v1/organization/costs' ? 180 : limitMax;
  const limit = Number(url.searchParams.get('limit') ?? 7);
  if (widthMs === 0 || !(limit >= 1 && limit <= most)) return `limit must be from 1 to ${most}`;
  if (Number.isNaN(startMs) || startMs % widthMs !== 0) return 'the start must be the start of a bucket';
  const page = url.searchParams.get('page');
  const fromMs = page === null ? startMs : Number(atob(page.replace('page_', '')));
  const count = Math.min(limit, PAGE_BUCKETS_MAX, Math.ceil((endMs - fromMs) / widthMs));
  const buckets = Array.from({ length: count }, (_, index) => ({
    startMs: fromMs + index * widthMs,
    endMs: fromMs + (index + 1) * widthMs,
  }));
  const reachedMs = fromMs + count * widthMs;
  return { buckets, next: reachedMs < endMs ? `page_${btoa(String(reachedMs))}` : null };
}

function openAiPage(url: URL, resultsOf: (startMs: number, endMs: number) => unknown[]): Answer {
  const range = {
    startMs: Number(url.searchParams.get('start_time')) * 1000,
    endMs: Number(url.searchParams.get('end_time')) * 1000,
  };
  const page = bucketsOf(url, range);
  if (typeof page === 'string') return refused(page);
  const data = page.buckets.map(({ startMs, endMs }) => ({
    object: 'bucket',
    start_time: startMs / 1000,
    end_time: endMs / 1000,
    results: resultsOf(startMs, endMs),
  }));
  return { status: 200, body: { object: 'page', data, has_more: page.next !== null, next_page: page.next } };
}

function anthropicPage(url: URL, resultsOf: (startMs: number, endMs: number) => unknown[]): Answer {
  const range = {
    startMs: Date.parse(url.searchParams.get('starting_at') ?? ''),
    endMs: Date.parse(url.searchParams.get('ending_at') ?? ''),
  };
  const page = bucketsOf(url, range);
  if (typeof page === 'string') return refused(page);
  const data = page.buckets.map(({ startMs, endMs }) => ({
    starting_at: instant(startMs),
    ending_at: instant(endMs),
    results: resultsOf(startMs, endMs),
  }));
  return { status: 200, body: { data, has_more: page.next !== null, next_page: page.next } };
}

const instant = (atMs: number): string => new Date(atMs).toISOString().replace('.000', '');

function usageIn({ usage }: Bill, { startMs, endMs }: Range): readonly TheirUsage[] {
  return usage.filter((row) => row.startMs >= startMs && row.startMs < endMs);
}

const part = ({ tokens }: TheirUsage, name: (typeof PARTS)[number]): number => tokens[PARTS.indexOf(name)] ?? 0;

function openAiUsage(bill: Bill, url: URL, range: Range): unknown[] {
  const groups = new Set(url.searchParams.getAll('group_by'));
  return usageIn(bill, range).map((row) => ({
    object: 'organization.usage.completions.result',
    input_tokens: part(row, 'input') + part(row, 'cache_read'),
    input_cached_tokens: part(row, 'cache_read'),
    output_tokens: part(row, 'output'),
    input_audio_tokens: 0,
    output_audio_tokens: 0,
    num_model_requests: row.requests,
    project_id: groups.has('project_id') ? row.key : null,
    user_id: null,
    api_key_id: groups.has('api_key_id') ? row.key : null,
    model: groups.has('model') ? row.model : null,
    batch: groups.has('batch') ? row.tier === 'batch' : null,
    service_tier: groups.has('service_tier') ? (row.tier === '' || row.tier === 'batch' ? 'default' : row.tier) : null,
  }));
}

const OPENAI_WORDS: Readonly<Record<string, string>> = { input: 'input', cache_read: 'cached input', output: 'output' };

function openAiCosts({ charges }: Bill, startMs: number): unknown[] {
  return charges
    .filter((charge) => charge.startMs === startMs)
    .map(({ model, tier, part: name, picoUsd, label }) => ({
      object: 'organization.costs.result',
      amount: { value: Number(picoUsd) / 1e12, currency: 'usd' },
      line_item:
        model === null ? label : `${model}${tier === 'batch' ? ' batch' : ''}, ${OPENAI_WORDS[name ?? ''] ?? name}`,
      project_id: null,
    }));
}

function anthropicUsage(bill: Bill, url: URL, range: Range): unknown[] {
  const groups = new Set(url.searchParams.getAll('group_by[]'));
  return usageIn(bill, range).map((row) => ({
    uncached_input_tokens: part(row, 'input'),
    cache_creation: {
      ephemeral_5m_input_tokens: part(row, 'cache_write'),
      ephemeral_1h_input_tokens: part(row, 'cache_write_1h'),
    },
    cache_read_input_tokens: part(row, 'cache_read'),
    output_tokens: part(row, 'output'),
    server_tool_use: { web_search_requests: 0 },
    api_key_id: groups.has('api_key_id') ? row.key : null,
    workspace_id: groups.has('workspace_id') ? row.key : null,
    model: groups.has('model') ? row.model : null,
    service_tier: groups.has('service_tier') ? (row.tier === '' ? 'standard' : row.tier) : null,
    context_window: groups.has('context_window') ? '0-200k' : null,
  }));
}

const ANTHROPIC_WORDS: Readonly<Record<string, string>> = {
  input: 'uncached_input_tokens',
  cache_read: 'cache_read_input_tokens',
  cache_write: 'cache_creation.ephemeral_5m_input_tokens',
  cache_write_1h: 'cache_creation.ephemeral_1h_input_tokens',
  output: 'output_tokens',
};

function anthropicCosts({ charges }: Bill, startMs: number): unknown[] {
  return charges
    .filter((charge) => charge.startMs === startMs)
    .map(({ model, tier, part: name, picoUsd, label }) => ({
      currency: 'USD',
      amount: centsText(picoUsd),
      workspace_id: null,
      description: model === null ? label : `${model} Usage - ${name}`,
      cost_type: model === null ? 'web_search' : 'tokens',
      context_window: model === null ? null : '0-200k',
      model,
      service_tier: model === null ? null : tier === '' ? 'standard' : tier,
      token_type: ANTHROPIC_WORDS[name ?? ''] ?? null,
    }));
}

/** `123.45` is 1.2345 USD. */
function centsText(picoUsd: bigint): string {
  const digits = picoUsd.toString().padStart(11, '0');
  return `${digits.slice(0, -10)}.${digits.slice(-10)}`;
}
