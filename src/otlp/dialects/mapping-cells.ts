import { attributeKeysOf, type Field, MAPPING } from './mapping.ts';
import type { Source } from './source.ts';

/** One cell of the mapping table and its place there. */
export interface Cell {
  /** The number of the field, see `FIELD_NUMBERS`. */
  readonly field: number;
  /** 0 is trusted most. */
  readonly rank: number;
  readonly source: Source;
}

const FIELDS = Object.keys(MAPPING) as Field[];

export const FIELD_NUMBERS = Object.fromEntries(FIELDS.map((field, i) => [field, i])) as Readonly<
  Record<Field, number>
>;

const CELLS: readonly Cell[] = FIELDS.flatMap((name, field) =>
  MAPPING[name].map((source: Source, rank) => ({ field, rank, source })),
);

const isOfEvents = ({ source: { read } }: Cell): boolean => read === 'event' || read === 'event text';

/** Cells that are read from the events of a span, which most spans do not have. */
export const EVENT_CELLS: readonly Cell[] = CELLS.filter(isOfEvents);

/**
 * The table turned round: the cells that an attribute key feeds. A span has some ten attributes that mean something,
 * the table 130 cells: asking for what is there takes a tenth of asking for all that could be.
 */
export const CELLS_OF_KEY: ReadonlyMap<string, readonly Cell[]> = cellsOfKey();

function cellsOfKey(): Map<string, Cell[]> {
  const byKey = new Map<string, Cell[]>();
  for (const cell of CELLS) {
    if (isOfEvents(cell)) continue;
    for (const key of attributeKeysOf(cell.source)) byKey.set(key, [...(byKey.get(key) ?? []), cell]);
  }
  return byKey;
}
