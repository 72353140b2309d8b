/** A usage object takes some 700 characters; what is longer is none, and is not read. */
const REPR_CHARS_MAX = 16_384;
const REPR_DEPTH_MAX = 8;

/** A string, a name or a number, a bracket or a separator, after white space. A string may hold escaped quotes. */
const TOKEN = /\s*(?:(['"])((?:(?!\1)[^\\]|\\.)*)\1|([\w.+-]+)|([{}[\](),:=]))/gsy;

/**
 * The whole numbers in the repr of a Python object, by dotted path: `{'a': 1, 'b': Details(c=2)}` has `a` 1 and `b.c`
 * 2.
 *
 * Dicts and objects are walked, entries of lists are not. Nothing is evaluated: what is no number of digits only
 * (None, True, 1.5, text) is passed over. Where the text is cut off or is no repr, reading ends with what was
 * complete until there: a number counts only with the comma or bracket after it, or else 1024 might be read as 10.
 */
export function reprCounts(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  if (text.length > REPR_CHARS_MAX) return counts;
  /** The path of each open bracket; null within a list, where entries have no name. */
  const open: (string | null)[] = [];
  let name: string | null = null;
  let last = '';
  for (const [, , quoted, word, mark] of text.matchAll(TOKEN)) {
    const path = open.at(-1) ?? null;
    if (mark === undefined) {
      last = quoted === undefined ? (word ?? '') : `'${quoted}'`;
    } else if (mark === ':' || mark === '=') {
      name = last.replace(/^'(.*)'$/s, '$1');
    } else if (mark === '{' || mark === '(' || mark === '[') {
      if (open.length === REPR_DEPTH_MAX) break;
      const isNamed = mark !== '[' && path !== null && name !== null;
      open.push(isNamed ? `${path}${name}.` : mark !== '[' && open.length === 0 ? '' : null);
      [name, last] = [null, ''];
    } else {
      if (path !== null && name !== null && /^\d{1,15}$/.test(last)) counts.set(`${path}${name}`, Number(last));
      [name, last] = [null, ''];
      if (mark !== ',') open.pop();
    }
  }
  return counts;
}
