/**
 * Equal questions that wait at the same time share one answer. Whoever asks while the same question is being answered
 * gets the next answer, which begins after they asked: no answer is older than it would be alone.
 */
export class SharedAnswers<T> {
  readonly #running = new Map<string, Promise<T>>();
  readonly #next = new Map<string, Promise<T>>();

  /** `key` stands for the question. Rejects as `answer` does, for all who share it. */
  ask(key: string, answer: () => Promise<T>): Promise<T> {
    const next = this.#next.get(key);
    if (next !== undefined) return next;
    const running = this.#running.get(key);
    if (running === undefined) return this.#begin(key, answer);
    const following = running
      .catch(() => undefined)
      .then(() => {
        this.#next.delete(key);
        return this.#begin(key, answer);
      });
    this.#next.set(key, following);
    return following;
  }

  #begin(key: string, answer: () => Promise<T>): Promise<T> {
    const running = answer().finally(() => {
      if (this.#running.get(key) === running) this.#running.delete(key);
    });
    this.#running.set(key, running);
    return running;
  }
}
