/** Attributes by their names, as tests write them. */
export type NamedValues = Readonly<Record<string, string | number | boolean>>;

/** Attributes as an export in JSON has them; numbers are whole. */
export function jsonAttributes(named: NamedValues) {
  return Object.entries(named).map(([key, value]) => ({ key, value: jsonValue(value) }));
}

function jsonValue(value: string | number | boolean): object {
  if (typeof value === 'string') return { stringValue: value };
  return typeof value === 'boolean' ? { boolValue: value } : { intValue: value };
}
