/** One line of what `doctor` found. */
export interface Finding {
  /** `note` is worth knowing and breaks nothing. */
  readonly level: 'ok' | 'note' | 'broken';
  /** What was looked at, in a word or two. */
  readonly what: string;
  /** What was found and, unless it is fine, what to do. */
  readonly text: string;
}

export const ok = (what: string, text: string): Finding => ({ level: 'ok', what, text });
export const note = (what: string, text: string): Finding => ({ level: 'note', what, text });
export const broken = (what: string, text: string): Finding => ({ level: 'broken', what, text });

/** A check that fails is a finding itself. */
export async function findingsOf(what: string, check: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await check();
  } catch (error) {
    return [broken(what, (error as Error).message)];
  }
}
