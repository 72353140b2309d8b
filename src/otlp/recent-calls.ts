import { type Candidate, requestIdOf } from './candidate.ts';
import { isEndOf, isOpening } from './fold-logfire.ts';
import { isTwin, TWIN_START_MS_MAX } from './fold-twins.ts';
import type { Attributes, OtlpResource, OtlpSpan } from './trace-export.ts';

/** How long the parts of one call may lie apart. Exporters send every 5 s; the rest is their retries. */
const REMEMBERED_MS = 5 * 60_000;
/** Per generation and kind; beyond it the older generation is forgotten at once. Some 800 bytes each, hence 40 MB at most. */
const ENTRIES_MAX = 25_000;
/** Calls of one process in one slice of time, or open streams; the newest are kept. */
const SAME_KEY_MAX = 64;
const NO_ATTRIBUTES: Attributes = new Map();
/** A longer id or model name is not remembered. */
const TEXT_CHARS_MAX = 255;

/** A call that was counted, with the other spans that are known to report it. */
interface CountedCall {
  /** Without attributes and members, see `slimOf`. */
  readonly call: Candidate;
  /** Whether nothing but the first span was known when it was counted. */
  readonly isAlone: boolean;
  readonly members: string[];
  readonly scopes: string[];
}

interface Generation {
  /** Spans above a counted call: a call among them is the same call, or the sum of several. */
  readonly above: Set<string>;
  readonly counted: Map<string, CountedCall>;
  readonly byResponseId: Map<string, CountedCall>;
  /** By process and start, in slices of `TWIN_START_MS_MAX`. */
  readonly byStart: Map<string, CountedCall[]>;
  /** Logfire's opening spans whose end has not come, by process. */
  readonly openings: Map<string, CountedCall[]>;
}

/** What to remember once the events of an export are durable. */
export interface Marks {
  /** Whose exports these are: calls of one sender are never folded into those of another. */
  readonly sender: string;
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

  /**
   * The counted call of this sender that this one repeats, or null. `topmost` is the highest span above the call
   * that its export holds.
   */
  precedentOf(call: Candidate, topmost: OtlpSpan, sender: string): Precedent | null {
    const id = requestIdOf(call.span);
    if (this.#has('counted', `${sender}\n${id}`)) return null;
    if (this.#has('above', `${sender}\n${id}`))
      return { into: id, rule: 'a call below it was counted in an earlier export' };
    const parent = `${topmost.traceId}-${topmost.parentSpanId}`;
    if (topmost.parentSpanId !== '' && this.#has('counted', `${sender}\n${parent}`)) {
      return { into: parent, rule: 'the call above it was counted in an earlier export' };
    }
    if (call.role === 'stream end') return this.#openingOf(call, id, sender);
    const twin = this.#twinByResponseId(call, id, sender) ?? this.#twinByTime(call, id, sender);
    if (twin === null) return null;
    return { into: requestIdOf(twin.call.span), rule: 'another instrumentation reported it in an earlier export' };
  }

  /** Whether this span stands above a counted call. */
  isAbove(span: OtlpSpan, sender: string): boolean {
    return this.#has('above', `${sender}\n${requestIdOf(span)}`);
  }

  /** Call this only when the export's events are durable. `nowMs` from any clock that does not jump back. */
  remember(marks: Marks, nowMs: number): void {
    this.#age(nowMs);
    const { sender } = marks;
    for (const id of marks.above) this.#young.above.add(`${sender}\n${id}`);
    for (const call of marks.calls) this.#index(call, sender);
    for (const { span, of } of marks.twins) this.#addTwin(span, `${sender}\n${of}`);
  }

  #index(call: Candidate, sender: string): void {
    const entry: CountedCall = {
      call: slimOf(call),
      isAlone: call.members.length === 1,
      members: call.members.map(requestIdOf),
      scopes: call.members.map(({ scope }) => scope.name),
    };
    this.#young.counted.set(`${sender}\n${requestIdOf(call.span)}`, entry);
    const idKey = responseIdKey(call, sender);
    if (idKey !== null) this.#young.byResponseId.set(idKey, entry);
    const startKey = startKeyOf(call, sender, 0);
    push(this.#young.byStart, startKey, entry);
    if (isOpening(call)) push(this.#young.openings, processKeyOf(call, sender), entry);
  }

  #addTwin(span: OtlpSpan, key: string): void {
    const entry = this.#young.counted.get(key) ?? this.#old.counted.get(key);
    const id = requestIdOf(span);
    // A retry marks the same twin again.
    if (entry === undefined || entry.members.includes(id)) return;
    entry.members.push(id);
    entry.scopes.push(span.scope.name);
  }

  #openingOf(end: Candidate, id: string, sender: string): Precedent | null {
    for (const { openings } of [this.#young, this.#old]) {
      for (const { call, members, isAlone } of openings.get(processKeyOf(end, sender)) ?? []) {
        const isOpen = members.includes(id) || (isAlone && members.length === 1);
        if (isOpen && isEndOf(end, call)) {
          return { into: requestIdOf(call.span), rule: 'the end of a Logfire stream that an earlier export opened' };
        }
      }
    }
    return null;
  }

  #twinByResponseId(call: Candidate, id: string, sender: string): CountedCall | null {
    const key = responseIdKey(call, sender);
    if (key === null) return null;
    const entry = this.#young.byResponseId.get(key) ?? this.#old.byResponseId.get(key);
    return entry !== undefined && isOpenTo(entry, call, id) ? entry : null;
  }

  #twinByTime(call: Candidate, id: string, sender: string): CountedCall | null {
    for (const { byStart } of [this.#young, this.#old]) {
      for (const slice of [-1, 0, 1]) {
        const entries = byStart.size === 0 ? undefined : byStart.get(startKeyOf(call, sender, slice));
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

/**
 * Its own repetition, or a scope that the call does not have yet: one call has one span of each. An only member is the
 * counted span, which `precedentOf` has looked up before: comparing its id again took a third of the time of busy senders.
 */
function isOpenTo({ members, scopes }: CountedCall, call: Candidate, id: string): boolean {
  return (members.length > 1 && members.includes(id)) || !scopes.includes(call.span.scope.name);
}

/**
 * What is compared and nothing else. Attributes may be views of the whole body, and a text may be as long as one:
 * either would keep all bodies of the last minutes in memory.
 */
function slimOf(call: Candidate): Candidate {
  const { span, facts } = call;
  return {
    ...call,
    members: [],
    span: {
      ...span,
      resource: resourceKeyOnly(span.resource),
      attributes: NO_ATTRIBUTES,
      events: [],
      statusMessage: '',
      name: '',
    },
    facts: {
      ...facts,
      failure: null,
      provider: null,
      serviceTier: null,
      finishReason: null,
      responseId: short(facts.responseId),
      requestModel: short(facts.requestModel),
      responseModel: short(facts.responseModel),
    },
  };
}

function resourceKeyOnly({ processKey, isOneProcess }: OtlpResource): OtlpResource {
  return { attributes: NO_ATTRIBUTES, processKey, isOneProcess };
}

function short(text: string | null): string | null {
  return text === null || text.length > TEXT_CHARS_MAX ? null : text;
}

function push(map: Map<string, CountedCall[]>, key: string, entry: CountedCall): void {
  map.set(key, [...(map.get(key) ?? []), entry].slice(-SAME_KEY_MAX));
}

function responseIdKey(call: Candidate, sender: string): string | null {
  const id = short(call.facts.responseId);
  return id === null ? null : `${processKeyOf(call, sender)}\n${id}`;
}

function startKeyOf(call: Candidate, sender: string, slice: number): string {
  return `${processKeyOf(call, sender)}\n${Math.floor(call.startMs / TWIN_START_MS_MAX) + slice}`;
}

function processKeyOf({ span }: Candidate, sender: string): string {
  return `${sender}\n${span.resource.processKey}`;
}

function emptyGeneration(): Generation {
  return { above: new Set(), counted: new Map(), byResponseId: new Map(), byStart: new Map(), openings: new Map() };
}
