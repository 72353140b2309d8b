import type { Correction, Reason } from './correction.ts';
import { type Entry, placeId } from './ledger.ts';
import type { Charge, PriceLookup } from './question.ts';
import type { RateTable } from './rate-table.ts';
import { at, type ByPart, NO_TOKENS, partIndex, valueOf } from './tokens.ts';

export interface ChargeStep {
  /** Those that are not set against fees of ours. */
  readonly charges: readonly Charge[];
  /** Whether charges came at all: then usage for which there is none was not charged. */
  readonly isBilled: boolean;
  readonly prices: PriceLookup;
  /** Whether the usage report tells tiers apart. */
  readonly areTiersTold: boolean;
  readonly fromMs: number;
  readonly bucketMs: number;
}

/** Usage of theirs, with the family of its model: every charge is compared with it. */
interface FamilyEntry extends Entry {
  readonly family: string;
}

interface Share {
  readonly place: FamilyEntry;
  readonly charge: Charge;
  readonly tokens: ByPart;
  readonly value: bigint;
  readonly picoUsd: bigint;
}

/** Books the difference between what their tokens are worth at the list and what is charged for them. */
export function chargeStep(correction: Correction, step: ChargeStep): void {
  const { familyOf } = step.prices;
  const theirs = correction.theirs.entries().map((entry) => ({ ...entry, family: familyOf(entry.model) }));
  const shares: Share[] = [];
  for (const charge of step.charges) {
    const found = sharesOf(charge, theirs, { rates: correction.rates, familyOf });
    if (found.length > 0) shares.push(...found);
    else bookAlone(correction, charge, step);
  }
  const billOf = ({ charge: { startMs, tier }, place }: Share) => `${startMs}\0${place.family}\0${tier ?? place.tier}`;
  const priced = countedOnce(shares, correction.rates);
  for (const ofBill of Map.groupBy(priced, billOf).values()) bookPrice(correction, ofBill, step);
  if (step.isBilled) bookUncharged(correction, shares, step);
}

/** The usage that a charge is for, each with its share by what it is worth: the shares add up to the charge. */
function sharesOf(
  charge: Charge,
  theirs: readonly FamilyEntry[],
  { rates, familyOf }: { readonly rates: RateTable; readonly familyOf: PriceLookup['familyOf'] },
): Share[] {
  if (!charge.isForTokens) return [];
  const index = charge.part === null ? null : partIndex(charge.part);
  const family = charge.model === null ? null : familyOf(charge.model);
  const entries = theirs.filter(
    (entry) =>
      entry.startMs >= charge.startMs &&
      entry.startMs < charge.endMs &&
      (charge.key === null || charge.key === entry.key) &&
      (family === null || family === entry.family) &&
      (charge.tier === null || charge.tier === entry.tier),
  );
  const exact = entries.filter(({ model }) => model === charge.model);
  const weighed = (exact.length > 0 ? exact : entries).map((place) => {
    const tokens = index === null ? place.tokens : NO_TOKENS.map((_, i) => (i === index ? at(place.tokens, i) : 0));
    return { place, tokens, value: valueOf(tokens, rates.at(place)) };
  });
  const used = weighed.filter(({ tokens }) => tokens.some((count) => count > 0));
  const whole = used.reduce((all, { value }) => all + value, 0n);
  let left = charge.picoUsd;
  return used.map(({ place, tokens, value }, i) => {
    const weight = whole === 0n ? BigInt(used.length) : whole;
    const share = i === used.length - 1 ? left : (charge.picoUsd * (whole === 0n ? 1n : value)) / weight;
    left -= share;
    return { place, charge, tokens, value, picoUsd: share };
  });
}

/**
 * Several lines may be for the same usage: one for each workspace, size of prompt, or host behind a gateway, where the
 * usage is not told apart by these. Each charges for a share of the tokens, but these are there once.
 */
function countedOnce(shares: readonly Share[], rates: RateTable): readonly Share[] {
  const counted = new Map<string, Set<number>>();
  return shares.map((share) => {
    const id = placeId(share.place);
    const parts = counted.get(id) ?? new Set<number>();
    counted.set(id, parts);
    const tokens = share.tokens.map((count, index) => (parts.has(index) ? 0 : count));
    for (const [index, count] of tokens.entries()) if (count > 0) parts.add(index);
    return { ...share, tokens, value: valueOf(tokens, rates.at(share.place)) };
  });
}

function bookAlone(correction: Correction, charge: Charge, { fromMs, bucketMs }: ChargeStep): void {
  if (charge.picoUsd === 0n) return;
  const startMs = Math.max(fromMs, Math.floor(charge.startMs / bucketMs) * bucketMs);
  correction.book(
    { startMs, key: charge.key ?? '', model: charge.model ?? '', tier: charge.tier ?? '' },
    { tokens: NO_TOKENS, requests: 0, picoUsd: charge.picoUsd },
    charge.isForTokens
      ? {
          cause: 'unexplained',
          certainty: 'one_of',
          orElse: ['never_seen', 'price'],
          evidence: `charged, but not in the usage report: ${charge.label}`,
        }
      : { cause: 'not_tokens', certainty: 'sure', evidence: charge.label },
  );
}

function bookPrice(correction: Correction, shares: readonly Share[], step: ChargeStep): void {
  const [charged, value] = [sum(shares, ({ picoUsd }) => picoUsd), sum(shares, (share) => share.value)];
  const reason = isRounding(charged, value, shares.length)
    ? ROUNDING
    : reasonOf(correction, shares, { charged, value, ...step });
  for (const [first, ...others] of Map.groupBy(shares, ({ place }) => placeId(place)).values()) {
    if (first === undefined) continue;
    const picoUsd = sum([first, ...others], (share) => share.picoUsd - share.value);
    if (picoUsd !== 0n) correction.book(first.place, { tokens: NO_TOKENS, requests: 0, picoUsd }, reason);
  }
}

/** Reports round to a millionth of a cent or so, a line. */
function isRounding(charged: bigint, value: bigint, lines: number): boolean {
  const away = charged > value ? charged - value : value - charged;
  return away <= BigInt(lines) * ROUNDING_PICO_USD || away * 100_000n <= value;
}

const ROUNDING_PICO_USD = 10_000n;
const ROUNDING: Reason = { cause: 'price', certainty: 'sure', evidence: 'rounding of the report' };

/** Other tiers at which the same tokens might have been billed. */
const TIERS = ['batch', 'flex', 'priority'] as const;

function reasonOf(
  correction: Correction,
  shares: readonly Share[],
  { charged, value, prices, areTiersTold }: { charged: bigint; value: bigint } & ChargeStep,
): Reason {
  const model = shares[0]?.place.model ?? '';
  if (shares.every(({ place }) => !correction.rates.isListed(place))) {
    return { cause: 'price', certainty: 'sure', evidence: `no list has a price of ${model}` };
  }
  const tiers = areTiersTold ? [] : TIERS.filter((tier) => isPriceOf(tier, shares, { charged, prices }));
  if (tiers.length > 0) {
    return {
      cause: 'service_tier',
      certainty: 'one_of',
      orElse: ['price'],
      evidence: `${model} is charged at exactly the price of ${tiers.join(' or ')}; the report does not tell tiers`,
    };
  }
  const between = !areTiersTold && charged < value && charged * 2n > value;
  const evidence = `${model} is charged at ${factorText(shares)} of the list`;
  return between
    ? { cause: 'price', certainty: 'one_of', orElse: ['service_tier'], evidence }
    : { cause: 'price', certainty: 'likely', evidence };
}

function isPriceOf(
  tier: string,
  shares: readonly Share[],
  { charged, prices }: { readonly charged: bigint; readonly prices: PriceLookup },
): boolean {
  let worth = 0n;
  for (const { place, tokens } of shares) {
    const rates = prices.ratesOf({ model: place.model, tier, atMs: place.startMs, bandFromTokens: 0 });
    if (rates === null) return false;
    worth += valueOf(tokens, rates);
  }
  const away = worth > charged ? worth - charged : charged - worth;
  return away * 500n <= worth;
}

/** `0.85 ×` where all parts are alike, else part by part. */
function factorText(shares: readonly Share[]): string {
  const byPart = [...Map.groupBy(shares, ({ charge }) => charge.part ?? 'all')].map(([part, ofPart]) => {
    const [charged, value] = [sum(ofPart, ({ picoUsd }) => picoUsd), sum(ofPart, (share) => share.value)];
    return { part, factor: value === 0n ? Number.NaN : Number(charged) / Number(value) };
  });
  const [first] = byPart;
  const isConstant = byPart.every(({ factor }) => Math.abs(factor - (first?.factor ?? 0)) < 0.002);
  if (isConstant) return `${Number((first?.factor ?? 0).toFixed(3))} ×`;
  return byPart.map(({ part, factor }) => `${Number(factor.toFixed(3))} × (${part})`).join(', ');
}

/** Usage for which no charge came. */
function bookUncharged(correction: Correction, shares: readonly Share[], { fromMs }: ChargeStep): void {
  const charged = new Map<string, Set<number>>();
  for (const { place, charge } of shares) {
    const id = placeId(place);
    const parts = charged.get(id) ?? new Set();
    parts.add(charge.part === null ? -1 : partIndex(charge.part));
    charged.set(id, parts);
  }
  for (const entry of correction.theirs.entries()) {
    const parts = charged.get(placeId(entry)) ?? new Set();
    if (parts.has(-1) || entry.startMs < fromMs) continue;
    const tokens = entry.tokens.map((count, index) => (parts.has(index) ? 0 : count));
    const value = valueOf(tokens, correction.rates.at(entry));
    if (value === 0n) continue;
    correction.book(entry, { tokens: NO_TOKENS, requests: 0, picoUsd: -value }, UNCHARGED);
  }
}

const UNCHARGED: Reason = {
  cause: 'price',
  certainty: 'likely',
  evidence: 'used, and not charged: reserved capacity, credits, or a charge that is not in the report yet',
};

function sum(shares: readonly Share[], of: (share: Share) => bigint): bigint {
  return shares.reduce((all, share) => all + of(share), 0n);
}
