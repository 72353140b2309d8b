/** Beyond this many it starts again: sharing is a saving, not a promise. */
const TEXTS_MAX = 10_000;

/** One object for equal texts: models, scopes and processes repeat in every report. */
export class TextPool {
  readonly #texts = new Map<string, string>();

  of(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size >= TEXTS_MAX) this.#texts.clear();
    this.#texts.set(text, text);
    return text;
  }
}
