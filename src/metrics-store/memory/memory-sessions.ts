import type { Session, Sessions } from '../sessions.ts';

/** Sessions for the life of the process. */
export class MemorySessions implements Sessions {
  readonly #sessions = new Map<string, Session>();

  async add(session: Session, nowMs: number): Promise<void> {
    for (const [hash, { expiresAtMs }] of this.#sessions) if (expiresAtMs <= nowMs) this.#sessions.delete(hash);
    this.#sessions.set(session.hash, session);
  }

  async find(hash: string): Promise<Session | null> {
    return this.#sessions.get(hash) ?? null;
  }

  async end(hash: string): Promise<void> {
    this.#sessions.delete(hash);
  }

  async close(): Promise<void> {}
}
