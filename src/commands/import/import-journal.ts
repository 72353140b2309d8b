import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * What was sent from this machine to one StreamLens: a file that only grows, one JSON object a line.
 *
 *     {"sending":[keys],"at":ms}   before a batch is sent; killed from here on: it may have been counted
 *     {"sent":true}                after it was answered
 *
 * A line that was cut by a crash says nothing: what it would have announced was never sent, or is unanswered.
 */
export interface ImportJournal {
  /** Keys of calls that were answered for. */
  readonly sent: ReadonlySet<string>;
  /** Of calls that were sent and not answered for, when that was first, in ms. */
  readonly unanswered: ReadonlyMap<string, number>;
}

export const NOTHING_SENT: ImportJournal = { sent: new Set(), unanswered: new Map() };

/** @throws when it cannot be read */
export function readJournal(path: string): ImportJournal {
  if (!existsSync(path)) return NOTHING_SENT;
  const sent = new Set<string>();
  const unanswered = new Map<string, number>();
  let batch: readonly string[] = [];
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const entry = entryOf(line);
    if (entry === null) continue;
    if ('sending' in entry) {
      batch = entry.sending;
      for (const key of batch) if (!unanswered.has(key)) unanswered.set(key, entry.at);
    } else {
      for (const key of batch) {
        sent.add(key);
        unanswered.delete(key);
      }
      batch = [];
    }
  }
  return { sent, unanswered };
}

export function noteSending(path: string, keys: readonly string[], atMs: number): void {
  append(path, { sending: keys, at: atMs });
}

export function noteSent(path: string): void {
  append(path, { sent: true });
}

type Entry = { readonly sending: readonly string[]; readonly at: number } | { readonly sent: true };

/** The line break comes first: whatever a crash left unfinished before stays a line of its own. */
function append(path: string, entry: Entry): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  appendFileSync(path, `\n${JSON.stringify(entry)}\n`, { mode: 0o600, flush: true });
}

function entryOf(line: string): Entry | null {
  if (line === '') return null;
  try {
    const entry = JSON.parse(line) as Partial<{ sending: unknown; at: unknown; sent: unknown }> | null;
    if (entry?.sent === true) return { sent: true };
    const isSending = Array.isArray(entry?.sending) && typeof entry.at === 'number';
    return isSending ? (entry as { sending: string[]; at: number }) : null;
  } catch {
    return null;
  }
}
