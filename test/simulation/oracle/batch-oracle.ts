import type { LogRecord } from '../../../src/event-log/event-log.ts';
import { type CallNumbers, count, numbersOf, type Parts } from './batch-call.ts';
import { type FindJudged, findJudged, type JoinedCall, type JoinLimits, joinAll } from './batch-join.ts';
import { type ReportedSpan, type ReportOutcome, resolveReports } from './batch-reports.ts';
import { BucketCounts } from './buckets.ts';
import { valueIn } from './dimension-value.ts';
import { type ReadEvent, readEvent, senderOf } from './read-event.ts';

export const INPUTS = ['llm.requests', 'llm.responses', 'llm.evaluations', 'llm.reports'] as const;
type Input = (typeof INPUTS)[number];

/** A record, and where the log keeps it. */
export interface PlacedRecord extends LogRecord {
  readonly partition: number;
}

/** Per topic the records of one partition, or of those that it grew to. */
export type PartitionLog = Readonly<Record<Input, readonly PlacedRecord[]>>;

type Sums = Record<string, number | bigint | BucketCounts>;

/** What a batch job over the whole log comes to: rows by name, as text or sums. */
export interface Expected {
  /** By resolution, tenant, route, model, provider and start of the window. */
  readonly tallies: Map<string, Sums>;
  readonly usages: Map<string, Sums>;
  /** By dimension; in each as `tallies`, and the value behind it. */
  readonly dimensions: Map<string, Map<string, Sums>>;
  readonly evaluations: Map<string, Sums>;
  readonly audits: Map<string, Sums>;
  /** `topic/partition/offset` → reason. */
  readonly letters: Map<string, string>;
  /** Which call an evaluation is about is not promised here, see `findJudged`. */
  isAmbiguous: boolean;
  /** Ids of spans that came again when their traces had long been closed. */
  readonly reopened: Set<string>;
  /** Calls by identity. An identity may come again: then any of them may be the stored one. */
  readonly calls: Map<string, (JoinedCall & { readonly numbers: CallNumbers | null })[]>;
}

export interface Limits extends JoinLimits {
  readonly traceHorizonMs: number;
  readonly dimensions: readonly string[];
}

/** Plain loops over the log's final contents. Shares no code with the processor. */
export function batchOracle(partitions: readonly PartitionLog[], limits: Limits): Expected {
  const expected: Expected = {
    tallies: new Map(),
    usages: new Map(),
    dimensions: new Map(limits.dimensions.map((name) => [name, new Map()])),
    evaluations: new Map(),
    audits: new Map(),
    letters: new Map(),
    calls: new Map(),
    reopened: new Set(),
    isAmbiguous: false,
  };
  for (const log of partitions) new BatchPartition(expected, limits).run(log);
  return expected;
}

class BatchPartition {
  readonly #expected: Expected;
  readonly #limits: Limits;

  constructor(expected: Expected, limits: Limits) {
    this.#expected = expected;
    this.#limits = limits;
  }

  run(log: PartitionLog): void {
    const requests = this.#read('llm.requests', log);
    const responses = this.#read('llm.responses', log);
    const joined = joinAll(requests, responses, this.#limits);
    for (const { request, response } of joined.calls) {
      this.#audit('Requests', 'counted', request, tenantOf(request));
      if (response !== null) this.#audit('Responses', 'counted', response, tenantOf(request));
      this.#call({ request, response }, 'joined');
    }
    const spans = this.#reports(log['llm.reports']);
    const found = findJudged(requests, this.#limits);
    for (const event of joined.orphans) {
      this.#dead('llm.responses', event, found.isForeign(event) ? 'foreign_tenant' : 'no_request');
    }
    for (const event of joined.repeatedRequests) this.#audit('Requests', 'duplicate', event, tenantOf(event));
    for (const event of joined.repeatedResponses) this.#audit('Responses', 'duplicate', event, event.tenant ?? '');
    this.#judge(this.#read('llm.evaluations', log), found, spans);
    if (found.isAmbiguous()) this.#expected.isAmbiguous = true;
  }

  #read(topic: Input, log: PartitionLog): ReadEvent[] {
    const events: ReadEvent[] = [];
    for (const record of log[topic]) {
      const event = readEvent(topic, record);
      if (typeof event === 'object') events.push(event);
      else this.#dead(topic, { ...record, tenant: senderOf(record) }, event);
    }
    return events;
  }

  #reports(records: readonly PlacedRecord[]): readonly ReportedSpan[] {
    const { spans, calls, booked, dead } = resolveReports(records, this.#limits);
    for (const call of calls) this.#call(call, 'reported');
    const known = new Set<string>();
    for (const { sender, id } of spans) {
      if (known.has(`${sender} ${id}`)) this.#expected.reopened.add(id);
      known.add(`${sender} ${id}`);
    }
    for (const { tenant, loggedAtMs, fate } of booked) this.#audit('Reports', fate, { loggedAtMs }, tenant);
    for (const record of dead) this.#dead('llm.reports', { ...record, tenant: senderOf(record) }, 'invalid');
    return spans;
  }

  #call(call: JoinedCall, origin: 'joined' | 'reported'): void {
    const { request, response } = call;
    const numbers = response === null ? null : numbersOf({ request, response });
    const series = `${pairOf(request)}|${textOf(request, 'provider')}`;
    for (const size of [60_000, 3_600_000, 86_400_000]) {
      const startMs = request.timestampMs - (request.timestampMs % size);
      const key = `${size}|${series}|${startMs}`;
      tally(row(this.#expected.tallies, key, noTally), call, { numbers, origin });
      for (const [name, rows] of this.#expected.dimensions) {
        tally(row(rows, `${key}|${valueIn(name, request)}`, noTally), call, { numbers, origin });
      }
    }
    const identity = `${tenantOf(request)}|${request.timestampMs}|${request.keyText}`;
    const same = this.#expected.calls.get(identity) ?? [];
    this.#expected.calls.set(identity, [...same, { ...call, numbers }]);
    if (numbers === null) return;
    const minuteMs = request.timestampMs - (request.timestampMs % 60_000);
    const band = numbers.price?.bandFromTokens ?? 0;
    const reporter = numbers.source === 'provider' || numbers.source === 'gateway' ? numbers.source : '';
    const billed = `${numbers.billedModel}|${band}|${numbers.tier}|${reporter}`;
    bill(row(this.#expected.usages, `${series}|${minuteMs}|${billed}`, noUsage), numbers);
  }

  /** The call of the span that it speaks of, as that is in the end. */
  #judgedSpan({ keyText, loggedAtMs, tenant }: ReadEvent, spans: readonly ReportedSpan[]): ReadEvent | null {
    const { dedupHorizonMs, joinTimeoutMs } = this.#limits;
    const near = spans.find(
      ({ id, sender, firstSeenMs }) =>
        id === keyText &&
        sender === (tenant ?? '') &&
        loggedAtMs <= firstSeenMs + dedupHorizonMs &&
        loggedAtMs >= firstSeenMs - joinTimeoutMs,
    );
    return near?.about ?? null;
  }

  #judge(evaluations: readonly ReadEvent[], { judged, isForeign }: FindJudged, spans: readonly ReportedSpan[]): void {
    const seenMs = new Map<string, number>();
    for (const event of evaluations) {
      const { name, evaluator } = event.fields;
      const identity = JSON.stringify([event.tenant, event.keyText, name, evaluator ?? '']);
      const lastMs = seenMs.get(identity) ?? Number.NEGATIVE_INFINITY;
      seenMs.set(identity, event.loggedAtMs);
      if (event.loggedAtMs - lastMs <= this.#limits.dedupHorizonMs) {
        this.#audit('Evaluations', 'duplicate', event, event.tenant ?? '');
        continue;
      }
      const isComplete = ['tenant_id', 'route', 'model'].every((dimension) => event.fields[dimension] !== undefined);
      const about = isComplete ? event : (judged(event) ?? this.#judgedSpan(event, spans));
      if (about === null) {
        this.#dead('llm.evaluations', event, isForeign(event) ? 'foreign_tenant' : 'no_call');
        continue;
      }
      this.#audit('Evaluations', 'counted', event, tenantOf(about));
      const minuteMs = event.timestampMs - (event.timestampMs % 60_000);
      const key = `${pairOf(about)}|${textOf(event, 'name')}|${minuteMs}`;
      judge(row(this.#expected.evaluations, key, noEvaluations), event);
    }
  }

  #dead(topic: Input, at: DeadPlace, reason: string): void {
    this.#expected.letters.set(`${topic}/${at.partition}/${at.offset}`, reason);
    const kind = KINDS[topic];
    this.#audit(kind, 'dead', at, at.tenant ?? '');
    if (reason === 'foreign_tenant') add(this.#books(at, at.tenant ?? ''), `foreign${kind}`, 1);
  }

  #audit(kind: string, fate: ReportOutcome | 'waiting', { loggedAtMs }: { loggedAtMs: number }, tenant: string): void {
    const sums = this.#books({ loggedAtMs }, tenant);
    // Those of agents alone are in the context already, and what came late has another fate besides.
    if (fate !== 'agentOnly' && fate !== 'late') add(sums, `accepted${kind}`, 1);
    add(sums, `${fate}${kind}`, 1);
  }

  #books({ loggedAtMs }: { loggedAtMs: number }, tenant: string): Sums {
    return row(this.#expected.audits, `${tenant}|${loggedAtMs - (loggedAtMs % 3_600_000)}`, noAudit);
  }
}

type DeadPlace = Pick<ReadEvent, 'partition' | 'offset' | 'loggedAtMs' | 'tenant'>;

const KINDS: Readonly<Record<Input, string>> = {
  'llm.requests': 'Requests',
  'llm.responses': 'Responses',
  'llm.evaluations': 'Evaluations',
  'llm.reports': 'Reports',
};

const textOf = (event: ReadEvent, field: string): string => (event.fields[field] as string | null | undefined) ?? '';
const tenantOf = (event: ReadEvent): string => textOf(event, 'tenant_id');
const pairOf = (event: ReadEvent): string =>
  ['tenant_id', 'route', 'model'].map((dimension) => textOf(event, dimension)).join('|');

function row(rows: Map<string, Sums>, key: string, nothing: () => Sums): Sums {
  let sums = rows.get(key);
  if (sums === undefined) rows.set(key, (sums = nothing()));
  return sums;
}

/** What a row has before anything was added: every sum that there is, by name. */
const noTally = (): Sums => ({
  requests: 0,
  completed: 0,
  unanswered: 0,
  errors: 0,
  errorsRateLimit: 0,
  errorsTimeout: 0,
  errorsAuth: 0,
  errorsInvalidRequest: 0,
  errorsContentFilter: 0,
  errorsServer: 0,
  cancelled: 0,
  latencyKnown: 0,
  latencyUsSum: 0,
  latencyUsMax: 0,
  latency: new BucketCounts(),
  timeToFirstToken: new BucketCounts(),
  promptTokens: 0,
  promptTokensKnown: 0,
  completionTokens: 0,
  completionTokensKnown: 0,
  cachedPromptTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  costPicoUsd: 0n,
  reportedCostPicoUsd: 0n,
  listCostPicoUsd: 0n,
  unpricedRequests: 0,
  pricedByProvider: 0,
  pricedByGateway: 0,
  pricedByList: 0,
  pricedByFile: 0,
});

const noUsage = (): Sums => ({
  calls: 0,
  unknownCalls: 0,
  freeCalls: 0,
  unpricedCalls: 0,
  listCalls: 0,
  fileCalls: 0,
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  cacheWrite1hTokens: 0,
  inputAudioTokens: 0,
  cacheReadAudioTokens: 0,
  inputImageTokens: 0,
  outputTokens: 0,
  outputAudioTokens: 0,
  outputImageTokens: 0,
  requestFees: 0,
  webSearches: 0,
  groundedRequests: 0,
  costPicoUsd: 0n,
  listCostPicoUsd: 0n,
});

const noEvaluations = (): Sums => ({ count: 0, scored: 0, scoreMicroSum: 0n, judged: 0, passed: 0 });

const FATES: Readonly<Record<string, readonly string[]>> = {
  Requests: ['accepted', 'counted', 'duplicate', 'dead', 'foreign'],
  Responses: ['accepted', 'counted', 'waiting', 'duplicate', 'dead', 'foreign'],
  Evaluations: ['accepted', 'counted', 'waiting', 'duplicate', 'dead', 'foreign'],
  Reports: ['accepted', 'counted', 'folded', 'context', 'agentOnly', 'duplicate', 'dead', 'late'],
};

const noAudit = (): Sums => {
  const names = Object.entries(FATES).flatMap(([kind, fates]) => fates.map((fate) => `${fate}${kind}`));
  return Object.fromEntries([...names, 'correctedCalls', 'meterPoints'].map((name) => [name, 0]));
};

function add(sums: Sums, name: string, amount: number): void {
  sums[name] = ((sums[name] as number | undefined) ?? 0) + amount;
}

function addBig(sums: Sums, name: string, amount: bigint): void {
  sums[name] = ((sums[name] as bigint | undefined) ?? 0n) + amount;
}

function addToBucket(sums: Sums, name: string, valueMs: number): void {
  (sums[name] as BucketCounts).count(valueMs);
}

function addKnown(sums: Sums, name: string, value: number | null): void {
  add(sums, name, value ?? 0);
  add(sums, `${name}Known`, value === null ? 0 : 1);
}

interface Counted {
  readonly numbers: CallNumbers | null;
  readonly origin: 'joined' | 'reported';
}

function tally(sums: Sums, { request }: JoinedCall, { numbers, origin }: Counted): void {
  add(sums, 'requests', 1);
  const asked = (name: string) => count(request.fields[name]);
  addKnown(sums, 'promptTokens', numbers === null ? asked('prompt_tokens') : numbers.prompt);
  add(sums, 'cachedPromptTokens', (numbers === null ? asked('cached_prompt_tokens') : numbers.cached) ?? 0);
  add(sums, 'cacheWriteTokens', (numbers === null ? asked('cache_write_tokens') : numbers.cacheWrite) ?? 0);
  if (numbers === null) {
    add(sums, 'unanswered', 1);
    return;
  }
  add(sums, 'completed', 1);
  if (numbers.errorKind === 'cancelled') add(sums, 'cancelled', 1);
  else if (numbers.errorKind !== null) {
    add(sums, 'errors', 1);
    const sum = ERROR_NAMES[numbers.errorKind];
    if (sum !== undefined) add(sums, sum, 1);
  }
  if (numbers.latencyMs !== null) {
    const latencyUs = Math.round(numbers.latencyMs * 1000);
    add(sums, 'latencyKnown', 1);
    add(sums, 'latencyUsSum', latencyUs);
    // A maximum cannot be taken back, so what comes of reports, which may be, has none.
    const most = origin === 'joined' ? latencyUs : 0;
    sums['latencyUsMax'] = Math.max((sums['latencyUsMax'] as number | undefined) ?? 0, most);
    addToBucket(sums, 'latency', numbers.latencyMs);
  }
  if (numbers.ttftMs !== null) addToBucket(sums, 'timeToFirstToken', numbers.ttftMs);
  addKnown(sums, 'completionTokens', numbers.completion);
  add(sums, 'reasoningTokens', numbers.reasoning ?? 0);
  addBig(sums, 'costPicoUsd', numbers.costPicoUsd);
  addBig(sums, 'listCostPicoUsd', numbers.listCostPicoUsd ?? 0n);
  const isReported = numbers.source === 'provider' || numbers.source === 'gateway';
  addBig(sums, 'reportedCostPicoUsd', isReported ? numbers.costPicoUsd : 0n);
  const sum = SOURCE_NAMES[numbers.source];
  if (sum !== undefined) add(sums, sum, 1);
}

const ERROR_NAMES: Readonly<Record<string, string>> = {
  rate_limit: 'errorsRateLimit',
  server: 'errorsServer',
  timeout: 'errorsTimeout',
};

const SOURCE_NAMES: Readonly<Record<string, string>> = {
  provider: 'pricedByProvider',
  gateway: 'pricedByGateway',
  list: 'pricedByList',
  file: 'pricedByFile',
  none: 'unpricedRequests',
};

const USAGE_NAMES: Readonly<Record<keyof Parts, string>> = {
  input: 'inputTokens',
  cacheRead: 'cacheReadTokens',
  cacheWrite: 'cacheWriteTokens',
  output: 'outputTokens',
  inputAudio: 'inputAudioTokens',
  outputAudio: 'outputAudioTokens',
  cacheWrite1h: 'cacheWrite1hTokens',
  cacheReadAudio: 'cacheReadAudioTokens',
  inputImage: 'inputImageTokens',
  outputImage: 'outputImageTokens',
  request: 'requestFees',
  webSearch: 'webSearches',
  groundedRequest: 'groundedRequests',
};

function bill(sums: Sums, numbers: CallNumbers): void {
  add(sums, 'calls', 1);
  if (numbers.source === 'free') {
    add(sums, 'freeCalls', 1);
    return;
  }
  if (numbers.source === 'none') add(sums, 'unpricedCalls', 1);
  if (numbers.source === 'list') add(sums, 'listCalls', 1);
  if (numbers.source === 'file') add(sums, 'fileCalls', 1);
  addBig(sums, 'costPicoUsd', numbers.costPicoUsd);
  if (numbers.parts === null) {
    add(sums, 'unknownCalls', 1);
    return;
  }
  for (const part of Object.keys(USAGE_NAMES) as (keyof Parts)[]) add(sums, USAGE_NAMES[part], numbers.parts[part]);
  addBig(sums, 'listCostPicoUsd', numbers.listCostPicoUsd ?? 0n);
}

function judge(sums: Sums, { fields }: ReadEvent): void {
  add(sums, 'count', 1);
  if (typeof fields['score'] === 'number') {
    add(sums, 'scored', 1);
    addBig(sums, 'scoreMicroSum', BigInt(Math.round(fields['score'] * 1e6)));
  }
  if (typeof fields['passed'] === 'boolean') add(sums, 'judged', 1);
  if (fields['passed'] === true) add(sums, 'passed', 1);
  if (typeof fields['label'] === 'string' && fields['label'] !== '') add(sums, `label ${fields['label']}`, 1);
}
