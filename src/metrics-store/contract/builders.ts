import { fixedSteps } from '../../tally/steps.ts';
import { TALLY_SUMS, Tally } from '../../tally/tally.ts';
import { TallyListWriter } from '../../tally/tally-list.ts';
import { type BilledModel, USAGE_SUMS, Usage } from '../../tally/usage.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../tally/window.ts';
import { type AuditCounts, emptyAuditCounts } from '../audit.ts';
import type { RepricedSums } from '../billed-columns.ts';
import type { Call } from '../call.ts';
import { ANY_CALL } from '../call-filters.ts';
import {
  type Commit,
  type CommitOutcome,
  type DimensionDelta,
  NO_EFFECTS,
  type TallyDelta,
  type UsageDelta,
} from '../commit.ts';
import { encodedTally } from '../dimension-piece.ts';
import { addEvaluationTally, type EvaluationDelta, type EvaluationTally, emptyEvaluationTally } from '../evaluation.ts';
import type { CallsQuery, ChangesQuery, EvaluationsQuery, MetricsQuery } from '../metrics-reader.ts';
import type { MetricsStore } from '../metrics-store.ts';
import type { DeadLetter } from '../outbox.ts';

/** Opens an empty store. */
export type OpenStore = (options?: {
  readonly maxSeriesPerTenant?: number;
  readonly dimensionValuesMax?: number;
}) => Promise<MetricsStore>;

/** Midnight UTC of 19 November 2025. */
export const DAY = Date.UTC(2025, 10, 19);
export const minute = (index: number): number => DAY + index * MINUTE_MS;

export const SERIES = { tenantId: 'acme', route: 'chat', model: 'gpt', provider: 'openai' };

type Sums = Partial<Record<(typeof TALLY_SUMS)[number], number>>;
export interface TallyParts extends Sums {
  readonly latencyUsMax?: number;
  readonly cost?: bigint;
  readonly reportedCost?: bigint;
  readonly listCost?: bigint;
  readonly latenciesMs?: readonly number[];
  readonly firstTokensMs?: readonly number[];
}

export function aTally(parts: TallyParts = { requests: 1 }): Tally {
  const tally = new Tally();
  for (const field of TALLY_SUMS) tally[field] = parts[field] ?? 0;
  tally.latencyUsMax = parts.latencyUsMax ?? 0;
  tally.costPicoUsd.addBig(parts.cost ?? 0n);
  tally.reportedCostPicoUsd.addBig(parts.reportedCost ?? 0n);
  tally.listCostPicoUsd.addBig(parts.listCost ?? parts.cost ?? 0n);
  for (const valueMs of parts.latenciesMs ?? []) tally.latency.record(valueMs);
  for (const valueMs of parts.firstTokensMs ?? []) tally.timeToFirstToken.record(valueMs);
  return tally;
}

/** What a tally says, in a form that `deepEqual` compares and a failure shows. */
export function plain(tally: Tally): Record<string, unknown> {
  return {
    ...Object.fromEntries(TALLY_SUMS.map((field) => [field, tally[field]])),
    latencyUsMax: tally.latencyUsMax,
    costPicoUsd: tally.costPicoUsd.value,
    reportedCostPicoUsd: tally.reportedCostPicoUsd.value,
    listCostPicoUsd: tally.listCostPicoUsd.value,
    latency: [tally.latency.zeroCount, ...tally.latency.sortedBuckets()],
    timeToFirstToken: [tally.timeToFirstToken.zeroCount, ...tally.timeToFirstToken.sortedBuckets()],
  };
}

export function aDelta(parts: Partial<TallyDelta> = {}): TallyDelta {
  return { series: SERIES, windowStartMs: minute(0), tally: aTally(), ...parts };
}

/** What one call, or what is told as one, adds to a value, or to one in each of some dimensions. */
export function aDimensionDelta({
  tally = aTally(),
  dimension = 'user',
  value = 'u1',
  dimensions = [dimension],
  values = [value],
  ...parts
}: Partial<Pick<DimensionDelta, 'series' | 'windowStartMs' | 'windowMs' | 'dimensions'>> & {
  readonly tally?: Tally;
  readonly dimension?: string;
  readonly value?: string;
  readonly values?: readonly string[];
} = {}): DimensionDelta {
  const tallies = new TallyListWriter();
  tallies.push(encodedTally(tally));
  const window = { windowStartMs: DAY, windowMs: HOUR_MS } as const;
  const said = { texts: values, values: Int32Array.from(values.keys()), tallies: tallies.list() };
  return { dimensions, series: SERIES, ...window, ...said, ...parts };
}

export function aUsage(
  parts: { [F in (typeof USAGE_SUMS)[number]]?: number } & { readonly cost?: bigint; readonly listCost?: bigint },
): Usage {
  const usage = new Usage();
  for (const field of USAGE_SUMS) usage[field] = parts[field] ?? 0;
  usage.costPicoUsd.addBig(parts.cost ?? 0n);
  usage.listCostPicoUsd.addBig(parts.listCost ?? parts.cost ?? 0n);
  return usage;
}

export function aBilled(parts: Partial<BilledModel> = {}): BilledModel {
  return { provider: 'openai', model: 'gpt-2025', bandFromTokens: 0, serviceTier: '', reportedBy: '', ...parts };
}

export function aUsageDelta(parts: Partial<UsageDelta> = {}): UsageDelta {
  return { series: SERIES, windowStartMs: minute(0), billed: aBilled(), usage: aUsage({ calls: 1 }), ...parts };
}

export function aCall(parts: Partial<Call> = {}): Call {
  return {
    requestId: 'r1',
    ...SERIES,
    timestampMs: minute(0) + 5,
    status: 'completed',
    latencyMs: 12.5,
    timeToFirstTokenMs: null,
    promptTokens: 10,
    completionTokens: 20,
    cachedPromptTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    finishReason: 'stop',
    error: null,
    userIdHash: 'u1',
    sessionId: 's1',
    metadata: '{"app":"web"}',
    answeredModel: null,
    errorKind: null,
    serviceTier: null,
    costPicoUsd: 1_000n,
    costSource: 'list',
    reportedCostPicoUsd: null,
    listCostPicoUsd: 1_000n,
    bill: null,
    ...parts,
  };
}

export function anEvaluation(
  parts: Partial<Omit<EvaluationDelta, 'tally'>> & { readonly tally?: Partial<EvaluationTally> } = {},
): EvaluationDelta {
  const tally = emptyEvaluationTally();
  addEvaluationTally(tally, { ...emptyEvaluationTally(), count: 1, ...parts.tally });
  const { tenantId, route, model } = SERIES;
  return { tenantId, route, model, name: 'helpful', windowStartMs: minute(0), ...parts, tally };
}

export function aDeadLetter(parts: Partial<DeadLetter> = {}): DeadLetter {
  return {
    topic: 'llm.responses',
    partition: 0,
    offset: 7,
    loggedAtMs: minute(0),
    reason: 'no_request',
    detail: 'no request within 15 min',
    tenantId: null,
    key: Uint8Array.of(1, 2),
    value: Uint8Array.of(0, 255),
    ...parts,
  };
}

export function auditCounts(parts: Partial<AuditCounts>): AuditCounts {
  return { ...emptyAuditCounts(), ...parts };
}

export function aCommit(parts: Partial<Commit> = {}): Commit {
  const expectedSeq = parts.expectedSeq ?? 0;
  return {
    partition: 0,
    expectedSeq,
    token: `token-${expectedSeq}`,
    positions: { 'llm.requests': 1, 'llm.responses': 2, 'llm.evaluations': 3, 'llm.reports': 0 },
    completeThroughMs: minute(1),
    committedAtMs: minute(2),
    checkpoint: null,
    ...NO_EFFECTS,
    ...parts,
  };
}

/** A group of one. */
export async function commitOne(store: MetricsStore, commit: Commit): Promise<CommitOutcome> {
  const [outcome] = await store.commit([commit]);
  if (outcome === undefined) throw new Error('The store gave a commit no outcome');
  return outcome;
}

/** Commits to partition 0, whatever its sequence number is. */
export async function commitNext(store: MetricsStore, parts: Partial<Commit>): Promise<void> {
  const partition = parts.partition ?? 0;
  const expectedSeq = (await store.loadProgress(partition))?.seq ?? 0;
  const answer = await commitOne(store, aCommit({ ...parts, partition, expectedSeq }));
  if (answer !== 'applied') throw new Error(`The commit was ${answer}`);
}

export function metricsQuery({
  stepMs = MINUTE_MS,
  ...parts
}: Partial<MetricsQuery> & { readonly stepMs?: number } = {}): MetricsQuery {
  return {
    tenantId: SERIES.tenantId,
    route: null,
    model: null,
    provider: null,
    fromMs: DAY,
    toMs: DAY + 10 * DAY_MS,
    steps: fixedSteps(stepMs),
    groupBy: ['route', 'model'],
    order: 'desc',
    limit: 1000,
    after: null,
    ...parts,
  };
}

export function changesQuery(parts: Partial<ChangesQuery> = {}): ChangesQuery {
  return { tenantId: SERIES.tenantId, route: null, model: null, sinceMs: 0, limit: 1000, ...parts };
}

export function callsQuery(parts: Partial<CallsQuery> = {}): CallsQuery {
  return {
    ...ANY_CALL,
    tenantId: SERIES.tenantId,
    fromMs: DAY,
    toMs: DAY + DAY_MS,
    order: 'newest',
    limit: 1000,
    after: null,
    ...parts,
  };
}

export function evaluationsQuery(parts: Partial<EvaluationsQuery> = {}): EvaluationsQuery {
  return {
    tenantId: SERIES.tenantId,
    route: null,
    model: null,
    name: null,
    fromMs: DAY,
    toMs: DAY + DAY_MS,
    stepMs: MINUTE_MS,
    limit: 1000,
    ...parts,
  };
}

/** A change of cost by the list, and of what is unpriced. */
export function repricedSums(parts: Partial<RepricedSums> = {}): RepricedSums {
  const { costPicoUsd = 0n } = parts;
  return { costPicoUsd, listCostPicoUsd: costPicoUsd, unpricedCalls: 0, listCalls: 0, fileCalls: 0, ...parts };
}
