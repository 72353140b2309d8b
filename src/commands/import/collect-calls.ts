import type { SessionCall, SessionContent } from './session-call.ts';
import type { SessionFile } from './session-files.ts';

export interface Collected {
  /** Oldest first. */
  readonly calls: readonly SessionCall[];
  /** How often a file repeated a call of another one. */
  readonly copies: number;
  readonly unreadableLines: number;
  readonly problems: readonly string[];
  readonly refusedRows: number;
}

const PROBLEMS_MAX = 20;

/** What is held in memory at once: more is imported folder by folder. */
export const CALLS_MAX = 2_000_000;

/**
 * Reads all files. A call that lies in several of them, as a resumed or forked session repeats its past, is one.
 * @throws beyond `CALLS_MAX`
 */
export function collectCalls(
  files: readonly SessionFile[],
  read: (path: string) => SessionContent,
  onFile: (bytes: number) => void,
): Collected {
  const calls = new Map<string, SessionCall>();
  let copies = 0;
  let [unreadableLines, refusedRows] = [0, 0];
  const problems: string[] = [];
  for (const { path, bytes } of files) {
    const content = read(path);
    unreadableLines += content.unreadableLines;
    refusedRows += content.refusedRows ?? 0;
    problems.push(...(content.problems ?? []).slice(0, PROBLEMS_MAX - problems.length).map((why) => `${path}, ${why}`));
    for (const call of content.calls) {
      const other = calls.get(call.key);
      if (other !== undefined) copies++;
      calls.set(call.key, other === undefined ? call : oneOf(other, call));
    }
    if (calls.size > CALLS_MAX) {
      throw new Error(`There are more than ${CALLS_MAX} calls: name a smaller folder, one after the other`);
    }
    onFile(bytes);
  }
  const sorted = [...calls.values()].sort((a, b) => a.startedAtMs - b.startedAtMs || (a.key < b.key ? -1 : 1));
  return { calls: sorted, copies, unreadableLines, problems, refusedRows };
}

/** Of two copies the more complete one counts: a copy may have been made while the answer was streaming. */
function oneOf(a: SessionCall, b: SessionCall): SessionCall {
  const [better, other] = (b.completionTokens ?? -1) > (a.completionTokens ?? -1) ? [b, a] : [a, b];
  return {
    ...better,
    ids: [...new Set([...better.ids, ...other.ids])],
    sessions: [...new Set([...better.sessions, ...other.sessions])],
    startedAtMs: Math.min(a.startedAtMs, b.startedAtMs),
  };
}
