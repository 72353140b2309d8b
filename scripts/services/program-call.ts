import { spawnSync } from 'node:child_process';

/** What to run, without a shell. */
export interface ProgramCall {
  readonly program: string;
  readonly options: readonly string[];
}

/**
 * The same program, killed by the kernel when this process ends in whatever way: a test runner that is killed itself
 * would leave brokers behind. Linux only; elsewhere the call stays as it is.
 */
export function dyingWithParent({ program, options }: ProgramCall): ProgramCall {
  if (!canTieToParent()) return { program, options };
  const tie = ['--pdeathsig', 'SIGKILL'];
  // Changing the user afterwards would undo it, so one `setpriv` does both.
  if (program === 'setpriv') return { program, options: [...tie, ...options] };
  return { program: 'setpriv', options: [...tie, program, ...options] };
}

function canTieToParent(): boolean {
  return spawnSync('setpriv', ['--pdeathsig', 'SIGKILL', 'true']).status === 0;
}
