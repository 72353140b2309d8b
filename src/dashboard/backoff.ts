const FIRST_MS = 1000;
const LONGEST_MS = 5000;

/**
 * The wait before try number `failures + 1`: doubles up to five seconds, since a server that was only started again
 * must not be missed for longer, and a question to one that is away costs nobody anything. It spreads so that readers
 * do not come back as one.
 */
export function backoffMs(failures: number, random: number): number {
  const ms = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(Math.max(failures - 1, 0), 10));
  return Math.round(ms * (0.75 + random * 0.5));
}
