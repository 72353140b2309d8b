import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What a directory's files take on disk, in MB of 2^20 bytes; files that vanish meanwhile do not count. */
export function directoryMb(directory: string): number {
  let bytes = 0;
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const stat = statSync(join(directory, name), { throwIfNoEntry: false });
    // A block is 512 bytes, whatever the file system works with.
    if (stat?.isFile() === true) bytes += stat.blocks * 512;
  }
  return Math.round(bytes / 2 ** 20);
}
