import type { KeptFiltersOf } from '../events/event-table.ts';
import type { REQUEST_FIELDS } from '../events/llm-request.ts';
import type { RESPONSE_FIELDS } from '../events/llm-response.ts';
import { CALL_KEPT } from './call-columns.ts';

/** The kept fields by which calls are found. Null: any. */
export type KeptFilters = KeptFiltersOf<typeof REQUEST_FIELDS & typeof RESPONSE_FIELDS>;

const KEPT_FILTERS = CALL_KEPT.flatMap(({ field, filter }) =>
  filter === undefined ? [] : [field as keyof KeptFilters],
);

/** The fields of a call that a question may want to be equal to a text. */
export const CALL_EQUALITIES = ['route', 'model', 'provider', 'status', 'errorKind', ...KEPT_FILTERS] as const;

export const ANY_KEPT: KeptFilters = keptFilters(() => null);

/** Asks for every call, whatever is known of it. */
export const ANY_CALL = {
  ...ANY_KEPT,
  route: null,
  model: null,
  provider: null,
  status: null,
  hasError: null,
  errorKind: null,
  latencyMsMin: null,
  latencyMsMax: null,
  metadata: new Map<string, string>(),
} as const;

export function keptFilters(valueOf: (name: string) => string | null): KeptFilters {
  const filters = CALL_KEPT.filter(({ filter }) => filter !== undefined);
  return Object.fromEntries(filters.map(({ name, field }) => [field, valueOf(name)])) as unknown as KeptFilters;
}
