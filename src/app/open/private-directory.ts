import { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

/**
 * Makes the data directory where it is not there, for this user alone: it holds metadata, user ids and error texts of
 * senders. Files made from now on, and our own that are there already, are for this user alone too. A directory that is
 * there keeps its mode, since volumes are made by others.
 *
 * @throws when it cannot be made, or the path is no directory
 */
export function makePrivateDirectory(path: string): void {
  makeDirectory(path);
  // Files that SQLite makes beside its database (-wal, -shm) take the mode of that.
  process.umask(0o777 & ~DIRECTORY_MODE);
  for (const name of readdirSync(path)) {
    if (/\.sqlite(-wal|-shm)?$/.test(name)) makePrivate(join(path, name));
  }
}

/** Not `mkdir` with `recursive`, which never ends below /proc. */
function makeDirectory(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() === true) return;
  if (stats !== undefined) throw new Error('it is no directory');
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  mkdirSync(path, { mode: DIRECTORY_MODE });
}

/** A file of another user stays as it is: it could be opened, so that is how they wanted it. */
function makePrivate(path: string): void {
  try {
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, FILE_MODE);
  } catch {
    // Gone meanwhile, or not ours.
  }
}
