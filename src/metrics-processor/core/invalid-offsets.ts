/** Offsets of records within the horizon that were no valid events, oldest first. */
export class InvalidOffsets {
  #entries: { readonly offset: number; readonly loggedAtMs: number }[] = [];

  add(offset: number, loggedAtMs: number): void {
    this.#entries.push({ offset, loggedAtMs });
  }

  forgetBefore(loggedAtMs: number): void {
    if (this.#entries.length > 0 && (this.#entries[0]?.loggedAtMs ?? 0) < loggedAtMs) {
      this.#entries = this.#entries.filter((entry) => entry.loggedAtMs >= loggedAtMs);
    }
  }

  offsets(): number[] {
    return this.#entries.map((entry) => entry.offset);
  }
}
