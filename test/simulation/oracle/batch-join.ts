import type { ReadEvent } from './read-event.ts';
import { inReadingOrder, type Reading } from './readings.ts';

export interface JoinLimits {
  readonly joinTimeoutMs: number;
  readonly dedupHorizonMs: number;
  /** In which order the log was read; by default that of log time. */
  readonly reading?: Reading;
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
 * The join as `join.ts` defines it, over all records at once: each request, in order of the log, takes the earliest response of
 * its id that is left, that does not name another tenant, and that lies near enough.
 */
export function joinAll(requests: readonly ReadEvent[], responses: readonly ReadEvent[], limits: JoinLimits): Joined {
  const { dedupHorizonMs, reading } = limits;
  const asked = firsts(inReadingOrder('llm.requests', requests, reading), dedupHorizonMs);
  const answered = firsts(inReadingOrder('llm.responses', responses, reading), dedupHorizonMs);
  const calls: JoinedCall[] = [];
  const left = new Map<string, ReadEvent[]>();
  for (const response of answered.first) left.set(response.keyText, [...(left.get(response.keyText) ?? []), response]);
  for (const request of asked.first) {
    const candidates = left.get(request.keyText) ?? [];
    const index = candidates.findIndex(
      ({ tenant, loggedAtMs }) =>
        (tenant === null || tenant === request.tenant) &&
        Math.abs(loggedAtMs - request.loggedAtMs) <= limits.joinTimeoutMs,
    );
    const [response = null] = index === -1 ? [] : candidates.splice(index, 1);
    calls.push({ request, response });
  }
  const orphans = [...left.values()].flat();
  return { calls, orphans, repeatedRequests: asked.repeated, repeatedResponses: answered.repeated };
}

/** What is no repetition: an id that its tenant (or nobody) sent on its topic within the horizon before, repeated or not, is one. */
function firsts(
  events: readonly ReadEvent[],
  horizonMs: number,
): { first: readonly ReadEvent[]; repeated: readonly ReadEvent[] } {
  const seenMs = new Map<string, number>();
  const first: ReadEvent[] = [];
  const repeated: ReadEvent[] = [];
  for (const event of events) {
    const identity = JSON.stringify([event.tenant, event.keyText]);
    const lastMs = seenMs.get(identity) ?? Number.NEGATIVE_INFINITY;
    seenMs.set(identity, Math.max(event.loggedAtMs, lastMs));
    if (event.loggedAtMs - lastMs <= horizonMs) repeated.push(event);
    else first.push(event);
  }
  return { first, repeated };
}

export interface FindJudged {
  readonly judged: (evaluation: ReadEvent) => ReadEvent | null;
  /** Whether only other tenants have a call that a response or an evaluation could be about. */
  readonly isForeign: (event: ReadEvent) => boolean;
  /** Two different calls could be meant, and which of them is judged is not promised. */
  readonly isAmbiguous: () => boolean;
}

function dimensionsOf({ fields }: ReadEvent): string {
  return JSON.stringify([fields['tenant_id'], fields['route'], fields['model']]);
}

/** A call with the repetitions of its request: from the first to the last time that it was seen. */
interface Sighting {
  readonly request: ReadEvent;
  lastMs: number;
}

/**
 * The request that each evaluation is about, or null. It is the earliest of that id, and of its tenant if it has one, that was seen until
 * at most the dedup horizon before the evaluation and from at most the join timeout after it.
 */
export function findJudged(requests: readonly ReadEvent[], limits: JoinLimits): FindJudged {
  const byId = new Map<string, Sighting[]>();
  let isAmbiguous = false;
  for (const request of requests) {
    const sightings = byId.get(request.keyText) ?? [];
    byId.set(request.keyText, sightings);
    const last = sightings.findLast((sighting) => sighting.request.tenant === request.tenant);
    if (last !== undefined && request.loggedAtMs - last.lastMs <= limits.dedupHorizonMs) {
      last.lastMs = request.loggedAtMs;
      if (dimensionsOf(last.request) !== dimensionsOf(request)) isAmbiguous = true;
    } else {
      sightings.push({ request, lastMs: request.loggedAtMs });
    }
  }
  const near = ({ keyText, loggedAtMs }: ReadEvent) =>
    (byId.get(keyText) ?? []).filter(
      ({ request, lastMs }) =>
        loggedAtMs <= lastMs + limits.dedupHorizonMs && loggedAtMs >= request.loggedAtMs - limits.joinTimeoutMs,
    );
  const judged = (evaluation: ReadEvent) => {
    const inReach = near(evaluation);
    const calls = inReach.map(({ request }) => request);
    const [first, second] = calls.filter(({ tenant }) => evaluation.tenant === null || evaluation.tenant === tenant);
    if (second !== undefined && second.loggedAtMs === first?.loggedAtMs) isAmbiguous = true;
    // Whoever's request was seen first within reach, be it only a repetition, may have been taken before the other was known.
    const seen = requests.find(
      ({ keyText, loggedAtMs }) =>
        keyText === evaluation.keyText && loggedAtMs >= evaluation.loggedAtMs - limits.dedupHorizonMs,
    );
    if (evaluation.tenant === null && first !== undefined && seen?.tenant !== first.tenant) isAmbiguous = true;
    // After a restart a repetition may be the first that is known of the earliest.
    const [earliest, ...others] = inReach;
    const maySwap = others.some(({ request }) => earliest !== undefined && request.loggedAtMs <= earliest.lastMs);
    if (evaluation.tenant === null && maySwap) isAmbiguous = true;
    return first ?? null;
  };
  const isForeign = (event: ReadEvent) => {
    const tenants = new Set(near(event).map(({ request }) => request.tenant));
    return event.tenant !== null && tenants.size > 0 && !tenants.has(event.tenant);
  };
  return { judged, isForeign, isAmbiguous: () => isAmbiguous };
}
