import type { Candidate } from './candidate.ts';
import type { CountedCall, OtherSpan } from './counted-call.ts';
import { isEndOf } from './fold-logfire.ts';
import { isTwin, TWIN_START_MS_MAX } from './is-twin.ts';

/** Calls of one slice of time, or open streams; the newest are kept. */
const SAME_KEY_MAX = 64;

/** What one process reported, within one generation of `RecentCalls`. */
export class RecentProcess {
  readonly #calls: CountedCall[] = [];
  /** Logfire's opening spans whose end has not come. */
  readonly #openings: CountedCall[] = [];
  /** The scope of all calls so far, as long as each was reported by one span. */
  #soleScope: string | null = null;
  /** Made when first asked: most processes have one instrumentation, and nobody ever asks. */
  #index: TwinIndex | null = null;

  add(call: CountedCall): void {
    const scopeName = call.span.scope.name;
    const isFirst = this.#calls.length === 0;
    if (isFirst && call.isAlone) this.#soleScope = scopeName;
    else if (!call.isAlone || this.#soleScope !== scopeName) this.#soleScope = null;
    this.#calls.push(call);
    if (this.#index !== null) addToIndex(this.#index, call);
    if (call.isOpening) pushNewest(this.#openings, call);
  }

  /** Another span reports the same call. */
  addOther(call: CountedCall, other: OtherSpan): void {
    // A retry marks the same twin again.
    if (call.id === other.id || call.others.some(({ id }) => id === other.id)) return;
    call.others = [...call.others, other];
    this.#soleScope = null;
  }

  /** Whether no call of that scope can be reported here: one call has one span of each scope. */
  isOnly(scopeName: string): boolean {
    return this.#soleScope === scopeName;
  }

  byResponseId(responseId: string): CountedCall | undefined {
    return this.#indexed().byResponseId.get(responseId);
  }

  twinByTime(call: Candidate): CountedCall | null {
    const { byStart } = this.#indexed();
    const slice = sliceOf(call.startMs);
    for (const near of [slice - 1, slice, slice + 1]) {
      for (const entry of byStart.get(near) ?? []) if (isOpenTo(entry, call) && isTwin(entry, call)) return entry;
    }
    return null;
  }

  openingOf(end: Candidate): CountedCall | null {
    for (const entry of this.#openings) {
      const isOpen = (entry.isAlone && entry.others.length === 0) || entry.others.some(({ id }) => id === end.id);
      if (isOpen && isEndOf(end, entry)) return entry;
    }
    return null;
  }

  #indexed(): TwinIndex {
    if (this.#index === null) {
      this.#index = { byResponseId: new Map(), byStart: new Map() };
      for (const entry of this.#calls) addToIndex(this.#index, entry);
    }
    return this.#index;
  }
}

interface TwinIndex {
  readonly byResponseId: Map<string, CountedCall>;
  /** By start, in slices of `TWIN_START_MS_MAX`. */
  readonly byStart: Map<number, CountedCall[]>;
}

/** A scope that the call does not have yet, since one call has one span of each; or the repetition of another span. */
export function isOpenTo({ span, others }: CountedCall, call: Candidate): boolean {
  if (others.some(({ id }) => id === call.id)) return true;
  const scopeName = call.span.scope.name;
  return span.scope.name !== scopeName && others.every((other) => other.scopeName !== scopeName);
}

function addToIndex({ byResponseId, byStart }: TwinIndex, entry: CountedCall): void {
  const { responseId } = entry.facts;
  if (responseId !== null) byResponseId.set(responseId, entry);
  const slice = sliceOf(entry.startMs);
  const known = byStart.get(slice);
  if (known === undefined) byStart.set(slice, [entry]);
  else pushNewest(known, entry);
}

function pushNewest(entries: CountedCall[], entry: CountedCall): void {
  entries.push(entry);
  if (entries.length > SAME_KEY_MAX) entries.shift();
}

function sliceOf(startMs: number): number {
  return Math.floor(startMs / TWIN_START_MS_MAX);
}
