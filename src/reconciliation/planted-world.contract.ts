import type { Cause } from './causes.ts';
import type { Charge, OurCall, OurUsage, Place, PriceLookup, Question, TheirUsage } from './question.ts';
import { at, type ByPart, NO_TOKENS, PARTS, plus, tokensOf, valueOf } from './tokens.ts';

/** The faults that a world can have; each is the cause of what it makes differ. */
export const FAULTS = [
  'boundary',
  'another_model',
  'snapshot',
  'service_tier',
  'cache_1h',
  'cache_reads',
  'not_billed',
  'billed_failures',
  'retries',
  'never_seen',
  'second_application',
  'price',
  'not_tokens',
] as const;
export type Fault = (typeof FAULTS)[number];

const CAUSE_OF: Readonly<Record<Fault, Cause>> = {
  boundary: 'boundary',
  another_model: 'another_model',
  snapshot: 'another_model',
  service_tier: 'service_tier',
  cache_1h: 'cache',
  cache_reads: 'cache',
  not_billed: 'not_billed',
  billed_failures: 'billed_failures',
  retries: 'retries',
  never_seen: 'never_seen',
  second_application: 'second_application',
  price: 'price',
  not_tokens: 'not_tokens',
};

/** A call as one side knows it. */
interface PlantedCall extends Omit<Place, 'startMs'> {
  readonly requestId: string;
  readonly atMs: number;
  readonly latencyMs: number;
  readonly tokens: ByPart;
}

/** What became of a call: as it is here, as it is there, and which fault is the reason. */
export interface PlantedFate {
  readonly ours: (PlantedCall & Pick<OurCall, 'standing' | 'errorKind'>) | null;
  readonly theirs: readonly PlantedCall[];
  readonly fault: Fault | null;
}

export interface WorldOptions {
  readonly random: () => number;
  readonly faults: readonly Fault[];
  readonly fromMs: number;
  /** For how long calls are made. */
  readonly minutes: number;
  /** For how long the report is. */
  readonly toMs: number;
  readonly models: readonly string[];
  /** A model that nobody here calls. */
  readonly foreignModel: string;
  /** What a call may be billed as instead of the first of `models`. */
  readonly otherModel: string;
  /** The first of `models` by the name of a snapshot. */
  readonly snapshotOf: (model: string) => string;
  readonly keys: readonly string[];
  readonly prices: PriceLookup;
  readonly hasHourlyCache: boolean;
  readonly areRequestsTold: boolean;
  readonly bucketMs: number;
}

export interface World {
  readonly fates: readonly PlantedFate[];
  readonly question: Question;
  /** 10^-12 USD by bucket, key and family, then by cause: theirs minus ours. */
  readonly truth: ReadonlyMap<string, bigint>;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const DISCOUNT = { numerator: 17n, denominator: 20n };
const WEB_SEARCH_PICO_USD = 50_000_000_000n;

/** Both sides of some hours of calls, with faults between them and the truth about each. */
export function plantedWorld(options: WorldOptions): World {
  const fates = fatesOf(options);
  const { fromMs, toMs, faults, bucketMs } = options;
  const bucketOf = (atMs: number) => Math.floor(atMs / bucketMs) * bucketMs;
  const theirStartOf = (call: PlantedCall) =>
    bucketOf(faults.includes('boundary') ? call.atMs + call.latencyMs : call.atMs);
  const isInside = (startMs: number) => startMs >= fromMs && startMs < toMs;
  const ours = fates.flatMap((fate) => (fate.ours === null ? [] : [fate.ours]));
  const theirs = fates
    .flatMap((fate) => fate.theirs)
    .map((call) => ({ ...call, startMs: theirStartOf(call) }))
    .filter(({ startMs }) => isInside(startMs));
  const usage = theirUsage(theirs, options);
  const charges = chargesOf(usage, options);
  return {
    fates,
    question: {
      fromMs,
      toMs,
      bucketMs,
      theirs: usage,
      charges,
      ours: ourUsage(ours, options),
      calls: ours.map(({ latencyMs, ...call }) => ({ ...call, endMs: call.atMs + latencyMs })),
      areCallsWhole: true,
      areKeysKnown: true,
      mayDaysBeLocal: false,
      prices: options.prices,
    },
    truth: truthOf(fates, { ...options, bucketOf, theirStartOf, isInside, usage }),
  };
}

/** Some calls a minute and series, in the range and some before it; each has one fault at most. */
function fatesOf(options: WorldOptions): PlantedFate[] {
  const { random, fromMs, minutes, models, keys } = options;
  const fates: PlantedFate[] = [];
  for (let minute = -5; minute < minutes; minute++) {
    for (const model of models) {
      for (const key of keys) {
        // At most one of the faults that add calls in a bucket and series: of two, only their sum can be seen.
        let isSurplusFree = true;
        for (let n = Math.floor(random() * 4); n > 0; n--) {
          const atMs = fromMs + minute * MINUTE_MS + Math.floor(random() * MINUTE_MS);
          const call = aCall(options, { atMs, model, key }, fates.length);
          const fate = fateOf(call, options, isSurplusFree);
          if (fate.fault !== null && SURPLUS.has(fate.fault)) isSurplusFree = false;
          fates.push(fate);
        }
      }
    }
  }
  return fates;
}

const SURPLUS: ReadonlySet<Fault> = new Set(['retries', 'never_seen', 'second_application', 'billed_failures']);

function aCall(
  { random, hasHourlyCache }: WorldOptions,
  place: { readonly atMs: number; readonly model: string; readonly key: string },
  index: number,
): PlantedCall {
  const size = (mean: number) => Math.round(mean * (0.4 + 1.2 * random()));
  const isCached = random() < 0.6;
  const tokens = tokensOf({
    input: size(900),
    cache_read: isCached ? size(2_000) : 0,
    cache_write: isCached && hasHourlyCache ? size(500) : 0,
    output: size(300),
  });
  const latencyMs = 300 + Math.floor(random() * 12_000);
  return { ...place, requestId: `call-${index}`, latencyMs, tier: '', tokens };
}

/** The share of calls that each fault happens to. */
const FAULT_SHARE = 0.12;

function fateOf(call: PlantedCall, options: WorldOptions, isSurplusFree: boolean): PlantedFate {
  const { random, faults, models } = options;
  const billed = { ...call, standing: 'billed' as const, errorKind: null };
  const usual: PlantedFate = { ours: billed, theirs: [call], fault: null };
  const ofCalls = faults.filter(isOfCall);
  const fault = ofCalls[Math.floor(random() * Math.max(ofCalls.length, 1))];
  const chance = random();
  if (fault === undefined || chance > FAULT_SHARE) return withWhole(usual, options);
  if (SURPLUS.has(fault) && !isSurplusFree) return withWhole(usual, options);
  if (fault === 'another_model' && call.model !== models[0]) return withWhole(usual, options);
  return withWhole(planted(fault, call, options), options);
}

/** The others are of whole series or of the report. */
const FAULTS_OF_CALLS = [
  'another_model',
  'service_tier',
  'cache_1h',
  'not_billed',
  'billed_failures',
  'retries',
  'never_seen',
  'second_application',
] as const satisfies readonly Fault[];
type FaultOfCall = (typeof FAULTS_OF_CALLS)[number];
const isOfCall = (fault: Fault): fault is FaultOfCall => (FAULTS_OF_CALLS as readonly Fault[]).includes(fault);

function planted(
  fault: FaultOfCall,
  call: PlantedCall,
  { random, otherModel, foreignModel, hasHourlyCache }: WorldOptions,
): PlantedFate {
  const ours = { ...call, standing: 'billed' as const, errorKind: null };
  switch (fault) {
    case 'another_model':
      return { ours, theirs: [{ ...call, model: otherModel }], fault };
    case 'service_tier':
      return { ours, theirs: [{ ...call, tier: 'batch' }], fault };
    case 'cache_1h': {
      const written = at(call.tokens, PARTS.indexOf('cache_write'));
      if (!hasHourlyCache || written === 0) return { ours, theirs: [call], fault: null };
      const tokens = plus(call.tokens, tokensOf({ cache_write: -written, cache_write_1h: written }));
      return { ours, theirs: [{ ...call, tokens }], fault };
    }
    case 'not_billed':
      return { ours: { ...ours, errorKind: 'server' }, theirs: [], fault };
    case 'billed_failures':
      return { ours: { ...ours, standing: 'free', errorKind: 'timeout' }, theirs: [call], fault };
    case 'retries':
      return { ours, theirs: [call, { ...call, requestId: `${call.requestId}-2` }], fault };
    case 'never_seen':
      return { ours: null, theirs: [call], fault };
    case 'second_application':
    default: {
      const isForeign = random() < 0.3;
      const size = 20_000 + Math.floor(random() * 20_000);
      const other = {
        ...call,
        ...(isForeign ? { model: foreignModel } : {}),
        tokens: tokensOf({ input: size, output: 40 }),
      };
      return { ours, theirs: [call, other], fault };
    }
  }
}

/** Faults of a whole series, on top of those of a call. */
function withWhole(fate: PlantedFate, { faults, models, snapshotOf }: WorldOptions): PlantedFate {
  let { ours, theirs } = fate;
  if (faults.includes('snapshot')) {
    theirs = theirs.map((call) => (call.model === models[0] ? { ...call, model: snapshotOf(call.model) } : call));
  }
  if (faults.includes('cache_reads') && ours !== null && ours.model === models.at(-1)) {
    const read = at(ours.tokens, PARTS.indexOf('cache_read'));
    ours = { ...ours, tokens: plus(ours.tokens, tokensOf({ input: read, cache_read: -read })) };
  }
  return { ours, theirs, fault: fate.fault };
}

function ourUsage(ours: readonly NonNullable<PlantedFate['ours']>[], { prices }: WorldOptions): OurUsage[] {
  return ours
    .filter(({ standing }) => standing === 'billed')
    .map(({ atMs, key, model, tier, tokens }) => ({
      startMs: Math.floor(atMs / MINUTE_MS) * MINUTE_MS,
      key,
      model,
      tier,
      tokens,
      requests: 1,
      bandFromTokens: 0,
      costPicoUsd: valueOf(tokens, ratesAt(prices, { model, tier, atMs })),
      feesPicoUsd: 0n,
      unpricedRequests: 0,
      reportedBy: '',
    }));
}

function ratesAt(prices: PriceLookup, place: { model: string; tier: string; atMs: number }): ByPart {
  return prices.ratesOf({ ...place, bandFromTokens: 0 }) ?? NO_TOKENS;
}

function theirUsage(theirs: readonly (PlantedCall & Place)[], { areRequestsTold }: WorldOptions): TheirUsage[] {
  const usage = new Map<string, TheirUsage>();
  for (const { startMs, key, model, tier, tokens } of theirs) {
    const id = `${startMs}\0${key}\0${model}\0${tier}`;
    const known = usage.get(id);
    usage.set(id, {
      startMs,
      key,
      model,
      tier,
      requests: areRequestsTold ? (known?.requests ?? 0) + 1 : null,
      tokens: plus(known?.tokens ?? NO_TOKENS, tokens),
      isPromptWhole: false,
    });
  }
  return [...usage.values()];
}

/** Days by model, tier and part, as bills have them. */
function chargesOf(usage: readonly TheirUsage[], { prices, faults, models, fromMs }: WorldOptions): Charge[] {
  const charges = new Map<string, Charge>();
  for (const { startMs, model, tier, tokens } of usage) {
    const dayMs = Math.floor(startMs / DAY_MS) * DAY_MS;
    const rates = ratesAt(prices, { model, tier: tier ?? '', atMs: startMs });
    const isDiscounted = faults.includes('price') && model === models[1];
    for (const [index, part] of PARTS.entries()) {
      const list = BigInt(at(tokens, index)) * BigInt(at(rates, index));
      if (list === 0n) continue;
      const id = `${dayMs} ${model} ${tier} ${part}`;
      const known = charges.get(id)?.picoUsd ?? 0n;
      const picoUsd = known + (isDiscounted ? (list * DISCOUNT.numerator) / DISCOUNT.denominator : list);
      charges.set(id, {
        startMs: dayMs,
        endMs: dayMs + DAY_MS,
        key: null,
        model,
        tier,
        part,
        isForTokens: true,
        picoUsd,
        label: id,
      });
    }
  }
  const all = [...charges.values()];
  if (faults.includes('not_tokens')) {
    const startMs = Math.floor(fromMs / DAY_MS) * DAY_MS;
    const line = { key: null, model: null, tier: null, part: null, isForTokens: false, label: 'Web searches' };
    all.push({ ...line, startMs, endMs: startMs + DAY_MS, picoUsd: WEB_SEARCH_PICO_USD });
  }
  return all;
}

interface TruthQuestion extends WorldOptions {
  readonly bucketOf: (atMs: number) => number;
  readonly theirStartOf: (call: PlantedCall) => number;
  readonly isInside: (startMs: number) => boolean;
  readonly usage: readonly TheirUsage[];
}

/** By `<bucket> <key> <family> <cause>`. */
function truthOf(fates: readonly PlantedFate[], question: TruthQuestion): ReadonlyMap<string, bigint> {
  const { prices, bucketOf, theirStartOf, isInside, faults, models, usage } = question;
  const truth = new Map<string, bigint>();
  const add = (startMs: number, place: { key: string; model: string }, cause: Cause, picoUsd: bigint) => {
    if (!isInside(startMs) || picoUsd === 0n) return;
    const id = truthId({ startMs, key: place.key, model: prices.familyOf(place.model) }, cause);
    truth.set(id, (truth.get(id) ?? 0n) + picoUsd);
  };
  const worth = (call: PlantedCall) => valueOf(call.tokens, ratesAt(prices, call));
  for (const { ours, theirs, fault } of fates) {
    const own = ours?.standing === 'billed' ? ours : null;
    if (own !== null && faults.includes('boundary')) {
      const [startMs, endMs] = [bucketOf(own.atMs), theirStartOf(own)];
      if (startMs !== endMs) {
        add(startMs, own, 'boundary', -worth(own));
        add(endMs, own, 'boundary', worth(own));
      }
    }
    for (const [index, call] of theirs.entries()) {
      const same = index === 0 ? own : null;
      const cause = fault === null ? null : CAUSE_OF[fault];
      if (same === null) {
        add(theirStartOf(call), call, cause ?? 'unexplained', worth(call));
        continue;
      }
      // What a fault of the whole series changes, then what that of the call does.
      const isReadTold = call.model !== same.model || !faults.includes('cache_reads') || same.model !== models.at(-1);
      const told = isReadTold ? same : { ...same, tokens: call.tokens };
      if (fault !== 'cache_1h')
        add(
          theirStartOf(call),
          same,
          'cache',
          worth({ ...told, tier: call.tier }) - worth({ ...same, tier: call.tier }),
        );
      const base = fault === 'cache_1h' ? same : told;
      const change =
        fault === 'service_tier' ? { from: same, to: { ...same, tier: call.tier } } : { from: base, to: call };
      if (prices.familyOf(call.model) === prices.familyOf(same.model)) {
        const name = cause === null || fault === null || !isOfCall(fault) ? 'another_model' : cause;
        add(theirStartOf(call), same, name, worth(change.to) - worth(change.from));
      } else {
        add(theirStartOf(call), same, 'another_model', -worth(base));
        add(theirStartOf(call), call, 'another_model', worth(call));
      }
    }
    if (own !== null && theirs.length === 0) add(theirStartOf(own), own, 'not_billed', -worth(own));
  }
  for (const { startMs, key, model, tier, tokens } of usage) {
    if (!faults.includes('price') || model !== models[1]) continue;
    const list = valueOf(tokens, ratesAt(prices, { model, tier: tier ?? '', atMs: startMs }));
    add(startMs, { key, model }, 'price', (list * DISCOUNT.numerator) / DISCOUNT.denominator - list);
  }
  if (faults.includes('not_tokens')) {
    add(question.fromMs, { key: '', model: '' }, 'not_tokens', WEB_SEARCH_PICO_USD);
  }
  return truth;
}

export function truthId({ startMs, key, model }: Omit<Place, 'tier'>, cause: Cause): string {
  return `${startMs}\0${key}\0${model}\0${cause}`;
}
