import { AttributeList } from './attribute-list.ts';
import { type Candidate, requestIdOf } from './candidate.ts';
import { isEndOf, isOpening } from './fold-logfire.ts';
import { type ComparedCall, type ComparedFacts, isTwin, TWIN_START_MS_MAX } from './is-twin.ts';
import type { Attributes, OtlpSpan } from './trace-export.ts';

/** Calls of one slice of time, or open streams; the newest are kept. */
const SAME_KEY_MAX = 64;
const NO_ATTRIBUTES: Attributes = new AttributeList();
const ALONE: readonly OtherSpan[] = [];
/** A longer id or model name is not remembered. */
const TEXT_CHARS_MAX = 255;

/** A call that was counted: what is compared, and nothing that keeps its body in memory. */
export interface CountedCall extends ComparedCall {
  readonly id: string;
  /** Whether nothing but its own span was known when it was counted. */
  readonly isAlone: boolean;
  readonly process: RecentProcess;
  /** The other spans that are known to report it. */
  others: readonly OtherSpan[];
}

interface OtherSpan {
  readonly id: string;
  readonly scopeName: string;
}

/** What one process reported, within one generation of `RecentCalls`. */
export class RecentProcess {
  readonly #calls: CountedCall[] = [];
  /** Logfire's opening spans whose end has not come. */
  readonly #openings: CountedCall[] = [];
  /** The scope of all calls so far, as long as each was reported by one span. */
  #soleScope: string | null = null;
  /** Made when first asked: most processes have one instrumentation, and nobody ever asks. */
  #index: TwinIndex | null = null;
  /** Of the last call, shared by those after it. */
  #origin: ComparedCall['span'] | null = null;

  add(call: Candidate): CountedCall {
    const { span, id, facts, startMs, durationMs } = call;
    const others = call.members.filter((member) => member !== span);
    const entry: CountedCall = {
      id,
      startMs,
      durationMs,
      span: this.#originOf(call),
      facts: comparedFactsOf(facts),
      isAlone: others.length === 0,
      process: this,
      others: others.length === 0 ? ALONE : others.map(otherSpan),
    };
    const isFirst = this.#calls.length === 0;
    if (isFirst && entry.isAlone) this.#soleScope = span.scope.name;
    else if (!entry.isAlone || this.#soleScope !== span.scope.name) this.#soleScope = null;
    this.#calls.push(entry);
    if (this.#index !== null) addToIndex(this.#index, entry);
    if (isOpening(call)) pushNewest(this.#openings, entry);
    return entry;
  }

  /** Another span reports the same call. */
  addOther(entry: CountedCall, id: string, scopeName: string): void {
    // A retry marks the same twin again.
    if (entry.id === id || entry.others.some((other) => other.id === id)) return;
    entry.others = [...entry.others, { id, scopeName }];
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

  /** Attributes may be views of the whole body, hence the resource is kept without. */
  #originOf({ span: { scope, resource } }: Candidate): ComparedCall['span'] {
    const last = this.#origin;
    if (last?.scope.name === scope.name && last.resource.isOneProcess === resource.isOneProcess) return last;
    const { processKey, isOneProcess } = resource;
    this.#origin = { scope, resource: { attributes: NO_ATTRIBUTES, processKey, isOneProcess } };
    return this.#origin;
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

/** Null for a text that is too long to be remembered. */
export function rememberedText(text: string | null): string | null {
  return text === null || text.length > TEXT_CHARS_MAX ? null : text;
}

function comparedFactsOf(facts: ComparedFacts): ComparedFacts {
  return {
    operation: facts.operation,
    requestModel: rememberedText(facts.requestModel),
    responseModel: rememberedText(facts.responseModel),
    responseId: rememberedText(facts.responseId),
    promptTokens: facts.promptTokens,
    completionTokens: facts.completionTokens,
  };
}

function otherSpan(span: OtlpSpan): OtherSpan {
  return { id: requestIdOf(span), scopeName: span.scope.name };
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
