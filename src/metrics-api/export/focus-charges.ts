import type { CostSource } from '../../metrics-store/call.ts';
import type { UsageRow } from '../../metrics-store/metrics-reader.ts';
import { type BillPart, BillSum, writeBill } from '../../prices/cost.ts';
import type { Price, PriceBook } from '../../prices/price-book.ts';
import { priceOfUsage } from '../../prices/reprice.ts';
import type { TimeRange } from '../../tally/steps.ts';
import { addUsage, USAGE_SUMS, Usage } from '../../tally/usage.ts';

/**
 * What a charge is for: one part of the tokens at its price; `mixed`: tokens whose charge is only known as a whole;
 * `unpriced`: calls whose cost nobody knows; `free`: calls that cost nothing whatever the price.
 */
export type ChargePart = BillPart | 'mixed' | 'unpriced' | 'free';

type Unit = 'token' | 'request' | 'search';

/** What a tenant's route is charged for one part of one billed model in one period. Money in 10^-12 USD. */
export interface FocusCharge {
  readonly period: TimeRange;
  readonly row: Pick<UsageRow, 'tenantId' | 'route' | 'model' | 'provider' | 'billed'>;
  readonly part: ChargePart;
  /** By `pricedBy`: tokens, requests, searches, or 1 where the price is one for all of it. */
  readonly pricingQuantity: number;
  readonly pricedBy: Unit | 'charge';
  readonly consumedQuantity: number;
  readonly consumed: Unit;
  readonly unitPricePicoUsd: bigint;
  readonly listCostPicoUsd: bigint;
  readonly billedCostPicoUsd: bigint;
  readonly costSource: CostSource;
  /** Null where no price is known to be the one by which it was charged. */
  readonly price: Price | null;
  /** How many calls; null but for the first charge of the same calls, so that they can be added up. */
  readonly requests: number | null;
}

interface Group {
  readonly row: UsageRow;
  readonly price: Price | null;
  readonly usage: Usage;
}

/** Adds up the usage of one period, and says what it is charged. Holds one sum per series, billed model and price. */
export class FocusCharges {
  readonly #period: TimeRange;
  readonly #book: PriceBook;
  readonly #groups = new Map<string, Group>();

  constructor(period: TimeRange, book: PriceBook) {
    this.#period = period;
    this.#book = book;
  }

  add(row: UsageRow): void {
    const price = this.#explainingPrice(row);
    const { provider, model, bandFromTokens, serviceTier, reportedBy } = row.billed;
    const billed = [provider, model, bandFromTokens, serviceTier, reportedBy];
    const rates = price === null ? [] : [price.source, ...Object.values(price.rates)];
    // What no list has costs by the list what was reported (`asAWhole`). It is kept apart from what a list has, or
    // ListCost would depend on which minutes make up a period.
    const isReportedAlone = row.usage.listCostPicoUsd.value === 0n && row.usage.costPicoUsd.value !== 0n;
    const key = [
      row.tenantId,
      provider,
      model,
      row.route,
      row.model,
      row.provider,
      ...billed,
      isReportedAlone,
      ...rates,
    ];
    const name = key.join('\0');
    let group = this.#groups.get(name);
    if (group === undefined) this.#groups.set(name, (group = { row, price, usage: new Usage() }));
    addUsage(group.usage, row.usage);
  }

  /** In an order that is always the same. */
  finish(): readonly FocusCharge[] {
    const groups = [...this.#groups].sort(([a], [b]) => (a < b ? -1 : 1));
    return groups.flatMap(([, group]) => this.#chargesOf(group));
  }

  /** The book's price where it comes to exactly what is stored: else it has changed since, and explains nothing. */
  #explainingPrice(row: UsageRow): Price | null {
    const price = priceOfUsage(row, this.#book);
    if (price === null) return null;
    const bill = new BillSum();
    writeBill(row.usage, price.rates, bill);
    return bill.sum.value === row.usage.listCostPicoUsd.value ? price : null;
  }

  #chargesOf({ row, price, usage }: Group): readonly FocusCharge[] {
    const whole = { period: this.#period, row, price, requests: null };
    const pricedCalls = usage.calls - usage.freeCalls - usage.unpricedCalls;
    const tokens = tokensOf(usage);
    const charges: FocusCharge[] = [];
    if (pricedCalls > 0) {
      const costSource = sourceOf(row, usage);
      const parts = price === null ? [] : partsOf(usage, price);
      const lines = parts.length > 0 ? parts : [asAWhole(usage, tokens, pricedCalls)];
      const shares = allot(
        usage.costPicoUsd.value,
        lines.map(({ listCostPicoUsd }) => listCostPicoUsd),
      );
      for (const [index, line] of lines.entries()) {
        const requests = index === 0 ? pricedCalls : null;
        charges.push({ ...whole, ...line, billedCostPicoUsd: shares[index] ?? 0n, costSource, requests });
      }
    }
    if (usage.unpricedCalls > 0) {
      const isAll = pricedCalls === 0 && tokens > 0;
      const consumed = isAll
        ? { consumedQuantity: tokens, consumed: 'token' as const }
        : { consumedQuantity: usage.unpricedCalls, consumed: 'request' as const };
      charges.push({ ...whole, ...nothing('unpriced', usage.unpricedCalls), ...consumed, price: null });
    }
    if (usage.freeCalls > 0) charges.push({ ...whole, ...nothing('free', usage.freeCalls), price: null });
    return charges;
  }
}

function sourceOf({ billed }: UsageRow, { fileCalls }: Usage): CostSource {
  if (billed.reportedBy !== '') return billed.reportedBy;
  return fileCalls > 0 ? 'file' : 'list';
}

type Line = Pick<
  FocusCharge,
  | 'part'
  | 'pricingQuantity'
  | 'pricedBy'
  | 'consumedQuantity'
  | 'consumed'
  | 'unitPricePicoUsd'
  | 'listCostPicoUsd'
  | 'requests'
>;

function partsOf(usage: Usage, price: Price): readonly Omit<Line, 'requests'>[] {
  const lines: Omit<Line, 'requests'>[] = [];
  writeBill(usage, price.rates, {
    line: (part, count, rate) => {
      const unit = UNIT_OF_FEE[part] ?? 'token';
      const quantity = { pricingQuantity: count, pricedBy: unit, consumedQuantity: count, consumed: unit } as const;
      const unitPricePicoUsd = BigInt(rate);
      lines.push({ part, ...quantity, unitPricePicoUsd, listCostPicoUsd: BigInt(count) * unitPricePicoUsd });
    },
  });
  return lines;
}

const UNIT_OF_FEE: Readonly<Partial<Record<BillPart, Unit>>> = {
  request: 'request',
  grounded_request: 'request',
  web_search: 'search',
};

/** One charge for all: the list's price where that is stored, else the one that was reported. */
function asAWhole(usage: Usage, tokens: number, calls: number): Omit<Line, 'requests'> {
  const stored = usage.listCostPicoUsd.value;
  const cost = stored === 0n ? usage.costPicoUsd.value : stored;
  const consumed =
    tokens > 0
      ? ({ consumedQuantity: tokens, consumed: 'token' } as const)
      : ({ consumedQuantity: calls, consumed: 'request' } as const);
  return {
    part: 'mixed',
    pricingQuantity: 1,
    pricedBy: 'charge',
    ...consumed,
    unitPricePicoUsd: cost,
    listCostPicoUsd: cost,
  };
}

function nothing(part: 'unpriced' | 'free', calls: number) {
  return {
    part,
    pricingQuantity: calls,
    pricedBy: 'request',
    consumedQuantity: calls,
    consumed: 'request',
    unitPricePicoUsd: 0n,
    listCostPicoUsd: 0n,
    billedCostPicoUsd: 0n,
    costSource: part === 'free' ? 'free' : 'none',
    requests: calls,
  } as const;
}

const NO_TOKENS: ReadonlySet<string> = new Set([
  'calls',
  'unknownCalls',
  'freeCalls',
  'requestFees',
  'webSearches',
  'groundedRequests',
  'unpricedCalls',
  'listCalls',
  'fileCalls',
]);
const TOKENS = USAGE_SUMS.filter((field) => !NO_TOKENS.has(field));

function tokensOf(usage: Usage): number {
  return TOKENS.reduce((sum, field) => sum + usage[field], 0);
}

/** The amount in parts as the weights are, which add up to it exactly; what is left over goes to the first. */
export function allot(amount: bigint, weights: readonly bigint[]): readonly bigint[] {
  const whole = weights.reduce((sum, weight) => sum + weight, 0n);
  const shares = weights.map((weight) => (whole === 0n ? 0n : (amount * weight) / whole));
  const left = amount - shares.reduce((sum, share) => sum + share, 0n);
  return shares.map((share, index) => (index === 0 ? share + left : share));
}
