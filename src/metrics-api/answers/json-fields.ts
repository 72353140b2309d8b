/**
 * The fields of an object as JSON text, without its braces. An answer is kept in this form: what changes with each
 * asking, how complete it is, is written behind it, and 60 rows need not be written anew.
 */
export function jsonFields(object: object): string {
  return JSON.stringify(object).slice(1, -1);
}

/** The object whose fields are all of these, one after the other. */
export function jsonObject(...fields: readonly string[]): string {
  return `{${fields.filter((text) => text !== '').join(',')}}`;
}
