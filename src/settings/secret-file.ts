import { closeSync, openSync, readSync } from 'node:fs';
import type { Reading } from './setting-kinds.ts';

/** More than any password, token or connection URL; a file of the wrong kind is not read to its end. */
const SECRET_BYTES_MAX = 65_536;

/** What a secret's file holds, without the line breaks that editors put at the end. */
export function readSecretFile(path: string): Reading<string> {
  const expected = (what: string): Reading<string> => ({ ok: false, expected: what });
  let bytes: Buffer;
  try {
    bytes = firstBytes(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return expected(`a file that can be read (${code ?? message})`);
  }
  if (bytes.length > SECRET_BYTES_MAX) return expected(`a file of at most ${SECRET_BYTES_MAX} bytes`);
  const value = bytes.toString('utf8').replace(/[\r\n]+$/, '');
  return value === '' ? expected('a file with the secret in it, and this one is empty') : { ok: true, value };
}

/** By reading until it ends, as a pipe (`/dev/fd/63`) does not say how long it is. */
function firstBytes(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(SECRET_BYTES_MAX + 1);
    let length = 0;
    while (length < bytes.length) {
      const count = readSync(file, bytes, length, bytes.length - length, null);
      if (count === 0) break;
      length += count;
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(file);
  }
}

/**
 * For what opens connections for months: the secret as the file holds it now, since whoever rotates it writes the file
 * anew. While the file cannot be read, or holds nothing, the last one stands.
 */
export function rereadSecret(path: string, first: string): () => string {
  let last = first;
  return () => {
    const reading = readSecretFile(path);
    if (reading.ok) last = reading.value;
    return last;
  };
}
