/**
 * Whether the top-level fields of `metadata` (JSON text) equal the wanted texts: a string by its value, a number or
 * boolean by its JSON text. Done here and not in SQL, so that all stores agree on every strange number and text.
 */
export function metadataMatches(metadata: string | null, wanted: ReadonlyMap<string, string>): boolean {
  if (wanted.size === 0) return true;
  if (metadata === null) return false;
  const fields = parseObject(metadata);
  if (fields === null) return false;
  for (const [name, text] of wanted) {
    if (!Object.hasOwn(fields, name)) return false;
    const value = fields[name];
    if (typeof value === 'string' ? value !== text : JSON.stringify(value) !== text) return false;
  }
  return true;
}

/** Null where the text is no JSON object: metadata comes from outside. */
function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
