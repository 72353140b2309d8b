import { laneOf } from '../join/lane.ts';

/**
 * Some places of a topic, asked for in the order in which its lanes are read: ascending in each. A million of them take
 * the array that holds them, where a `Set` would take 50 MB more.
 */
export class PlaceCursors {
  readonly #places: readonly number[];
  /** By lane, the first place that is not passed yet. */
  readonly #next: number[] = [];

  /** @param places lane by lane, ascending in each */
  constructor(places: readonly number[]) {
    this.#places = places;
    for (let at = places.length - 1; at >= 0; at--) this.#next[laneOf(places[at] as number)] = at;
  }

  /** Whether it is one of them; of a lane, never ask for a place before one that was asked for. */
  has(place: number): boolean {
    const lane = laneOf(place);
    let next = this.#next[lane];
    if (next === undefined) return false;
    while ((this.#places[next] ?? Number.NaN) < place && laneOf(this.#places[next] as number) === lane) next++;
    this.#next[lane] = next;
    return this.#places[next] === place;
  }
}
