import type { OtlpSpan } from '../decode/trace-export.ts';
import type { Candidate } from './candidate.ts';
import { type CountedCall, rememberedText } from './counted-call.ts';
import { isOpenTo, RecentProcess } from './recent-process.ts';

/** How long the parts of one call may lie apart. Exporters send every 5 s; the rest is their retries. */
const REMEMBERED_MS = 5 * 60_000;
/** Per generation and kind; beyond it the older generation is forgotten at once. Some 400 bytes each, hence 20 MB at most. */
const ENTRIES_MAX = 25_000;

/** What one sender sent within one generation. Calls of one sender are never folded into those of another. */
interface SenderMemory {
  /** Spans above a counted call: a call among them is the same call, or the sum of several. */
  readonly above: Set<string>;
  readonly counted: Map<string, CountedCall>;
  readonly processes: Map<string, RecentProcess>;
}

interface Generation {
  readonly senders: Map<string, SenderMemory>;
  callCount: number;
  aboveCount: number;
}

/** What to remember once the events of an export are durable. */
export interface Marks {
  /** Whose exports these are: calls of one sender are never folded into those of another. */
  readonly sender: string;
  readonly calls: readonly CountedCall[];
  /** Span ids above the counted calls, whether they came or not. */
  readonly above: readonly string[];
  /** Dropped because an earlier export has the call. */
  readonly twins: readonly { readonly id: string; readonly scopeName: string; readonly of: string }[];
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
    const young = this.#young.senders.get(sender) ?? NOTHING;
    const old = this.#old.senders.get(sender) ?? NOTHING;
    const { id } = call;
    if (young.counted.has(id) || old.counted.has(id)) return null;
    if (young.above.has(id) || old.above.has(id)) {
      return { into: id, rule: 'a call below it was counted in an earlier export' };
    }
    if (topmost.parentSpanId !== '') {
      const parent = `${topmost.traceId}-${topmost.parentSpanId}`;
      if (young.counted.has(parent) || old.counted.has(parent)) {
        return { into: parent, rule: 'the call above it was counted in an earlier export' };
      }
    }
    const { processKey } = call.span.resource;
    const processes = [young.processes.get(processKey), old.processes.get(processKey)].filter(
      (process) => process !== undefined,
    );
    return call.role === 'stream end' ? openingAmong(processes, call) : twinAmong(processes, call);
  }

  /** Whether this sender's exports may hold spans above a counted call at all. */
  hasAbove(sender: string): boolean {
    return [this.#young, this.#old].some(({ senders }) => (senders.get(sender)?.above.size ?? 0) > 0);
  }

  /** Whether the span of this request id stands above a counted call. */
  isAbove(id: string, sender: string): boolean {
    return [this.#young, this.#old].some(({ senders }) => senders.get(sender)?.above.has(id) === true);
  }

  /** Call this only when the export's events are durable. `nowMs` from any clock that does not jump back. */
  remember({ sender, above, calls, twins }: Marks, nowMs: number): void {
    this.#age(nowMs);
    const young = this.#young;
    const memory = memoryOf(young, sender);
    const aboveBefore = memory.above.size;
    for (const id of above) memory.above.add(id);
    young.aboveCount += memory.above.size - aboveBefore;
    // Repetitions are counted too, so that a sender who never stops retrying does not make the lists long.
    young.callCount += calls.length;
    for (const call of calls) {
      memory.counted.set(call.id, call);
      processOf(memory, call).add(call);
    }
    for (const { id, scopeName, of } of twins) {
      const holder = memory.counted.has(of) ? memory : this.#old.senders.get(sender);
      const call = holder?.counted.get(of);
      if (call !== undefined && holder !== undefined) processOf(holder, call).addOther(call, { id, scopeName });
    }
  }

  #age(nowMs: number): void {
    const isFull = this.#young.callCount >= ENTRIES_MAX || this.#young.aboveCount >= ENTRIES_MAX;
    if (!isFull && nowMs - this.#youngSinceMs < REMEMBERED_MS) return;
    this.#old = this.#young;
    this.#young = emptyGeneration();
    this.#youngSinceMs = nowMs;
  }
}

function openingAmong(processes: readonly RecentProcess[], end: Candidate): Precedent | null {
  for (const process of processes) {
    const opening = process.openingOf(end);
    if (opening !== null) {
      return { into: opening.id, rule: 'the end of a Logfire stream that an earlier export opened' };
    }
  }
  return null;
}

function twinAmong(processes: readonly RecentProcess[], call: Candidate): Precedent | null {
  // Nearly always, and then nothing has to be looked up or indexed.
  if (processes.every((process) => process.isOnly(call.span.scope.name))) return null;
  const twin = twinByResponseId(processes, call) ?? twinByTime(processes, call);
  return twin === null ? null : { into: twin.id, rule: 'another instrumentation reported it in an earlier export' };
}

function twinByResponseId(processes: readonly RecentProcess[], call: Candidate): CountedCall | null {
  const responseId = rememberedText(call.facts.responseId);
  if (responseId === null) return null;
  for (const process of processes) {
    const entry = process.byResponseId(responseId);
    if (entry !== undefined) return isOpenTo(entry, call) ? entry : null;
  }
  return null;
}

function twinByTime(processes: readonly RecentProcess[], call: Candidate): CountedCall | null {
  for (const process of processes) {
    const twin = process.twinByTime(call);
    if (twin !== null) return twin;
  }
  return null;
}

function memoryOf({ senders }: Generation, sender: string): SenderMemory {
  let memory = senders.get(sender);
  if (memory === undefined) senders.set(sender, (memory = emptyMemory()));
  return memory;
}

function processOf({ processes }: SenderMemory, { span }: CountedCall): RecentProcess {
  const { processKey } = span.resource;
  let process = processes.get(processKey);
  if (process === undefined) processes.set(processKey, (process = new RecentProcess()));
  return process;
}

function emptyMemory(): SenderMemory {
  return { above: new Set(), counted: new Map(), processes: new Map() };
}

function emptyGeneration(): Generation {
  return { senders: new Map(), callCount: 0, aboveCount: 0 };
}

/** Of a sender who has sent nothing yet; never written to. */
const NOTHING = emptyMemory();
