import type { DeadLetterCursor } from '../metrics-reader.ts';
import type { DeadLetter } from '../outbox.ts';
import { storableText } from '../storable-text.ts';

/** Dead letters by their place in the log; a place is kept once. */
export class MemoryDeadLetters {
  readonly #letters = new Map<string, DeadLetter>();
  readonly #unpublished = new Set<string>();

  add(letters: readonly DeadLetter[]): void {
    for (const letter of letters) {
      const key = placeKey(letter);
      if (this.#letters.has(key)) continue;
      this.#letters.set(key, { ...letter, detail: storableText(letter.detail) });
      this.#unpublished.add(key);
    }
  }

  /** Newest first. */
  read(query: { limit: number; before: DeadLetterCursor | null }): readonly DeadLetter[] {
    const { before, limit } = query;
    return [...this.#letters.values()]
      .filter((letter) => before === null || compareLetters(letter, before) < 0)
      .sort((a, b) => compareLetters(b, a))
      .slice(0, limit);
  }

  /** Oldest first. */
  unpublished(limit: number): readonly DeadLetter[] {
    return [...this.#unpublished]
      .flatMap((key) => this.#letters.get(key) ?? [])
      .sort(compareLetters)
      .slice(0, limit);
  }

  markPublished(letters: readonly DeadLetter[]): void {
    for (const letter of letters) this.#unpublished.delete(placeKey(letter));
  }

  prune(beforeMs: number): void {
    for (const [key, letter] of this.#letters) {
      if (letter.loggedAtMs >= beforeMs) continue;
      this.#letters.delete(key);
      this.#unpublished.delete(key);
    }
  }
}

function placeKey({ topic, partition, offset }: DeadLetterCursor): string {
  return `${topic} ${partition} ${offset}`;
}

function compareLetters(a: DeadLetterCursor, b: DeadLetterCursor): number {
  if (a.loggedAtMs !== b.loggedAtMs) return a.loggedAtMs - b.loggedAtMs;
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition || a.offset - b.offset;
}
