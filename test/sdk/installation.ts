import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Something to install: from which list, and the file that tells that this list is installed. */
export interface Installation {
  readonly list: string;
  readonly marker: string;
  /** Held while installing. It may not lie in what the installation replaces. */
  readonly lock: string;
}

/** Whether the list is installed as it is now, and not an older one. */
export function isInstalled({ list, marker }: Installation): boolean {
  return textOf(marker) === readFileSync(list, 'utf8');
}

/** Installs unless it is there. Test files run side by side in processes of their own, so one of them does it and the others wait. */
export async function installOnce(installation: Installation, install: () => Promise<void>): Promise<void> {
  const { list, marker, lock } = installation;
  mkdirSync(dirname(lock), { recursive: true });
  while (!isInstalled(installation)) {
    if (!tookLock(lock)) {
      await sleep(500);
      continue;
    }
    try {
      if (isInstalled(installation)) return;
      await install();
      // Written last: an installation that was cut off is begun again.
      writeFileSync(marker, readFileSync(list, 'utf8'));
    } finally {
      rmSync(lock, { force: true });
    }
  }
}

/** Takes the lock, if nobody has it. One whose process is gone is removed, and is free at the next try. */
function tookLock(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    const owner = Number(textOf(lock) ?? 0);
    if (owner > 0 && !isAlive(owner)) rmSync(lock, { force: true });
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
