import { AGENT_END_MS_MAX } from './agent-twins.ts';
import { hashOf } from './asleep/hash-index.ts';
import { Chain } from './chain.ts';
import type { ComparedCall } from './compared-call.ts';
import type { Generation, Telling } from './open-trace.ts';
import { RECORD_END_MS_MAX } from './record-gap.ts';
import { endMsOf } from './trace-call.ts';
import { TWIN_START_MS_MAX } from './twins.ts';

/**
 * The open generations of one process, as it tells them, found by when they began. Those that sleep are counted, and
 * woken by their hashes where somebody looks for what they may be.
 */
export class ProcessCalls {
  readonly #startsHash: number;
  readonly #endsHash: number;
  readonly #recordsHash: number;
  readonly #wake: (hash: number) => void;
  readonly #all = new Chain<Telling>();
  /** Of all generations, those that sleep included. */
  readonly #scopes = new Map<string, number>();
  readonly #openings = new Set<Telling>();
  readonly #ends = new Set<Telling>();
  /** Made when a second instrumentation appears: most processes have one, and nobody ever asks. */
  #byStart: Map<number, Set<Telling>> | null = null;

  /** Of a session of a coding agent, by their ends. */
  readonly #byEnd = new Map<number, Set<Telling>>();
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
  get all(): Iterable<Telling> {
    return this.#all;
  }

  get isEmpty(): boolean {
    return this.#scopes.size === 0;
  }

  /** Whether any record was written where no span was open, one that sleeps included. */
  get hasTraceless(): boolean {
    return this.#tracelessCount > 0;
  }

  add(telling: Telling): void {
    const { scope, isTraceless } = telling.compared;
    this.#scopes.set(scope, (this.#scopes.get(scope) ?? 0) + 1);
    if (isTraceless) this.#tracelessCount++;
    this.wake(telling);
  }

  delete(telling: Telling): void {
    this.sleep(telling);
    this.forget(telling.compared);
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
  hashesOf(telling: Telling): readonly number[] {
    const starts = this.startHashAt(telling.compared.startMs);
    if (telling.compared.agent === null) {
      return [starts, this.recordHashAt(endMsOf(telling.compared))];
    }
    return [starts, sliceHash(this.#endsHash, endSliceOf(telling))];
  }

  /** It was added before. */
  wake(telling: Telling): void {
    const { role } = telling.compared;
    this.#all.append(telling);
    if (role === 'opening') this.#openings.add(telling);
    else if (role === 'end') this.#ends.add(telling);
    if (this.#byStart !== null) indexAt(this.#byStart, sliceOf(telling), telling);
    if (this.#byRecordEnd !== null) indexAt(this.#byRecordEnd, recordSliceOf(telling), telling);
    if (telling.compared.agent !== null) indexAt(this.#byEnd, endSliceOf(telling), telling);
  }

  sleep(telling: Telling): void {
    const { agent } = telling.compared;
    this.#all.remove(telling);
    this.#openings.delete(telling);
    this.#ends.delete(telling);
    if (this.#byStart !== null) removeAt(this.#byStart, sliceOf(telling), telling);
    if (this.#byRecordEnd !== null) removeAt(this.#byRecordEnd, recordSliceOf(telling), telling);
    if (agent !== null) removeAt(this.#byEnd, endSliceOf(telling), telling);
  }

  /** One that sleeps goes away. */
  forget({ scope, isTraceless }: Pick<ComparedCall, 'scope' | 'isTraceless'>): void {
    if (isTraceless) this.#tracelessCount--;
    const left = (this.#scopes.get(scope) ?? 0) - 1;
    if (left > 0) this.#scopes.set(scope, left);
    else this.#scopes.delete(scope);
  }

  /** All that may be another instrumentation's report of the same call. */
  near(telling: Telling): Iterable<Generation> {
    return this.#scopes.size < 2 ? NOBODY : this.#near(sliceOf(telling));
  }

  *#near(slice: number): Iterable<Generation> {
    for (const near of [slice - 1, slice, slice + 1]) this.#wake(sliceHash(this.#startsHash, near));
    if (this.#byStart === null) {
      this.#byStart = new Map();
      for (const each of this.#all) indexAt(this.#byStart, sliceOf(each), each);
    }
    for (const near of [slice - 1, slice, slice + 1]) yield* generationsIn(this.#byStart.get(near));
  }

  /** All that may be what the same agent says about the same call by another signal. */
  endingNear(telling: Telling): Iterable<Generation> {
    if (telling.compared.agent === null || this.#scopes.size < 2) return NOBODY;
    return this.#endingNear(endSliceOf(telling));
  }

  *#endingNear(slice: number): Iterable<Generation> {
    for (const near of [slice - 1, slice, slice + 1]) this.#wake(sliceHash(this.#endsHash, near));
    for (const near of [slice - 1, slice, slice + 1]) yield* generationsIn(this.#byEnd.get(near));
  }

  /** All that may be a record of the same call, or the call of a record, where no span was open. */
  endingWith(telling: Telling): Iterable<Generation> {
    const isAsked = this.hasTraceless && this.#scopes.size > 1 && telling.compared.agent === null;
    return isAsked ? this.#endingWith(recordSliceOf(telling)) : NOBODY;
  }

  *#endingWith(slice: number): Iterable<Generation> {
    for (const near of [slice - 1, slice, slice + 1]) this.#wake(sliceHash(this.#recordsHash, near));
    if (this.#byRecordEnd === null) {
      this.#byRecordEnd = new Map();
      for (const each of this.#all) indexAt(this.#byRecordEnd, recordSliceOf(each), each);
    }
    for (const near of [slice - 1, slice, slice + 1]) yield* generationsIn(this.#byRecordEnd.get(near));
  }

  /** The other halves of streams. */
  halvesOf({ compared: { role } }: Telling): Iterable<Generation> {
    if (role === null) return NOBODY;
    return generationsIn(role === 'end' ? this.#openings : this.#ends);
  }
}

const NOBODY: readonly Generation[] = [];

function* generationsIn(tellings: Iterable<Telling> | undefined): Iterable<Generation> {
  if (tellings !== undefined) for (const { generation } of tellings) yield generation;
}

export function processKey(sender: string, process: string): string {
  return sender === '' ? process : `${process}\0${sender}`;
}

function sliceHash(ofProcess: number, slice: number): number {
  return Math.imul(ofProcess ^ slice, 0x5bd1e995);
}

type Slices = Map<number, Set<Telling>>;

function indexAt(slices: Slices, slice: number, telling: Telling): void {
  const known = slices.get(slice);
  if (known === undefined) slices.set(slice, new Set([telling]));
  else known.add(telling);
}

function removeAt(slices: Slices, slice: number, telling: Telling): void {
  const known = slices.get(slice);
  known?.delete(telling);
  if (known?.size === 0) slices.delete(slice);
}

function sliceOf({ compared }: Telling): number {
  return sliceAt(compared.startMs);
}

function sliceAt(startMs: number): number {
  return Math.floor(startMs / TWIN_START_MS_MAX);
}

function endSliceOf({ compared }: Telling): number {
  return Math.floor(endMsOf(compared) / AGENT_END_MS_MAX);
}

function recordSliceOf({ compared }: Telling): number {
  return recordSliceAt(endMsOf(compared));
}

function recordSliceAt(endMs: number): number {
  return Math.floor(endMs / RECORD_END_MS_MAX);
}
