import { hash } from 'node:crypto';
import { invalidQuery } from '../http/invalid-query.ts';
import type { Problem } from '../http/problem.ts';

type Kind = 'string' | 'number';
type Parts<K extends readonly Kind[]> = { readonly [I in keyof K]: K[I] extends 'string' ? string : number };

/** What a query asks for, by parameter, a few letters of the hash of each. */
export type Asked = Readonly<Record<string, string>>;

/** A place among rows stays one whatever the range is, and however many are wanted or what is told of them. */
const MAY_CHANGE: ReadonlySet<string> = new Set(['cursor', 'limit', 'from', 'to', 'quantiles', 'count']);

/** @param query parameters with the values that hold, defaults among them, so that equal questions are told alike */
export function askedOf(query: object): Asked {
  const asked = Object.entries(query).filter(
    ([name, value]) => value !== undefined && value !== null && !MAY_CHANGE.has(name),
  );
  return Object.fromEntries(
    asked.map(([name, value]) => [name, hash('sha256', JSON.stringify(value), 'base64url').slice(0, 6)]),
  );
}

/** Where a page of these rows ended, opaque to the client. */
export function encodeCursor(parts: readonly (string | number)[], asked: Asked): string {
  return Buffer.from(JSON.stringify([...parts, asked])).toString('base64url');
}

/**
 * In the rows of another step or filter a place would be one between any two, and rows be left out or told twice.
 *
 * @throws {Problem} 400 for anything but what `encodeCursor` gave for the same kinds of parts and the same query
 */
export function decodeCursor<const K extends readonly Kind[]>(text: string, kinds: K, asked: Asked): Parts<K> {
  const [parts, then] = partsOf(text, kinds);
  const changed = [...new Set([...Object.keys(then), ...Object.keys(asked)])].filter(
    (name) => then[name] !== asked[name],
  );
  if (changed.length > 0) throw invalidCursor(`, which had another ${changed.join(' and another ')}`);
  return parts as unknown as Parts<K>;
}

function partsOf(text: string, kinds: readonly Kind[]): readonly [parts: readonly unknown[], asked: Asked] {
  try {
    const read: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (Array.isArray(read) && read.length === kinds.length + 1) {
      const parts: readonly unknown[] = read.slice(0, -1);
      const asked: unknown = read.at(-1);
      if (isAsked(asked) && parts.every((part, i) => isOf(part, kinds[i]))) return [parts, asked];
    }
  } catch {
    // Falls through to the one complaint.
  }
  throw invalidCursor();
}

function invalidCursor(difference = ''): Problem {
  const message = `must be the next_cursor of an earlier answer to the same query${difference}`;
  return invalidQuery([{ path: '/cursor', message }]);
}

/** The names come back from a client, and into an answer: only what may be one of a parameter. */
function isAsked(value: unknown): value is Asked {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(([name, word]) => NAME.test(name) && typeof word === 'string');
}

const NAME = /^[^\s,]{1,120}$/;

/** A number of a cursor is an instant or a latency. */
function isOf(part: unknown, kind: Kind | undefined): boolean {
  return kind === 'number' ? typeof part === 'number' && part >= 0 && part <= NUMBER_MAX : typeof part === kind;
}

const NUMBER_MAX = Date.UTC(2300, 0, 1);
