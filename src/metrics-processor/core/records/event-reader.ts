import type { EventTable, KeptField, KeptOf } from '../../../events/event-table.ts';
import { PlainEvent, VALUE } from '../../../events/plain-event.ts';

/** The numbers of an event's fields in `PlainEvent`, by name. */
export type FieldNumbers<Table extends EventTable> = { readonly [Name in keyof Table]: number };

/** Fixed at the start, so that reading a record looks up no name. */
export function fieldNumbers<Table extends EventTable>(event: PlainEvent, table: Table): FieldNumbers<Table> {
  const numbers = Object.keys(table).map((name) => [name, event.field(name)] as const);
  return Object.fromEntries(numbers) as FieldNumbers<Table>;
}

type Value = string | number | null;

/** Reads those fields of an event that a single call keeps as they were sent. */
export class KeptReader<Table extends EventTable> {
  readonly #event: PlainEvent;
  readonly #fields: readonly { readonly number: number; readonly field: string; readonly kind: KeptField['kind'] }[];
  /** Copied for each call, so that all of them are objects of one shape. */
  readonly #nothing: Readonly<Record<string, Value>>;

  constructor(event: PlainEvent, kept: readonly KeptField[]) {
    this.#event = event;
    this.#fields = kept.map(({ name, field, kind }) => ({ number: event.field(name), field, kind }));
    this.#nothing = Object.fromEntries(kept.map(({ field }) => [field, null]));
  }

  /** Null where the event has none of them. */
  read(): KeptOf<Table> | null {
    const { found } = this.#event;
    let values: Record<string, Value> | null = null;
    for (const { number, field, kind } of this.#fields) {
      if (found[number] !== VALUE) continue;
      values ??= { ...this.#nothing };
      values[field] = this.#value(number, kind);
    }
    return values as KeptOf<Table> | null;
  }

  #value(number: number, kind: KeptField['kind']): Value {
    if (kind === 'text') return this.#event.textAt(number);
    if (kind === 'object') return JSON.stringify(this.#event.objectOrNullAt(number));
    return this.#event.numbers[number] as number;
  }
}
