import assert from 'node:assert/strict';
import type { Call } from '../../src/metrics-store/call.ts';
import { ANY_CALL } from '../../src/metrics-store/call-filters.ts';
import type { MemoryMetricsStore } from '../../src/metrics-store/memory/memory-metrics-store.ts';
import type { DimensionChoice } from '../../src/metrics-store/metrics-reader.ts';
import { fixedSteps } from '../../src/tally/steps.ts';
import { numbersText } from './numbers-text.ts';
import type { CallNumbers, Parts } from './oracle/batch-call.ts';
import type { Expected } from './oracle/batch-oracle.ts';
import { bucketsText } from './oracle/buckets.ts';
import { TENANTS } from './traffic.ts';

const DAY = 86_400_000;
/** Every window that traffic can open. */
const RANGE = { fromMs: Date.UTC(2025, 9, 1), toMs: Date.UTC(2026, 0, 1) };

export interface Comparison {
  /** Whether single calls were sampled: then those that are stored must be right, and others may be missing. */
  readonly isSampled: boolean;
  /** The name of a record by its place `topic/partition/offset`: the place itself, or what lies there. */
  readonly nameOf: (place: string) => string;
}

/** Throws with the first few differences unless the store holds exactly what the oracle says, in every table. */
export async function assertEqualsOracle(
  store: MemoryMetricsStore,
  expected: Expected,
  { isSampled, nameOf }: Comparison,
): Promise<void> {
  assertSameRows('tallies', withoutEmpty(await storedTallies(store)), numbersText(expected.tallies));
  assertSameRows('usages', withoutEmpty(await storedUsages(store)), numbersText(expected.usages));
  if (!expected.isAmbiguous) {
    assertSameRows('audits', await storedAudits(store), numbersText(expected.audits));
    assertSameRows('evaluations', await storedEvaluations(store, expected), numbersText(expected.evaluations));
  }
  const letters = await store.readDeadLetters({ limit: 1_000_000, before: null });
  const reasons = letters.map((l) => [`${l.topic}/${l.partition}/${l.offset}`, l.reason] as const);
  assertSameRows('dead letters', lettersByName(reasons, nameOf), lettersByName(expected.letters, nameOf));
  await assertCalls(store, expected, isSampled);
}

/** The reasons of the dead letters of one name, which are alike. */
function lettersByName(
  letters: Iterable<readonly [place: string, reason: string]>,
  nameOf: Comparison['nameOf'],
): Map<string, string> {
  const named = new Map<string, string[]>();
  for (const [place, reason] of letters) named.set(nameOf(place), [...(named.get(nameOf(place)) ?? []), reason]);
  return new Map([...named].map(([name, reasons]) => [name, reasons.sort().join()]));
}

/** At MAX_PENDING not every call finds its other half. Still each request counts once, and each call ends one way. */
export async function assertAtBound(store: MemoryMetricsStore, expected: Expected): Promise<void> {
  const ends = new Map<string, string>();
  for (const [key, text] of await storedTallies(store)) {
    const count = (name: string) => Number(new RegExp(`\\b${name}=(\\d+)`).exec(text)?.[1] ?? 0);
    ends.set(key, `requests=${count('requests')} ended=${count('completed') + count('unanswered')}`);
  }
  const all = [...expected.tallies].map(
    ([key, { requests }]) => [key, `requests=${String(requests)} ended=${String(requests)}`] as const,
  );
  assertSameRows('calls at the bound', ends, new Map(all));
}

interface TallyQuestion {
  readonly dimension?: DimensionChoice;
  /** Whether rows are told apart by the values of the dimension. */
  readonly isByValue?: boolean;
}

export async function storedTallies(
  store: MemoryMetricsStore,
  { isByValue = false, ...about }: TallyQuestion = {},
): Promise<Map<string, string>> {
  const rows = new Map<string, string>();
  for (const tenantId of TENANTS) {
    for (const stepMs of [60_000, 3_600_000, DAY]) {
      const query = {
        tenantId,
        route: null,
        model: null,
        provider: null,
        ...about,
        ...RANGE,
        steps: fixedSteps(stepMs),
        limit: 1_000_000,
      };
      const ofValue = isByValue ? (['dimension'] as const) : [];
      const groupBy = ['route', 'model', 'provider', ...ofValue] as const;
      for (const read of await store.readMetrics({ ...query, groupBy, order: 'asc', after: null })) {
        const { latency, timeToFirstToken, costPicoUsd, reportedCostPicoUsd, listCostPicoUsd, ...sums } = read.tally;
        const text = numbersText.row({
          ...sums,
          costPicoUsd: costPicoUsd.value,
          reportedCostPicoUsd: reportedCostPicoUsd.value,
          listCostPicoUsd: listCostPicoUsd.value,
          latency: bucketsText(latency.zeroCount, latency.sortedBuckets()),
          timeToFirstToken: bucketsText(timeToFirstToken.zeroCount, timeToFirstToken.sortedBuckets()),
        });
        const series = `${tenantId}|${read.route}|${read.model}|${read.provider}`;
        const value = isByValue ? `|${read.value}` : '';
        rows.set(`${stepMs}|${series}|${read.windowStartMs}${value}`, text);
      }
    }
  }
  return rows;
}

async function storedUsages(store: MemoryMetricsStore): Promise<Map<string, string>> {
  const rows = await store.readUsage({ tenantId: null, ...RANGE });
  return new Map(
    rows.map(({ tenantId, route, model, provider, windowStartMs, billed, usage }) => [
      `${tenantId}|${route}|${model}|${provider}|${windowStartMs}|${billed.model}|${billed.bandFromTokens}|${billed.serviceTier}|${billed.reportedBy}`,
      numbersText.row({
        ...Object.fromEntries(Object.entries(usage)),
        costPicoUsd: usage.costPicoUsd.value,
        listCostPicoUsd: usage.listCostPicoUsd.value,
      }),
    ]),
  );
}

async function storedAudits(store: MemoryMetricsStore): Promise<Map<string, string>> {
  const rows = await store.readAudit({ tenantId: null, ...RANGE });
  return new Map(
    rows
      // What waited under no tenant and then moved leaves a row of nothing.
      // How often a call was corrected depends on how its reports were cut into batches.
      .map(
        ({ tenantId, hourStartMs, counts }) =>
          [`${tenantId}|${hourStartMs}`, { ...counts, correctedCalls: 0 }] as const,
      )
      .filter(([, counts]) => Object.values(counts).some((count) => count !== 0))
      .map(([key, counts]) => [key, numbersText.row(counts)] as const),
  );
}

async function storedEvaluations(store: MemoryMetricsStore, expected: Expected): Promise<Map<string, string>> {
  const rows = new Map<string, string>();
  const pairs = new Set([...expected.evaluations.keys(), ...expected.tallies.keys()].map(pairOf));
  for (const pair of pairs) {
    const [tenantId = '', route = '', model = ''] = pair.split('|');
    const query = { tenantId, route, model, name: null, ...RANGE, stepMs: 60_000, limit: 1_000_000 };
    for (const { name, windowStartMs, tally } of await store.readEvaluations(query)) {
      const { labels, ...sums } = tally;
      const named = Object.fromEntries([...labels].map(([label, times]) => [`label ${label}`, times]));
      rows.set(`${pair}|${name}|${windowStartMs}`, numbersText.row({ ...sums, ...named }));
    }
  }
  return rows;
}

/** What was all taken back leaves a row of nothing but the maximum, which cannot be taken back. */
export function withoutEmpty(rows: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...rows].filter(([, text]) => !/^((latencyUsMax=\d+|\w+=(0:)?0)( |$))+$/.test(text)));
}

/** `tenant|route|model` of a key with or without a resolution in front. */
function pairOf(key: string): string {
  const parts = key.split('|');
  return (/^\d+$/.test(parts[0] ?? '') ? parts.slice(1, 4) : parts.slice(0, 3)).join('|');
}

async function assertCalls(store: MemoryMetricsStore, expected: Expected, isSampled: boolean): Promise<void> {
  const stored = new Set<string>();
  for (const tenantId of TENANTS) {
    const query = { ...ANY_CALL, tenantId };
    const calls = await store.readCalls({ ...query, ...RANGE, order: 'newest', limit: 1_000_000, after: null });
    for (const call of calls) {
      const identity = `${tenantId}|${call.timestampMs}|${call.requestId}`;
      stored.add(identity);
      const candidates = (expected.calls.get(identity) ?? []).map((one) => expectedCallText(one, isSampled));
      // An id that comes again with the same timestamp is written into one row, in any order.
      if (candidates.length > 1 || expected.reopened.has(call.requestId)) continue;
      const text = callText(call, isSampled);
      assert.ok(
        candidates.includes(text),
        `call ${identity}\n  stored   ${text}\n  expected ${candidates.join('\n        or ')}`,
      );
    }
  }
  for (const [identity, calls] of expected.calls) {
    // The row goes with the later of the two calls, where that turns out to be none.
    if (calls.some(({ request }) => expected.reopened.has(request.keyText))) continue;
    const isKeptForSure = !isSampled || calls.every(({ numbers }) => isFailure(numbers));
    assert.ok(stored.has(identity) || !isKeptForSure, `call ${identity} is not stored`);
  }
}

function isFailure(numbers: Candidate['numbers']): boolean {
  return numbers !== null && numbers.errorKind !== null && numbers.errorKind !== 'cancelled';
}

type Candidate = Expected['calls'] extends Map<string, (infer One)[]> ? One : never;

/** What only the request knew is lost when an error of a call that was not kept is stored by itself. */
function callText(call: Call, isSampled: boolean): string {
  const { costPicoUsd, reportedCostPicoUsd, listCostPicoUsd, userIdHash, sessionId, metadata, ...rest } = call;
  const asked = isSampled ? {} : { userIdHash, sessionId, metadata };
  const costs = [costPicoUsd, reportedCostPicoUsd, listCostPicoUsd].map((cost) =>
    cost === null ? null : String(cost),
  );
  // In the order of names: in which order a call is put together is nobody's business.
  const all = Object.entries({ ...rest, costs, ...asked });
  return JSON.stringify(all.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function expectedCallText({ request, response, numbers }: Candidate, isSampled: boolean): string {
  const asked = request.fields;
  const text = (value: unknown) => (value ?? null) as string | null;
  const number = (value: unknown) => (value === undefined ? 0 : (value as number | null));
  const isReported = numbers !== null && (numbers.source === 'provider' || numbers.source === 'gateway');
  let status: Call['status'] = 'unanswered';
  if (numbers !== null) status = isFailure(numbers) ? 'error' : 'completed';
  const call: Call = {
    requestId: request.keyText,
    tenantId: asked['tenant_id'] as string,
    route: asked['route'] as string,
    model: asked['model'] as string,
    provider: text(asked['provider']) ?? '',
    timestampMs: request.timestampMs,
    status,
    promptTokens: numbers === null ? number(asked['prompt_tokens']) : numbers.prompt,
    cachedPromptTokens: numbers === null ? number(asked['cached_prompt_tokens']) : numbers.cached,
    cacheWriteTokens: numbers === null ? number(asked['cache_write_tokens']) : numbers.cacheWrite,
    userIdHash: text(asked['user_id_hash']),
    sessionId: text(asked['session_id']),
    metadata: asked['metadata'] ? JSON.stringify(asked['metadata']) : null,
    latencyMs: numbers?.latencyMs ?? null,
    timeToFirstTokenMs: numbers?.ttftMs ?? null,
    completionTokens: numbers?.completion ?? null,
    reasoningTokens: numbers?.reasoning ?? null,
    finishReason: text(response?.fields['finish_reason']),
    error: numbers?.error ?? null,
    answeredModel: text(response?.fields['model']),
    errorKind: numbers?.errorKind ?? null,
    serviceTier: text(response?.fields['service_tier']),
    costPicoUsd: numbers === null || numbers.source === 'none' ? null : numbers.costPicoUsd,
    costSource: numbers?.source ?? null,
    reportedCostPicoUsd: isReported ? numbers.costPicoUsd : null,
    listCostPicoUsd: numbers?.listCostPicoUsd ?? null,
    bill: numbers === null ? null : billOf(numbers),
  };
  return callText(call, isSampled);
}

const BILL_LINES: readonly (readonly [part: keyof Parts, name: string])[] = [
  ['input', 'input'],
  ['cacheRead', 'cache_read'],
  ['cacheWrite', 'cache_write'],
  ['cacheWrite1h', 'cache_write_1h'],
  ['inputAudio', 'input_audio'],
  ['cacheReadAudio', 'cache_read_audio'],
  ['inputImage', 'input_image'],
  ['output', 'output'],
  ['outputAudio', 'output_audio'],
  ['outputImage', 'output_image'],
  ['request', 'request'],
  ['webSearch', 'web_search'],
  ['groundedRequest', 'grounded_request'],
];

function billOf({ source, price, parts }: CallNumbers): string | null {
  if (parts === null || source === 'free') return null;
  const lines = BILL_LINES.flatMap(([part, name]) => {
    const isFeeOfCall = part === 'request' || part === 'groundedRequest';
    const isThere = parts[part] > 0 && (!isFeeOfCall || price !== null);
    return isThere ? [[name, parts[part], price?.rates[part] ?? null]] : [];
  });
  return JSON.stringify({ source: price?.source ?? null, lines });
}

const DIFFERENCES_MAX = 6;

export function assertSameRows(
  table: string,
  stored: ReadonlyMap<string, string>,
  expected: ReadonlyMap<string, string>,
): void {
  const differences: string[] = [];
  for (const key of new Set([...stored.keys(), ...expected.keys()])) {
    const [is, shouldBe] = [stored.get(key), expected.get(key)];
    if (is !== shouldBe) differences.push(`${key}\n    stored   ${is ?? '-'}\n    expected ${shouldBe ?? '-'}`);
  }
  const shown = differences.slice(0, DIFFERENCES_MAX).join('\n  ');
  assert.ok(differences.length === 0, `${differences.length} ${table} differ from the oracle:\n  ${shown}`);
}
