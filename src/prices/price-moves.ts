import type { ModelInfo } from '@pydantic/genai-prices';
import { libraryPeriods } from './library-prices.ts';
import type { Rates } from './price-book.ts';
import type { PriceList } from './price-list.ts';
import { periodAt } from './price-period.ts';

/** A move by more than this is more often a slip of the list than a new price. */
const FACTOR_MAX = 5;

export interface PriceMove {
  /** `openai gpt-4.1-mini` */
  readonly model: string;
  readonly part: keyof Rates;
  /** 10^-12 USD a piece. */
  readonly before: number;
  readonly after: number;
  readonly isLarge: boolean;
}

export interface ListChange {
  readonly moves: readonly PriceMove[];
  readonly addedModels: number;
  readonly removedModels: readonly string[];
}

/** What a new list changes, in the prices that hold at `atMs`. */
export function changesOf(before: PriceList, after: PriceList, atMs: number): ListChange {
  const [known, next] = [ratesOf(before, atMs), ratesOf(after, atMs)];
  const moves: PriceMove[] = [];
  for (const [model, bands] of known) {
    const later = next.get(model);
    if (later === undefined || bands === null || later === null) continue;
    for (const [index, rates] of bands.entries()) moves.push(...movesOf(model, rates, later[index] ?? rates));
  }
  return {
    moves,
    addedModels: [...next.keys()].filter((model) => !known.has(model)).length,
    removedModels: [...known.keys()].filter((model) => !next.has(model)),
  };
}

function movesOf(model: string, before: Rates, after: Rates): readonly PriceMove[] {
  return (Object.keys(before) as (keyof Rates)[])
    .filter((part) => before[part] !== after[part])
    .map((part) => {
      const [low, high] = [Math.min(before[part], after[part]), Math.max(before[part], after[part])];
      return { model, part, before: before[part], after: after[part], isLarge: high > FACTOR_MAX * low };
    });
}

/** The price bands of each model; null where tokens have no price. */
function ratesOf(list: PriceList, atMs: number): ReadonlyMap<string, readonly Rates[] | null> {
  const bandsOf = (providerId: string, model: ModelInfo): readonly Rates[] | null =>
    periodAt(libraryPeriods(providerId, model, list), atMs)?.bands?.map(({ rates }) => rates) ?? null;
  return new Map(
    list.providers.flatMap(({ id, models }) =>
      models.map((model) => [`${id} ${model.id}`, bandsOf(id, model)] as const),
    ),
  );
}
