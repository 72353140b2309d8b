/**
 * A bounded memory of computed answers per (outer, inner) text, for keys that come from outside.
 *
 * Two generations instead of an LRU list: an entry that is used survives, one that was not used while `entriesMax`
 * others came is forgotten, and a hit writes nothing. A flood of new names costs their computation, never memory.
 * The keys are nested because joining two texts costs more than the second lookup. Every call is looked up here: 25 ns
 * of CPU a hit, where `lru-cache` with a joined key took 250 (both of the same 240 entries in one run).
 */
export class RecentMap<Value> {
  readonly #entriesMax: number;
  #young = new Map<string, Map<string, Value>>();
  #old = new Map<string, Map<string, Value>>();
  #youngCount = 0;

  /** @param entriesMax at most twice as many are held */
  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  get(outer: string, inner: string): Value | undefined {
    const value = this.#young.get(outer)?.get(inner);
    if (value !== undefined) return value;
    const aged = this.#old.get(outer)?.get(inner);
    if (aged !== undefined) this.set(outer, inner, aged);
    return aged;
  }

  /** The pair must not be in the young generation, i.e. `get` gave undefined for it. */
  set(outer: string, inner: string, value: Value): void {
    if (this.#youngCount >= this.#entriesMax) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngCount = 0;
    }
    const inners = this.#young.get(outer);
    if (inners === undefined) this.#young.set(outer, new Map([[inner, value]]));
    else inners.set(inner, value);
    this.#youngCount++;
  }

  /** How many entries are held. */
  get size(): number {
    let size = 0;
    for (const generation of [this.#young, this.#old]) for (const inners of generation.values()) size += inners.size;
    return size;
  }
}
