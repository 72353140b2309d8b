import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from '../http/problem.ts';

/** Whether whoever sent these headers may read. @throws {Problem} where not */
export type CheckReader = (headers: IncomingHttpHeaders) => Promise<unknown>;

/** With what a key check remembers (5 s), a key that was revoked reads on for at most so much longer. */
const CHECK_EVERY_MS = 1000;
/**
 * Clients resume by themselves, so an end costs them nothing; and none is held for ever, whatever becomes of its
 * sender.
 */
const LIFE_MS_MAX = 3_600_000;

export interface StreamLife {
  readonly headers: IncomingHttpHeaders;
  /** Null where readers need no key. */
  readonly checkReader: CheckReader | null;
  readonly end: () => void;
}

/** Ends a stream whose key no longer holds, and every stream after an hour. @returns stops looking */
export function limitStream({ headers, checkReader, end }: StreamLife): () => void {
  const lifeTimer = setTimeout(end, LIFE_MS_MAX);
  const checkTimer = checkReader === null ? undefined : setInterval(() => void check(checkReader), CHECK_EVERY_MS);
  async function check(ask: CheckReader): Promise<void> {
    try {
      await ask(headers);
    } catch (error) {
      // Where keys cannot be looked up for a while, nothing is known against this one.
      if (error instanceof Problem && error.status !== 503) end();
    }
  }
  return () => {
    clearTimeout(lifeTimer);
    clearInterval(checkTimer);
  };
}
