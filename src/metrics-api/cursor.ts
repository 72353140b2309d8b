import { invalidQuery } from '../http/invalid-query.ts';
import type { Problem } from '../http/problem.ts';

type Kind = 'string' | 'number';
type Parts<K extends readonly Kind[]> = { readonly [I in keyof K]: K[I] extends 'string' ? string : number };

/** Where a page ended, opaque to the client. */
export function encodeCursor(parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** @throws {Problem} 400 for anything but what `encodeCursor` gave for the same kinds of parts */
export function decodeCursor<const K extends readonly Kind[]>(text: string, kinds: K): Parts<K> {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (Array.isArray(parts) && parts.length === kinds.length && parts.every((part, i) => isOf(part, kinds[i]))) {
      return parts as unknown as Parts<K>;
    }
  } catch {
    // Falls through to the one complaint.
  }
  throw invalidCursor();
}

/** What is said of one that is none, or of another question. */
export function invalidCursor(): Problem {
  return invalidQuery([{ path: '/cursor', message: 'must be the next_cursor of an earlier answer to the same query' }]);
}

/** A number of a cursor is an instant or a latency. */
function isOf(part: unknown, kind: Kind | undefined): boolean {
  return kind === 'number' ? typeof part === 'number' && part >= 0 && part <= NUMBER_MAX : typeof part === kind;
}

const NUMBER_MAX = Date.UTC(2300, 0, 1);
