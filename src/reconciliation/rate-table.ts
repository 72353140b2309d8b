import type { Charge, OurUsage, Place, PriceLookup, TheirUsage } from './question.ts';
import { at, type ByPart, NO_TOKENS, PARTS, partIndex, plus } from './tokens.ts';

const DAY_MS = 86_400_000;

/**
 * What a token is worth at each place: the list price of its day, model and tier. Where prices depend on the size of
 * the prompt, the mean of the bands that our calls of that day were in. Where no list has the model, what is charged.
 */
export class RateTable {
  readonly #prices: PriceLookup;
  readonly #bands: ReadonlyMap<string, readonly OurUsage[]>;
  readonly #charged: ReadonlyMap<string, ByPart>;
  readonly #known = new Map<string, { readonly rates: ByPart; readonly isListed: boolean }>();

  constructor(question: {
    readonly prices: PriceLookup;
    readonly ours: readonly OurUsage[];
    readonly theirs: readonly TheirUsage[];
    readonly charges: readonly Charge[] | null;
  }) {
    this.#prices = question.prices;
    this.#bands = Map.groupBy(question.ours, rateId);
    this.#charged = chargedRates(question);
  }

  at(place: Place): ByPart {
    return this.#find(place).rates;
  }

  isListed(place: Place): boolean {
    return this.#find(place).isListed;
  }

  #find(place: Place) {
    const id = rateId(place);
    let found = this.#known.get(id);
    if (found === undefined) {
      const listed = this.#listed(place, this.#bands.get(id) ?? []);
      const rates = listed ?? this.#charged.get(this.#prices.familyOf(place.model)) ?? NO_TOKENS;
      this.#known.set(id, (found = { rates, isListed: listed !== null }));
    }
    return found;
  }

  #listed({ startMs, model, tier }: Place, rows: readonly OurUsage[]): ByPart | null {
    const inBand = (bandFromTokens: number) => this.#prices.ratesOf({ model, tier, atMs: startMs, bandFromTokens });
    const base = inBand(0);
    if (base === null || rows.every(({ bandFromTokens }) => bandFromTokens === 0)) return base;
    const bands = new Map<number, ByPart>();
    for (const row of rows) {
      bands.set(row.bandFromTokens, plus(bands.get(row.bandFromTokens) ?? NO_TOKENS, row.tokens));
    }
    return PARTS.map((_, index) => {
      let [tokens, worth] = [0, 0];
      for (const [band, inside] of bands) {
        // A call of the band has more tokens than the band begins with.
        const rate = at((band === 0 ? base : inBand(band + 1)) ?? base, index);
        tokens += at(inside, index);
        worth += at(inside, index) * rate;
      }
      return tokens === 0 ? at(base, index) : Math.round(worth / tokens);
    });
  }
}

function rateId({ startMs, model, tier }: Place): string {
  return `${Math.floor(startMs / DAY_MS)}\0${model}\0${tier}`;
}

/** By family of models: the mean of what is charged for a token, part by part where the report tells parts apart. */
function chargedRates({
  charges,
  theirs,
  prices,
}: {
  readonly charges: readonly Charge[] | null;
  readonly theirs: readonly TheirUsage[];
  readonly prices: PriceLookup;
}): ReadonlyMap<string, ByPart> {
  const rates = new Map<string, ByPart>();
  const charged = (charges ?? []).filter(({ model }) => model !== null);
  const usage = Map.groupBy(theirs, ({ model }) => prices.familyOf(model));
  for (const [family, lines] of Map.groupBy(charged, ({ model }) => prices.familyOf(model ?? ''))) {
    const tokens = (usage.get(family) ?? []).reduce<ByPart>((sum, row) => plus(sum, row.tokens), NO_TOKENS);
    const blended = rateOf(
      lines.filter(({ part }) => part === null),
      tokens.reduce((sum, count) => sum + count, 0),
    );
    const byPart = PARTS.map((part) => {
      const ofPart = lines.filter((line) => line.part === part);
      return ofPart.length === 0 ? blended : rateOf(ofPart, at(tokens, partIndex(part)));
    });
    rates.set(family, byPart);
  }
  return rates;
}

function rateOf(lines: readonly Charge[], tokens: number): number {
  const picoUsd = lines.reduce((sum, line) => sum + line.picoUsd, 0n);
  return tokens === 0 ? 0 : Math.round(Number(picoUsd) / tokens);
}
