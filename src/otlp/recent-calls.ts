import { type Candidate, requestIdOf } from './candidate.ts';
import { isTwin, TWIN_START_MS_MAX } from './fold-twins.ts';
import type { OtlpSpan } from './trace-export.ts';

/** How long the parts of one call may lie apart. Exporters send every 5 s; the rest is their retries. */
const REMEMBERED_MS = 5 * 60_000;
/** Per generation and kind; beyond it the older generation is forgotten at once. Some 200 bytes each. */
const ENTRIES_MAX = 50_000;

/** A call that was counted, with the other spans that are known to report it. */
interface CountedCall {
  readonly call: Candidate;
  readonly members: Set<string>;
  readonly scopes: Set<string>;
}

interface Generation {
  /** Spans above a counted call: a call among them is the same call, or the sum of several. */
  readonly above: Set<string>;
  readonly counted: Map<string, CountedCall>;
  readonly byResponseId: Map<string, CountedCall>;
  /** By process and start, in slices of `TWIN_START_MS_MAX`. */
  readonly byStart: Map<string, CountedCall[]>;
}

/** What to remember once the events of an export are durable. */
export interface Marks {
  readonly calls: readonly Candidate[];
  /** Span ids above the counted calls, whether they came or not. */
  readonly above: readonly string[];
  /** Dropped because an earlier export has the call. */
  readonly twins: readonly { readonly span: OtlpSpan; readonly of: string }[];
}

/** Why a call of this export was counted before, and as what. */
export interface Precedent {
  readonly into: string;
  readonly rule: string;
}

/**
 * Remembers counted calls for some minutes, because the spans that report one call may be parted by the border of
 * two exports.
 *
 * Every export is counted at once, from what it holds, and answered when that is durable. Nothing is held back: a
 * held span would either be lost in a crash or delay the answer past the exporter's patience. So the part that
 * comes first is counted, and what comes later for the same call is dropped, with what it would have filled in.
 * Children are exported before parents, hence the first part is nearly always the one with the numbers.
 *
 * An export that was refused or failed must not be remembered, otherwise its retry would be dropped; a call that is
 * sent again under its own id is never dropped, since the id makes it idempotent downstream. Memory is bounded by
 * two generations of `ENTRIES_MAX`. Processes do not share it: an exporter keeps its connection, so its posts
 * reach one process unless that one dies between two posts.
 */
export class RecentCalls {
  #young = emptyGeneration();
  #old = emptyGeneration();
  #youngSinceMs = 0;

  /** The counted call that this one repeats, or null. */
  precedentOf(call: Candidate, topmost: OtlpSpan): Precedent | null {
    const id = requestIdOf(call.span);
    if (this.#has('counted', id)) return null;
    if (this.#has('above', id)) return { into: id, rule: 'a call below it was counted in an earlier export' };
    const parent = `${topmost.traceId}-${topmost.parentSpanId}`;
    if (topmost.parentSpanId !== '' && this.#has('counted', parent)) {
      return { into: parent, rule: 'the call above it was counted in an earlier export' };
    }
    const twin = this.#twinByResponseId(call, id) ?? this.#twinByTime(call, id);
    if (twin === null) return null;
    return { into: requestIdOf(twin.call.span), rule: 'another instrumentation reported it in an earlier export' };
  }

  /** Whether this span stands above a counted call. */
  isAbove(span: OtlpSpan): boolean {
    return this.#has('above', requestIdOf(span));
  }

  /** Call this only when the export's events are durable. `nowMs` from any clock that does not jump back. */
  remember(marks: Marks, nowMs: number): void {
    this.#age(nowMs);
    for (const id of marks.above) this.#young.above.add(id);
    for (const call of marks.calls) this.#index(call);
    for (const { span, of } of marks.twins) this.#addTwin(span, of);
  }

  #index(call: Candidate): void {
    const entry: CountedCall = {
      call: { ...call, members: [] },
      members: new Set(call.members.map(requestIdOf)),
      scopes: new Set(call.members.map(({ scope }) => scope.name)),
    };
    this.#young.counted.set(requestIdOf(call.span), entry);
    const idKey = responseIdKey(call);
    if (idKey !== null) this.#young.byResponseId.set(idKey, entry);
    const startKey = startKeyOf(call, 0);
    this.#young.byStart.set(startKey, [...(this.#young.byStart.get(startKey) ?? []), entry].slice(-64));
  }

  #addTwin(span: OtlpSpan, of: string): void {
    const entry = this.#young.counted.get(of) ?? this.#old.counted.get(of);
    entry?.members.add(requestIdOf(span));
    entry?.scopes.add(span.scope.name);
  }

  #twinByResponseId(call: Candidate, id: string): CountedCall | null {
    const key = responseIdKey(call);
    if (key === null) return null;
    const entry = this.#young.byResponseId.get(key) ?? this.#old.byResponseId.get(key);
    return entry !== undefined && isOpenTo(entry, call, id) ? entry : null;
  }

  #twinByTime(call: Candidate, id: string): CountedCall | null {
    for (const { byStart } of [this.#young, this.#old]) {
      for (const slice of [-1, 0, 1]) {
        const entries = byStart.size === 0 ? undefined : byStart.get(startKeyOf(call, slice));
        for (const entry of entries ?? []) {
          if (isOpenTo(entry, call, id) && isTwin(entry.call, call)) return entry;
        }
      }
    }
    return null;
  }

  #has(kind: 'above' | 'counted', id: string): boolean {
    return this.#young[kind].has(id) || this.#old[kind].has(id);
  }

  #age(nowMs: number): void {
    const isFull = Object.values(this.#young).some(({ size }) => size >= ENTRIES_MAX);
    if (!isFull && nowMs - this.#youngSinceMs < REMEMBERED_MS) return;
    this.#old = this.#young;
    this.#young = emptyGeneration();
    this.#youngSinceMs = nowMs;
  }
}

/** Its own repetition, or a scope that the call does not have yet: one call has one span of each. */
function isOpenTo({ members, scopes }: CountedCall, call: Candidate, id: string): boolean {
  return members.has(id) || !scopes.has(call.span.scope.name);
}

function responseIdKey({ span, facts }: Candidate): string | null {
  return facts.responseId === null ? null : `${span.resource.processKey}\n${facts.responseId}`;
}

function startKeyOf({ span, startMs }: Candidate, slice: number): string {
  return `${span.resource.processKey}\n${Math.floor(startMs / TWIN_START_MS_MAX) + slice}`;
}

function emptyGeneration(): Generation {
  return { above: new Set(), counted: new Map(), byResponseId: new Map(), byStart: new Map() };
}
