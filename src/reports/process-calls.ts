import { AGENT_END_MS_MAX } from './agent-twins.ts';
import type { Generation } from './open-trace.ts';
import { endMsOf } from './trace-call.ts';
import { TWIN_START_MS_MAX } from './twins.ts';

/** The open generations of one process, found by when they began. */
export class ProcessCalls {
  readonly #all = new Set<Generation>();
  readonly #scopes = new Map<string, number>();
  readonly #openings = new Set<Generation>();
  readonly #ends = new Set<Generation>();
  /** Made when a second instrumentation appears: most processes have one, and nobody ever asks. */
  #byStart: Map<number, Set<Generation>> | null = null;

  /** Of a session of a coding agent, by their ends. */
  readonly #byEnd = new Map<number, Set<Generation>>();

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
    if (this.#byStart !== null) indexAt(this.#byStart, sliceOf(generation), generation);
    if (generation.first.compared.agent !== null) indexAt(this.#byEnd, endSliceOf(generation), generation);
  }

  delete(generation: Generation): void {
    const { scope, agent } = generation.first.compared;
    this.#all.delete(generation);
    this.#openings.delete(generation);
    this.#ends.delete(generation);
    const left = (this.#scopes.get(scope) ?? 0) - 1;
    if (left > 0) this.#scopes.set(scope, left);
    else this.#scopes.delete(scope);
    if (this.#byStart !== null) removeAt(this.#byStart, sliceOf(generation), generation);
    if (agent !== null) removeAt(this.#byEnd, endSliceOf(generation), generation);
  }

  /** All that may be another instrumentation's report of the same call. */
  *near(generation: Generation): Iterable<Generation> {
    if (this.#scopes.size < 2) return;
    if (this.#byStart === null) {
      this.#byStart = new Map();
      for (const each of this.#all) indexAt(this.#byStart, sliceOf(each), each);
    }
    const slice = sliceOf(generation);
    for (const near of [slice - 1, slice, slice + 1]) yield* this.#byStart.get(near) ?? NOBODY;
  }

  /** All that may be what the same agent says about the same call by another signal. */
  *endingNear(generation: Generation): Iterable<Generation> {
    if (generation.first.compared.agent === null || this.#scopes.size < 2) return;
    const slice = endSliceOf(generation);
    for (const near of [slice - 1, slice, slice + 1]) yield* this.#byEnd.get(near) ?? NOBODY;
  }

  /** The other halves of streams. */
  halvesOf({ first }: Generation): Iterable<Generation> {
    const { role } = first.compared;
    if (role === null) return NOBODY;
    return role === 'end' ? this.#openings : this.#ends;
  }
}

const NOBODY: ReadonlySet<Generation> = new Set();

type Slices = Map<number, Set<Generation>>;

function indexAt(slices: Slices, slice: number, generation: Generation): void {
  const known = slices.get(slice);
  if (known === undefined) slices.set(slice, new Set([generation]));
  else known.add(generation);
}

function removeAt(slices: Slices, slice: number, generation: Generation): void {
  const known = slices.get(slice);
  known?.delete(generation);
  if (known?.size === 0) slices.delete(slice);
}

function sliceOf({ first }: Generation): number {
  return Math.floor(first.compared.startMs / TWIN_START_MS_MAX);
}

function endSliceOf({ first }: Generation): number {
  return Math.floor(endMsOf(first.compared) / AGENT_END_MS_MAX);
}
