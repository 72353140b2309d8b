import { readlinkSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** As `nice` has it: a third of the time of a usual thread beside it, and all of the time where nobody wants it. */
const NICENESS = 5;

/**
 * Lets all other threads of the machine go ahead of this one. Linux counts threads as it counts processes, so that the
 * number of a thread can be named; elsewhere nothing happens.
 */
export function giveWay(): void {
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    if (Number.isSafeInteger(thread)) setPriority(thread, Math.min(19, getPriority(thread) + NICENESS));
  } catch {
    // Where it is not allowed, readers share the cores as all threads do.
  }
}
