import { COST_USD_MAX, TOKENS_MAX } from '../../events/fields.ts';

/** Null where nothing was said: an empty text is a filler. */
export function textFrom(raw: unknown): string | null {
  if (typeof raw === 'string') return raw === '' ? null : raw;
  if (typeof raw === 'number' || typeof raw === 'boolean') return String(raw);
  if (raw instanceof Uint8Array && raw.length > 0)
    return Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString();
  return null;
}

/** `"acme"` with its quotes is acme; what is no JSON string stays as it is. */
export function unquoted(raw: unknown): string | null {
  const text = textFrom(raw);
  if (text === null || !text.startsWith('"')) return text;
  const parsed = parseJson(text);
  return parsed === undefined ? text : textFrom(parsed);
}

/** A token count from an int, a double or a string. NaN, fractions, negative and absurd counts are no counts. */
export function countFrom(raw: unknown): number | null {
  const count = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw;
  if (typeof count !== 'number' || !Number.isInteger(count)) return null;
  return count >= 0 && count <= TOKENS_MAX ? count : null;
}

/** An amount of USD. A model call costs no million. */
export function costFrom(raw: unknown): number | null {
  const usd = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw;
  return typeof usd === 'number' && usd >= 0 && usd <= COST_USD_MAX ? usd : null;
}

/** xAI tells its charges in these. */
export const TICKS_PER_USD = 1e10;
/** And GitHub's Copilot in these: a credit is a US cent. */
export const NANO_CREDITS_PER_USD = 1e11;

/** An amount that is told in parts of a USD. */
export function partsOfUsd(raw: unknown, partsPerUsd: number): number | null {
  const parts = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw;
  return typeof parts === 'number' ? costFrom(parts / partsPerUsd) : null;
}

/** Undefined where the text is no JSON. */
export function parseJson(text: string): unknown {
  // Only what can be JSON is tried: an exception costs a hundred times more than this look.
  if (!/^\s*["[{\dtfn-]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function firstTextOf(raw: unknown): string | null {
  if (Array.isArray(raw)) return textFrom(raw[0]);
  const text = textFrom(raw);
  if (text === null || !text.startsWith('[')) return text;
  const parsed = parseJson(text);
  if (Array.isArray(parsed)) return textFrom(parsed[0]);
  // The repr of a list in Python, or of an array in Java.
  return /^\[\s*['"]?([\w -]+)/.exec(text)?.[1] ?? (text === '[]' ? null : text);
}

export function flagFrom(raw: unknown): boolean | null {
  if (typeof raw === 'boolean') return raw;
  const text = textFrom(raw)?.toLowerCase();
  if (text === 'true') return true;
  return text === 'false' ? false : null;
}

export function durationFrom(raw: unknown, msPerUnit: number): number | null {
  const amount = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw;
  return typeof amount === 'number' && Number.isFinite(amount) && amount >= 0 ? amount * msPerUnit : null;
}

/** `a.0.b` walks objects and arrays; own properties only, so that no path reaches a prototype. */
export function valueAt(root: unknown, path: string): unknown {
  let value = root;
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[step];
  }
  return value;
}
