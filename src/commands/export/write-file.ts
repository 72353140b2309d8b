import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface WrittenFile {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Writes a file under another name, and renames it when it is whole and on the disk: whoever finds the name finds all
 * of it. The next piece is asked for when the one before was written.
 *
 * @param mayKeep asked when all is written; false: nothing is left, and what was there before stays
 */
export async function writeFileWhole(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  mayKeep: () => boolean | Promise<boolean>,
): Promise<WrittenFile | null> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true });
  await removeLeftovers(directory);
  const unfinished = `${path}.${process.pid}.tmp`;
  try {
    const written = await writePieces(unfinished, pieces);
    if (!(await mayKeep())) return null;
    await rename(unfinished, path);
    return written;
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function writePieces(path: string, pieces: AsyncIterable<Uint8Array>): Promise<WrittenFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await open(path, 'w');
  try {
    for await (const piece of pieces) {
      await file.writeFile(piece);
      hash.update(piece);
      bytes += piece.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Of runs that were killed. */
async function removeLeftovers(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.endsWith('.tmp')) await rm(join(directory, name), { force: true });
  }
}
