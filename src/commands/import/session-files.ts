import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';

export interface SessionFile {
  readonly path: string;
  readonly bytes: number;
}

/**
 * All files below the folders whose path says that they are sessions, or the one file that is named; in the order of
 * their paths.
 */
export function findSessionFiles(paths: readonly string[], isSession: (path: string) => boolean): SessionFile[] {
  const found = new Map<string, SessionFile>();
  const add = (path: string) => {
    const { size } = statSync(path);
    found.set(path, { path, bytes: size });
  };
  for (const path of paths) {
    if (!statSync(path).isDirectory()) add(path);
    else {
      for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
        const inside = join(entry.parentPath, entry.name);
        if (entry.isFile() && isSession(inside)) add(inside);
      }
    }
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

const CHUNK_BYTES = 256 * 1024;
/** A longer line holds pictures or a whole file, and no usage that would be worth the memory. */
const LINE_CHARS_MAX = 64 * 1024 * 1024;

/** The lines of a file that are not empty, one chunk of it in memory at a time. A line beyond the limit is left out. */
export function* linesOf(path: string): Generator<string> {
  for (const line of allLinesOf(path)) if (line !== '') yield line;
}

/** With the empty ones; a line beyond the limit is an empty one. */
export function* allLinesOf(path: string): Generator<string> {
  const file = openSync(path, 'r');
  const decoder = new StringDecoder('utf8');
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let rest = '';
  let isTooLong = false;
  try {
    for (;;) {
      const bytes = readSync(file, chunk, 0, CHUNK_BYTES, null);
      const text = rest + (bytes === 0 ? decoder.end() : decoder.write(chunk.subarray(0, bytes)));
      const lines = text.split('\n');
      rest = bytes === 0 ? '' : (lines.pop() ?? '');
      for (const line of lines) {
        yield isTooLong ? '' : line;
        isTooLong = false;
      }
      if (rest.length > LINE_CHARS_MAX) [rest, isTooLong] = ['', true];
      if (bytes === 0) return;
    }
  } finally {
    closeSync(file);
  }
}
