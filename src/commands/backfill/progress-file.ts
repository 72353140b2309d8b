import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { InputPosition } from './line-batches.ts';

/** How far a backfill came. Written before and after each batch, so that another run goes on where this one ended. */
export interface BackfillProgress {
  /** A fingerprint of the input's beginning when it was first seen: it may have grown since. */
  readonly fingerprint: Fingerprint;
  /** Up to here everything was answered. */
  readonly position: InputPosition;
  readonly accepted: number;
  readonly rejected: number;
  /** A batch that was sent and whose answer is not known: it may have been counted. Null between batches. */
  readonly unanswered: { readonly toLine: number; readonly firstSentAtMs: number } | null;
  /** The whole input was answered. It may have grown since. */
  readonly isDone: boolean;
}

export interface Fingerprint {
  readonly bytes: number;
  readonly sha256: string;
}

export function fingerprintOf(head: Uint8Array, bytes = head.length): Fingerprint {
  return { bytes, sha256: createHash('sha256').update(head.subarray(0, bytes)).digest('hex') };
}

/** @returns null where there is none. @throws when it is no progress file */
export function readProgressFile(path: string): BackfillProgress | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const progress = parse(text);
  if (progress === null)
    throw new Error(`${path} is no progress file of a backfill; name another one with --progress-file`);
  return progress;
}

/** Whole or not at all, also when the process is killed meanwhile. */
export function writeProgressFile(path: string, progress: BackfillProgress): void {
  const written = `${path}.tmp`;
  writeFileSync(written, `${JSON.stringify(progress)}\n`);
  renameSync(written, path);
}

function parse(text: string): BackfillProgress | null {
  try {
    const value = JSON.parse(text) as BackfillProgress;
    const { bytes, lines } = value.position;
    const isWhole = [bytes, lines, value.accepted, value.rejected].every(
      (each) => Number.isSafeInteger(each) && each >= 0,
    );
    return isWhole && typeof value.fingerprint.sha256 === 'string' ? value : null;
  } catch {
    return null;
  }
}
