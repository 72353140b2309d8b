/**
 * Places of records within the horizon that say nothing of others, oldest first: what was no valid event, and reports
 * that came too late to be kept.
 */
export class InvalidPlaces {
  #entries: { readonly place: number; readonly loggedAtMs: number }[] = [];

  add(place: number, loggedAtMs: number): void {
    this.#entries.push({ place, loggedAtMs });
  }

  forgetBefore(loggedAtMs: number): void {
    if (this.#entries.length > 0 && (this.#entries[0]?.loggedAtMs ?? 0) < loggedAtMs) {
      this.#entries = this.#entries.filter((entry) => entry.loggedAtMs >= loggedAtMs);
    }
  }

  places(): number[] {
    return this.#entries.map((entry) => entry.place);
  }
}
