import { applyCallWrite, callKey, foldCallWrites } from '../apply-call.ts';
import type { Call, CallIdentity, CallWrite } from '../call.ts';
import { CALL_EQUALITIES } from '../call-filters.ts';
import { metadataMatches } from '../metadata-filter.ts';
import type { CallsQuery, KeptCalls, KeptQuery } from '../metrics-reader.ts';
import type { CallCorrection } from '../metrics-store.ts';

/** Single calls. Reads walk over all of them. */
export class MemoryCalls {
  readonly #calls = new Map<string, Call>();

  write(writes: readonly CallWrite[]): void {
    for (const write of foldCallWrites(writes)) {
      const key = callKey(write.call);
      this.#calls.set(key, applyCallWrite(this.#calls.get(key), write));
    }
  }

  remove(calls: readonly CallIdentity[]): void {
    for (const call of calls) this.#calls.delete(callKey(call));
  }

  read(query: CallsQuery): readonly Call[] {
    const valueOf = (call: Call): number | null => (query.order === 'newest' ? call.timestampMs : call.latencyMs);
    const { after, limit } = query;
    return [...this.#calls.values()]
      .flatMap((call) => {
        const value = valueOf(call);
        return value !== null && matches(call, query) ? [{ call, value }] : [];
      })
      .filter(({ call, value }) => {
        if (after === null) return true;
        return value < after.value || (value === after.value && call.requestId > after.requestId);
      })
      .sort((a, b) => b.value - a.value || compareTexts(a.call.requestId, b.call.requestId))
      .slice(0, limit)
      .map(({ call }) => call);
  }

  count({ tenantId, route, model, fromMs, toMs }: KeptQuery): KeptCalls {
    const found = [...this.#calls.values()].filter(
      (call) =>
        call.tenantId === tenantId &&
        call.timestampMs >= fromMs &&
        call.timestampMs < toMs &&
        (route === null || call.route === route) &&
        (model === null || call.model === model),
    );
    return { calls: found.length, errors: found.filter(({ status }) => status === 'error').length };
  }

  readOne(tenantId: string, requestId: string): Call | null {
    let newest: Call | null = null;
    for (const call of this.#calls.values()) {
      if (call.tenantId !== tenantId || call.requestId !== requestId) continue;
      if (newest === null || call.timestampMs > newest.timestampMs) newest = call;
    }
    return newest;
  }

  reprice(corrections: readonly CallCorrection[]): void {
    for (const correction of corrections) {
      const key = callKey(correction);
      const call = this.#calls.get(key);
      if (call?.costPicoUsd !== correction.expectedPicoUsd) continue;
      const { costPicoUsd, listCostPicoUsd, costSource, bill } = correction;
      this.#calls.set(key, { ...call, costPicoUsd, listCostPicoUsd, costSource, bill });
    }
  }

  prune(beforeMs: number): void {
    for (const [key, call] of this.#calls) if (call.timestampMs < beforeMs) this.#calls.delete(key);
  }
}

function matches(call: Call, query: CallsQuery): boolean {
  const { fromMs, toMs, latencyMsMin, latencyMsMax, hasError, metadata } = query;
  if (call.tenantId !== query.tenantId || call.timestampMs < fromMs || call.timestampMs >= toMs) return false;
  for (const field of CALL_EQUALITIES) {
    if (query[field] !== null && query[field] !== call[field]) return false;
  }
  if (hasError !== null && hasError !== (call.status === 'error')) return false;
  if (latencyMsMin !== null && (call.latencyMs === null || call.latencyMs < latencyMsMin)) return false;
  if (latencyMsMax !== null && (call.latencyMs === null || call.latencyMs > latencyMsMax)) return false;
  return metadataMatches(call.metadata, metadata);
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
