import { TOKENS_MAX } from '../../events/fields.ts';

/** An object of which these fields are read; whether they are there, and what they hold, nobody promised. */
export type Fields<Name extends string> = Readonly<Partial<Record<Name, unknown>>>;

const TEXT_CHARS_MAX = 255;

/** @returns null where the text is no JSON object */
export function parseObject<Name extends string>(text: string): Fields<Name> | null {
  try {
    return objectOf<Name>(JSON.parse(text));
  } catch {
    return null;
  }
}

export function objectOf<Name extends string>(value: unknown): Fields<Name> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields<Name>) : null;
}

/** A text that an event may hold as one of its dimensions; else null. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && !value.includes('\0') ? value.slice(0, TEXT_CHARS_MAX) : null;
}

/** A count that an event may hold; else null, which means unknown. */
export function tokensOf(value: unknown): number | null {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= TOKENS_MAX ? Number(value) : null;
}

/** @returns null where the first is unknown; further parts that are missing count as none */
export function tokenSum(first: unknown, ...parts: readonly unknown[]): number | null {
  const start = tokensOf(first);
  if (start === null) return null;
  return tokensOf(parts.reduce<number>((sum, part) => sum + (tokensOf(part) ?? 0), start));
}

const TIME_MS_MAX = Date.UTC(2200, 0, 1);

/** RFC 3339 or ms since the Unix epoch, in the years that an event may have; else null. */
export function instantOf(value: unknown): number | null {
  const atMs = typeof value === 'number' ? Math.trunc(value) : Date.parse(typeof value === 'string' ? value : '');
  return atMs >= 0 && atMs < TIME_MS_MAX ? atMs : null;
}

/** Those of the fields that are known. */
export function knownTexts(fields: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => {
      const text = textOf(value);
      return text === null ? [] : [[name, text]];
    }),
  );
}
