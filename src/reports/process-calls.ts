import type { Generation } from './open-trace.ts';
import { TWIN_START_MS_MAX } from './twins.ts';

/** The open generations of one process, found by when they began. */
export class ProcessCalls {
  readonly #all = new Set<Generation>();
  readonly #scopes = new Map<string, number>();
  readonly #openings = new Set<Generation>();
  readonly #ends = new Set<Generation>();
  /** Made when a second instrumentation appears: most processes have one, and nobody ever asks. */
  #byStart: Map<number, Set<Generation>> | null = null;

  get all(): Iterable<Generation> {
    return this.#all;
  }

  get isEmpty(): boolean {
    return this.#all.size === 0;
  }

  add(generation: Generation): void {
    const { scope, role } = generation.first.compared;
    this.#all.add(generation);
    this.#scopes.set(scope, (this.#scopes.get(scope) ?? 0) + 1);
    if (role === 'opening') this.#openings.add(generation);
    else if (role === 'end') this.#ends.add(generation);
    if (this.#byStart !== null) indexByStart(this.#byStart, generation);
  }

  delete(generation: Generation): void {
    const { scope, startMs } = generation.first.compared;
    this.#all.delete(generation);
    this.#openings.delete(generation);
    this.#ends.delete(generation);
    const left = (this.#scopes.get(scope) ?? 0) - 1;
    if (left > 0) this.#scopes.set(scope, left);
    else this.#scopes.delete(scope);
    const slice = this.#byStart?.get(sliceOf(startMs));
    slice?.delete(generation);
    if (slice?.size === 0) this.#byStart?.delete(sliceOf(startMs));
  }

  /** All that may be another instrumentation's report of the same call. */
  *near({ first: { compared } }: Generation): Iterable<Generation> {
    if (this.#scopes.size < 2) return;
    if (this.#byStart === null) {
      this.#byStart = new Map();
      for (const generation of this.#all) indexByStart(this.#byStart, generation);
    }
    const slice = sliceOf(compared.startMs);
    for (const near of [slice - 1, slice, slice + 1]) yield* this.#byStart.get(near) ?? NOBODY;
  }

  /** The other halves of streams. */
  halvesOf({ first }: Generation): Iterable<Generation> {
    const { role } = first.compared;
    if (role === null) return NOBODY;
    return role === 'end' ? this.#openings : this.#ends;
  }
}

const NOBODY: ReadonlySet<Generation> = new Set();

function indexByStart(byStart: Map<number, Set<Generation>>, generation: Generation): void {
  const slice = sliceOf(generation.first.compared.startMs);
  const known = byStart.get(slice);
  if (known === undefined) byStart.set(slice, new Set([generation]));
  else known.add(generation);
}

function sliceOf(startMs: number): number {
  return Math.floor(startMs / TWIN_START_MS_MAX);
}
