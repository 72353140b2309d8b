import type { ReadEvent } from './read-event.ts';

export interface JoinLimits {
  readonly joinTimeoutMs: number;
  readonly dedupHorizonMs: number;
}

export interface JoinedCall {
  readonly request: ReadEvent;
  readonly response: ReadEvent | null;
}

export interface Joined {
  readonly calls: readonly JoinedCall[];
  readonly orphans: readonly ReadEvent[];
  readonly repeatedRequests: readonly ReadEvent[];
  readonly repeatedResponses: readonly ReadEvent[];
}

/**
 * The join as `join.ts` defines it, over all records at once. Per id there are two queues in log order without
 * repetitions, and their heads are compared: near enough they are a call, else the older one stays alone.
 */
export function joinAll(requests: readonly ReadEvent[], responses: readonly ReadEvent[], limits: JoinLimits): Joined {
  const asked = firsts(requests, limits.dedupHorizonMs);
  const answered = firsts(responses, limits.dedupHorizonMs);
  const calls: JoinedCall[] = [];
  const orphans: ReadEvent[] = [];
  for (const id of new Set([...asked.byId.keys(), ...answered.byId.keys()])) {
    const left = [...(asked.byId.get(id) ?? [])];
    const right = [...(answered.byId.get(id) ?? [])];
    while (left.length > 0 || right.length > 0) {
      const [request, response] = [left[0], right[0]];
      if (request === undefined) {
        orphans.push(right.shift() as ReadEvent);
        continue;
      }
      const distanceMs = response === undefined ? Number.POSITIVE_INFINITY : response.loggedAtMs - request.loggedAtMs;
      if (distanceMs > limits.joinTimeoutMs) {
        calls.push({ request: left.shift() as ReadEvent, response: null });
      } else if (distanceMs < -limits.joinTimeoutMs) {
        orphans.push(right.shift() as ReadEvent);
      } else {
        calls.push({ request: left.shift() as ReadEvent, response: right.shift() as ReadEvent });
      }
    }
  }
  return { calls, orphans, repeatedRequests: asked.repeated, repeatedResponses: answered.repeated };
}

/** What is no repetition: an id seen on its topic within the horizon before, repeated or not, is one. */
function firsts(
  events: readonly ReadEvent[],
  horizonMs: number,
): { byId: ReadonlyMap<string, readonly ReadEvent[]>; repeated: readonly ReadEvent[] } {
  const seenMs = new Map<string, number>();
  const byId = new Map<string, ReadEvent[]>();
  const repeated: ReadEvent[] = [];
  for (const event of events) {
    const lastMs = seenMs.get(event.keyText) ?? Number.NEGATIVE_INFINITY;
    seenMs.set(event.keyText, event.loggedAtMs);
    if (event.loggedAtMs - lastMs <= horizonMs) repeated.push(event);
    else byId.set(event.keyText, [...(byId.get(event.keyText) ?? []), event]);
  }
  return { byId, repeated };
}

export interface FindJudged {
  readonly judged: (evaluation: ReadEvent) => ReadEvent | null;
  /** Two different calls shared an id within the horizon: which of them is judged is not promised. */
  readonly isAmbiguous: boolean;
}

function dimensionsOf({ fields }: ReadEvent): string {
  return JSON.stringify([fields['tenant_id'], fields['route'], fields['model']]);
}

/** An id's request with its repetitions: from the first to the last time it was seen. */
interface Sighting {
  readonly request: ReadEvent;
  lastMs: number;
}

/**
 * The request that each evaluation is about, or null. It is the earliest of that id that was seen until at most the
 * dedup horizon before the evaluation and from at most the join timeout after it.
 */
export function findJudged(requests: readonly ReadEvent[], limits: JoinLimits): FindJudged {
  const byId = new Map<string, Sighting[]>();
  let isAmbiguous = false;
  for (const request of requests) {
    const sightings = byId.get(request.keyText) ?? [];
    byId.set(request.keyText, sightings);
    const last = sightings.at(-1);
    if (last !== undefined && request.loggedAtMs - last.lastMs <= limits.dedupHorizonMs) {
      last.lastMs = request.loggedAtMs;
      if (dimensionsOf(last.request) !== dimensionsOf(request)) isAmbiguous = true;
    } else {
      sightings.push({ request, lastMs: request.loggedAtMs });
    }
  }
  const judged = ({ keyText, loggedAtMs }: ReadEvent) => {
    const about = (byId.get(keyText) ?? []).find(
      ({ request, lastMs }) =>
        loggedAtMs <= lastMs + limits.dedupHorizonMs && loggedAtMs >= request.loggedAtMs - limits.joinTimeoutMs,
    );
    return about?.request ?? null;
  };
  return { judged, isAmbiguous };
}
