/**
 * Guards what only a bug can break; never used on data from outside. A broken invariant ends the process, and
 * replay from the log is the recovery.
 */
export function invariant(holds: boolean, rule: string): asserts holds {
  if (!holds) throw new Error(`Broken invariant: ${rule}`);
}
