import { type DeadLetterPlace, type DeadLetterReplays, placeKey } from '../dead-letter-replays.ts';

/** Replays for the life of the process. */
export class MemoryDeadLetterReplays implements DeadLetterReplays {
  readonly #claimedAtMs = new Map<string, number>();

  async claim(letters: readonly DeadLetterPlace[], atMs: number): Promise<readonly DeadLetterPlace[]> {
    return letters.filter((letter) => {
      const key = placeKey(letter);
      if (this.#claimedAtMs.has(key)) return false;
      this.#claimedAtMs.set(key, atMs);
      return true;
    });
  }

  async release(letters: readonly DeadLetterPlace[]): Promise<void> {
    for (const letter of letters) this.#claimedAtMs.delete(placeKey(letter));
  }

  async read(letters: readonly DeadLetterPlace[]): Promise<ReadonlyMap<string, number>> {
    const claimed = new Map<string, number>();
    for (const key of letters.map(placeKey)) {
      const atMs = this.#claimedAtMs.get(key);
      if (atMs !== undefined) claimed.set(key, atMs);
    }
    return claimed;
  }

  async close(): Promise<void> {}
}
