/**
 * Says where a field of a call comes from in a row of an export:
 *
 *     "usage.prompt_tokens"               a column, or a path into an object or into JSON in a column
 *     ["model_group", "model"]            the first that is known
 *     { "sum": ["input", "cache_read"] }  what is known of them added up; unknown where the first is
 *     { "from": "seconds", "times": 1000 }
 *     { "from": "status", "map": { "ok": null, "failed": "error" } }  what is not listed is unknown
 *     { "value": "gateway" }              the same for every row
 */
export type Expression =
  | string
  | readonly Expression[]
  | { readonly sum: readonly Expression[] }
  | { readonly from: Expression; readonly times: number }
  | { readonly from: Expression; readonly map: Readonly<Record<string, string | number | boolean | null>> }
  | { readonly value: string | number | boolean };

export type Row = Record<string, unknown>;

/** How exports write that there is nothing. */
const NOTHING: ReadonlySet<unknown> = new Set([undefined, null, '', '-', 'None', 'null', 'NULL', '\\N']);

/** @returns null for what is not known */
export function evaluate(expression: Expression, row: Row): unknown {
  if (typeof expression === 'string') return known(valueAt(row, expression));
  if (isList(expression)) {
    for (const each of expression) {
      const value = evaluate(each, row);
      if (value !== null) return value;
    }
    return null;
  }
  if ('sum' in expression) return sumOf(expression.sum, row);
  if ('value' in expression) return expression.value;
  const value = evaluate(expression.from, row);
  if (value === null) return null;
  if ('times' in expression) return isNumber(value) ? Number(value) * expression.times : value;
  const word = wordOf(value);
  return Object.hasOwn(expression.map, word) ? (expression.map[word] ?? null) : null;
}

/** A value as a text; objects and lists as their JSON. */
export function wordOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The columns that an expression looks at, for people. */
export function pathsOf(expression: Expression): string[] {
  if (typeof expression === 'string') return [expression];
  if (isList(expression)) return expression.flatMap(pathsOf);
  if ('sum' in expression) return expression.sum.flatMap(pathsOf);
  return 'from' in expression ? pathsOf(expression.from) : [];
}

function isList(expression: Expression): expression is readonly Expression[] {
  return Array.isArray(expression);
}

function known(value: unknown): unknown {
  return NOTHING.has(typeof value === 'string' ? value.trim() : value) ? null : value;
}

function isNumber(value: unknown): boolean {
  return (
    typeof value === 'number' || (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)))
  );
}

/** @returns what is no number as it is, so that its reader complains of it */
function sumOf(parts: readonly Expression[], row: Row): unknown {
  let sum = 0;
  for (const [index, part] of parts.entries()) {
    const value = evaluate(part, row);
    if (value === null && index === 0) return null;
    if (value === null) continue;
    if (!isNumber(value)) return value;
    sum += Number(value);
  }
  return sum;
}

/** A name may hold dots itself (`gen_ai.request.model`), so the longest one that is there goes first. */
function valueAt(holder: unknown, path: string): unknown {
  const object = objectIn(holder);
  if (object === null) return undefined;
  if (Object.hasOwn(object, path)) return object[path];
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const name = path.slice(0, dot);
    if (!Object.hasOwn(object, name)) continue;
    const inner = unfolded(object, name);
    const value = valueAt(inner, path.slice(dot + 1));
    if (value !== undefined) return value;
  }
  return undefined;
}

function objectIn(value: unknown): Row | null {
  return typeof value === 'object' && value !== null ? (value as Row) : null;
}

/** JSON in a text is read once: the object takes its place in the row. */
function unfolded(object: Row, name: string): unknown {
  const value = object[name];
  if (typeof value !== 'string' || !/^\s*[{[]/.test(value)) return value;
  try {
    object[name] = JSON.parse(value) as unknown;
  } catch {
    // It only looked like JSON.
  }
  return object[name];
}
