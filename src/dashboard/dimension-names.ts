import type { MetricsRow } from './api-answers.ts';

/** One of METRIC_DIMENSIONS: by what calls are summed beside tenant, route and model. */
export type DimensionName = 'user' | 'session' | 'agent' | 'team' | `metadata.${string}`;

/** One value of a dimension, that a page is narrowed to. */
export interface DimensionPick {
  readonly name: DimensionName;
  readonly value: string;
}

export function isDimensionName(name: string): name is DimensionName {
  return /^(user|session|agent|team|metadata\..+)$/.test(name);
}

/** As it stands over a column or on a switch: `User`, `cost_center`. */
export function dimensionLabel(name: DimensionName): string {
  const word = dimensionWord(name);
  return name.startsWith('metadata.') ? word : word.charAt(0).toUpperCase() + word.slice(1);
}

/** As it stands in a sentence. */
export function dimensionWord(name: DimensionName): string {
  return name.replace('metadata.', '');
}

/** The field of a request that says it. */
export function dimensionField(name: DimensionName): string {
  if (name === 'user') return 'user_id_hash';
  if (name === 'session') return 'session_id';
  return name.startsWith('metadata.') ? name : `metadata.${name}`;
}

export function valueOf(row: Partial<MetricsRow>, name: DimensionName): string {
  const value: unknown = Reflect.get(row, name);
  return typeof value === 'string' ? value : '';
}

/** Whether it is no value that a call has: the rest of them, or what is of nobody. */
export function isReservedValue(value: string): boolean {
  return value === '__none__' || value === '__overflow__' || value === '__repriced__';
}

/** A value in words: some stand for no value of a call. */
export function valueText(value: string, name: DimensionName): string {
  if (value === '__none__') return `no ${dimensionWord(name)}`;
  if (value === '__overflow__') return 'beyond the limit of a day';
  return value === '__repriced__' ? 'prices that changed later' : value;
}

/** By which parameters a page is narrowed to a value; none where it shows all. */
export function filterOf(only: DimensionPick | null): Readonly<Record<string, string>> {
  return only === null ? {} : { [only.name]: only.value };
}

/** By which parameters single calls of a value are listed; null where none tells them. */
export function callFilterOf({ name, value }: DimensionPick): Readonly<Record<string, string>> | null {
  if (isReservedValue(value)) return null;
  if (name === 'user') return { user_id_hash: value };
  if (name === 'session') return { session_id: value };
  // Of an agent or a team several keys of the metadata may tell.
  return name.startsWith('metadata.') ? { metadata: JSON.stringify({ [dimensionWord(name)]: value }) } : null;
}

/** As choices of a switch. */
export function optionsOf(names: readonly DimensionName[]) {
  return names.map((value) => ({ value, label: dimensionLabel(value) }));
}

/** Narrows a page to a value: of the tenant of its row, as another one's of the same name is another. */
export function pickOf(only: DimensionPick, tenant: string | undefined) {
  return { only, ...(tenant === undefined ? {} : { tenant }) };
}
