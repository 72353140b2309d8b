import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { servicesDirectory } from './services-directory.ts';

/** A first download takes about 20 s; a slow registry may take minutes. */
const DOWNLOAD_MS_MAX = 300_000;

/**
 * Fills a folder with what Maven fetches, once: later runs find it there.
 *
 * @param goal Maven's arguments, for the folder that it is to fill
 */
export async function fetchOnce(
  directory: string,
  what: string,
  goal: (fetched: string) => readonly string[],
): Promise<void> {
  const lock = `${directory}.fetching`;
  const giveUpAtMs = Date.now() + DOWNLOAD_MS_MAX;
  while (!existsSync(directory)) {
    if (takeLock(lock)) {
      try {
        if (!existsSync(directory)) await fetchInto(directory, goal);
      } finally {
        rmSync(lock, { recursive: true });
      }
    } else if (Date.now() > giveUpAtMs) {
      throw new Error(
        `Another process has been fetching ${what} for ${DOWNLOAD_MS_MAX} ms. If none is, remove ${lock}`,
      );
    } else await sleep(200);
  }
}

/** Test files run side by side, and Maven's local repository does not bear two writers well. */
function takeLock(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    return false;
  }
}

async function fetchInto(directory: string, goal: (fetched: string) => readonly string[]): Promise<void> {
  const fetched = mkdtempSync(join(servicesDirectory(), 'partial-'));
  // Maven notes in the working directory what it unpacked, and unpacks nothing where it finds such a note.
  await promisify(execFile)('mvn', ['-q', '-B', ...goal(fetched)], { cwd: fetched, timeout: DOWNLOAD_MS_MAX });
  // Moved when complete: a broken download must not look like a good one.
  renameSync(fetched, directory);
}
