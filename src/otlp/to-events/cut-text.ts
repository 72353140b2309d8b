const DIMENSION_CHARS_MAX = 255;
/** Nothing to cut out, whatever reads it: most names are so, and one look tells it. */
const PLAIN = /^[ -~]*$/;

/** Null where nothing is left: a dimension has at least one character. */
export function dimension(text: string | null): string | null {
  return text === null ? null : cut(text, DIMENSION_CHARS_MAX) || null;
}

/** Cuts to UTF-16 units, as JSON Schema's `maxLength` may be counted by the strictest reader. */
export function cut(text: string, charsMax: number): string {
  if (text.length <= charsMax && PLAIN.test(text)) return text;
  // Postgres stores no NUL in a text, so that one call with it could never be committed.
  return text.replaceAll('\0', '').slice(0, charsMax).toWellFormed();
}
