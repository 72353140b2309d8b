import { AGENT_END_MS_MAX } from './agent-twins.ts';
import { hashOf } from './asleep/hash-index.ts';
import { Chain } from './chain.ts';
import type { ComparedCall } from './compared-call.ts';
import type { Generation } from './open-trace.ts';
import { RECORD_END_MS_MAX } from './record-gap.ts';
import { endMsOf } from './trace-call.ts';
import { TWIN_START_MS_MAX } from './twins.ts';

/**
 * The open generations of one process, found by when they began. Those that sleep are counted, and woken by their
 * hashes where somebody looks for what they may be.
 */
export class ProcessCalls {
  readonly #startsHash: number;
  readonly #endsHash: number;
  readonly #recordsHash: number;
  readonly #wake: (hash: number) => void;
  readonly #all = new Chain<Generation>();
  /** Of all generations, those that sleep included. */
  readonly #scopes = new Map<string, number>();
  readonly #openings = new Set<Generation>();
  readonly #ends = new Set<Generation>();
  /** Made when a second instrumentation appears: most processes have one, and nobody ever asks. */
  #byStart: Map<number, Set<Generation>> | null = null;

  /** Of a session of a coding agent, by their ends. */
  readonly #byEnd = new Map<number, Set<Generation>>();
  /** Records that were written where no span was open, those that sleep included. */
  #tracelessCount = 0;
  /** By their ends, made when the first such record appears. */
  #byRecordEnd: Slices | null = null;

  constructor(key: string, wake: (hash: number) => void) {
    this.#startsHash = hashOf(`${key}\0start`);
    this.#endsHash = hashOf(`${key}\0end`);
    this.#recordsHash = hashOf(`${key}\0record`);
    this.#wake = wake;
  }

  /** All that are awake. */
  get all(): Iterable<Generation> {
    return this.#all;
  }

  get isEmpty(): boolean {
    return this.#scopes.size === 0;
  }

  /** Whether any record was written where no span was open, one that sleeps included. */
  get hasTraceless(): boolean {
    return this.#tracelessCount > 0;
  }

  add(generation: Generation): void {
    const { scope, isTraceless } = generation.first.compared;
    this.#scopes.set(scope, (this.#scopes.get(scope) ?? 0) + 1);
    if (isTraceless) this.#tracelessCount++;
    this.wake(generation);
  }

  delete(generation: Generation): void {
    this.sleep(generation);
    this.forget(generation.first.compared);
  }

  /** Counts a call that sleeps, unless others may be its twins: those that another instrumentation reports. */
  addAsleep(scope: string): boolean {
    const known = this.#scopes.get(scope);
    if (known === undefined && this.#scopes.size > 0) return false;
    if (this.#scopes.size > 1) return false;
    this.#scopes.set(scope, (known ?? 0) + 1);
    return true;
  }

  /** Under which one that ended then has to be found by a record of it. */
  recordHashAt(endMs: number): number {
    return sliceHash(this.#recordsHash, recordSliceAt(endMs));
  }

  /** Under which one that began then and sleeps has to be found. */
  startHashAt(startMs: number): number {
    return sliceHash(this.#startsHash, sliceAt(startMs));
  }

  /** Under these hashes a generation that sleeps has to be found. */
  hashesOf(generation: Generation): readonly number[] {
    const starts = this.startHashAt(generation.first.compared.startMs);
    if (generation.first.compared.agent === null) {
      return [starts, this.recordHashAt(endMsOf(generation.first.compared))];
    }
    return [starts, sliceHash(this.#endsHash, endSliceOf(generation))];
  }

  /** It was added before. */
  wake(generation: Generation): void {
    const { role } = generation.first.compared;
    this.#all.append(generation);
    if (role === 'opening') this.#openings.add(generation);
    else if (role === 'end') this.#ends.add(generation);
    if (this.#byStart !== null) indexAt(this.#byStart, sliceOf(generation), generation);
    if (this.#byRecordEnd !== null) indexAt(this.#byRecordEnd, recordSliceOf(generation), generation);
    if (generation.first.compared.agent !== null) indexAt(this.#byEnd, endSliceOf(generation), generation);
  }

  sleep(generation: Generation): void {
    const { agent } = generation.first.compared;
    this.#all.remove(generation);
    this.#openings.delete(generation);
    this.#ends.delete(generation);
    if (this.#byStart !== null) removeAt(this.#byStart, sliceOf(generation), generation);
    if (this.#byRecordEnd !== null) removeAt(this.#byRecordEnd, recordSliceOf(generation), generation);
    if (agent !== null) removeAt(this.#byEnd, endSliceOf(generation), generation);
  }

  /** One that sleeps goes away. */
  forget({ scope, isTraceless }: Pick<ComparedCall, 'scope' | 'isTraceless'>): void {
    if (isTraceless) this.#tracelessCount--;
    const left = (this.#scopes.get(scope) ?? 0) - 1;
    if (left > 0) this.#scopes.set(scope, left);
    else this.#scopes.delete(scope);
  }

  /** All that may be another instrumentation's report of the same call. */
  near(generation: Generation): Iterable<Generation> {
    return this.#scopes.size < 2 ? NOBODY : this.#near(sliceOf(generation));
  }

  *#near(slice: number): Iterable<Generation> {
    for (const near of [slice - 1, slice, slice + 1]) this.#wake(sliceHash(this.#startsHash, near));
    if (this.#byStart === null) {
      this.#byStart = new Map();
      for (const each of this.#all) indexAt(this.#byStart, sliceOf(each), each);
    }
    for (const near of [slice - 1, slice, slice + 1]) yield* this.#byStart.get(near) ?? NOBODY;
  }

  /** All that may be what the same agent says about the same call by another signal. */
  endingNear(generation: Generation): Iterable<Generation> {
    if (generation.first.compared.agent === null || this.#scopes.size < 2) return NOBODY;
    return this.#endingNear(endSliceOf(generation));
  }

  *#endingNear(slice: number): Iterable<Generation> {
    for (const near of [slice - 1, slice, slice + 1]) this.#wake(sliceHash(this.#endsHash, near));
    for (const near of [slice - 1, slice, slice + 1]) yield* this.#byEnd.get(near) ?? NOBODY;
  }

  /** All that may be a record of the same call, or the call of a record, where no span was open. */
  endingWith(generation: Generation): Iterable<Generation> {
    const isAsked = this.hasTraceless && this.#scopes.size > 1 && generation.first.compared.agent === null;
    return isAsked ? this.#endingWith(recordSliceOf(generation)) : NOBODY;
  }

  *#endingWith(slice: number): Iterable<Generation> {
    for (const near of [slice - 1, slice, slice + 1]) this.#wake(sliceHash(this.#recordsHash, near));
    if (this.#byRecordEnd === null) {
      this.#byRecordEnd = new Map();
      for (const each of this.#all) indexAt(this.#byRecordEnd, recordSliceOf(each), each);
    }
    for (const near of [slice - 1, slice, slice + 1]) yield* this.#byRecordEnd.get(near) ?? NOBODY;
  }

  /** The other halves of streams. */
  halvesOf({ first }: Generation): Iterable<Generation> {
    const { role } = first.compared;
    if (role === null) return NOBODY;
    return role === 'end' ? this.#openings : this.#ends;
  }
}

const NOBODY: readonly Generation[] = [];

export function processKey(sender: string, process: string): string {
  return sender === '' ? process : `${process}\0${sender}`;
}

function sliceHash(ofProcess: number, slice: number): number {
  return Math.imul(ofProcess ^ slice, 0x5bd1e995);
}

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
  return sliceAt(first.compared.startMs);
}

function sliceAt(startMs: number): number {
  return Math.floor(startMs / TWIN_START_MS_MAX);
}

function endSliceOf({ first }: Generation): number {
  return Math.floor(endMsOf(first.compared) / AGENT_END_MS_MAX);
}

function recordSliceOf({ first }: Generation): number {
  return recordSliceAt(endMsOf(first.compared));
}

function recordSliceAt(endMs: number): number {
  return Math.floor(endMs / RECORD_END_MS_MAX);
}
