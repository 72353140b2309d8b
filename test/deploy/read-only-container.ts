import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What is run, and in what. */
export interface Run {
  readonly root: string;
  readonly dataDir: string;
  readonly workingDir: string;
  /** A number, of the user and of its only group. */
  readonly user: string;
  readonly env: readonly string[];
  readonly command: readonly string[];
}

// The three capabilities are what `chroot` needs to leave them behind: they go with the user, and nobody may get one again.
const SCRIPT = `
set -eu
root=$1; data=$2; user=$3; folder=$4; shift 4
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --bind "$data" "$root/data"
mount -t tmpfs -o size=64m,mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o size=1m,mode=755 tmpfs "$root/dev"
for device in null zero urandom; do touch "$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"; done
mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs --inh-caps=-all --bounding-set=-all,+sys_chroot,+setuid,+setgid \\
  chroot --userspec="$user:$user" --groups= "$root" /usr/bin/env --ignore-environment --chdir="$folder" "$@"
`;

/**
 * Runs a command of an image as a container would: namespaces of its own for mounts and processes, in which it is process 1,
 * a read-only root, no capability and no way to get one, and no user but the given one. Only the data directory and `/tmp`
 * can be written. The network is this machine's.
 *
 * By `unshare` and `chroot`: crun refuses the control groups of a machine that has both versions of them.
 */
export function runReadOnly({ root, dataDir, workingDir, user, env, command }: Run): ChildProcess {
  const args = ['--mount', '--pid', '--fork', '--kill-child', 'bash', '-c', SCRIPT, 'container', root, dataDir];
  return spawn('unshare', [...args, user, workingDir, ...env, ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Of the process that is number 1 inside; signals go to it. */
export function processIdInside(container: ChildProcess): number {
  const { pid = 0 } = container;
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
}
