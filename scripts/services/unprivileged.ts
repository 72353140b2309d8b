import { chownSync, readFileSync } from 'node:fs';
import type { ProgramCall } from './program-call.ts';

/** Who runs what refuses to run as root, in this order. */
const USERS = ['postgres', 'nobody'];

interface User {
  readonly uid: number;
  readonly gid: number;
}

/** The command as it is, or for root run by another user. `setpriv` becomes the program, so signals and pid are its own. */
export function asUnprivileged(program: string, options: readonly string[]): ProgramCall {
  if (process.getuid?.() !== 0) return { program, options };
  const { uid, gid } = unprivilegedUser();
  return { program: 'setpriv', options: [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', program, ...options] };
}

/** Makes the file or folder that of the user whom `asUnprivileged` chooses. */
export function giveTo(path: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = unprivilegedUser();
  chownSync(path, uid, gid);
}

function unprivilegedUser(): User {
  const entries = readFileSync('/etc/passwd', 'utf8').split('\n');
  const entry = USERS.map((name) => entries.find((line) => line.startsWith(`${name}:`))).find(
    (line) => line !== undefined,
  );
  const [, , uid, gid] = entry?.split(':') ?? [];
  if (uid === undefined || gid === undefined)
    throw new Error(`None of the users ${USERS.join(', ')} exists to run Postgres`);
  return { uid: Number(uid), gid: Number(gid) };
}
