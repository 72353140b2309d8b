import { invalidQuery } from '../http/invalid-query.ts';

/** Where a page ended, opaque to the client. */
export function encodeCursor(parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** @throws {Problem} 400 for anything but what `encodeCursor` gave for the same kinds of parts */
export function decodeCursor(text: string, kinds: readonly ('string' | 'number')[]): readonly (string | number)[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (Array.isArray(parts) && parts.length === kinds.length && parts.every((part, i) => typeof part === kinds[i])) {
      return parts as (string | number)[];
    }
  } catch {
    // Falls through to the one complaint.
  }
  throw invalidQuery([{ path: '/cursor', message: 'must be the next_cursor of an earlier answer to the same query' }]);
}
