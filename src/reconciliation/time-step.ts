import { Correction, type Reason } from './correction.ts';
import { Ledger, placesOf, spotId } from './ledger.ts';
import type { OurCall, OurUsage, Place, PriceLookup, Question } from './question.ts';
import type { RateTable } from './rate-table.ts';
import { isNothing, isSame, valueOf } from './tokens.ts';

const DAY_MS = 86_400_000;
const HALF_HOUR_MS = 1_800_000;

/** How buckets may be cut. */
export type TimeView = { readonly by: 'start' | 'end'; readonly offsetMs: number };

export const USUAL_VIEW: TimeView = { by: 'start', offsetMs: 0 };

/** Our usage by the provider's buckets, as if it cut them so. */
export function ledgerOf(
  question: Pick<Question, 'ours' | 'theirs' | 'calls' | 'fromMs' | 'toMs' | 'bucketMs'>,
  view: TimeView,
): Ledger {
  const { fromMs, toMs } = question;
  const bucketOf = bucketsOf(question, view);
  const isInside = (startMs: number) => startMs >= fromMs && startMs < toMs;
  const ledger = new Ledger();
  const one = areRequestsTold(question) ? 1 : 0;
  for (const row of question.ours) {
    const startMs = bucketOf(row.startMs);
    if (isInside(startMs)) ledger.add({ ...row, startMs }, row.tokens, one * row.requests);
  }
  if (view.by === 'end') {
    for (const call of question.calls.filter(isMovable)) {
      const [startMs, endMs] = [bucketOf(call.atMs), bucketOf(call.endMs ?? call.atMs)];
      if (startMs === endMs) continue;
      if (isInside(startMs)) {
        const taken = call.tokens.map((count) => -count);
        ledger.add({ ...call, startMs }, taken, -one);
      }
      if (isInside(endMs)) ledger.add({ ...call, startMs: endMs }, call.tokens, one);
    }
  }
  return ledger;
}

/** Where one side does not count requests, neither does the comparison. */
export function areRequestsTold({ theirs }: Pick<Question, 'theirs'>): boolean {
  return theirs.every(({ requests }) => requests !== null);
}

function bucketsOf({ bucketMs }: Pick<Question, 'bucketMs'>, { offsetMs }: TimeView): (atMs: number) => number {
  return (atMs) => Math.floor((atMs + offsetMs) / bucketMs) * bucketMs;
}

/** The bucket in which a call stands. */
export function viewOf(question: Pick<Question, 'bucketMs'>, view: TimeView): (call: OurCall) => number {
  const bucketOf = bucketsOf(question, view);
  return ({ atMs, endMs }) => bucketOf(view.by === 'end' ? (endMs ?? atMs) : atMs);
}

const isMovable = ({ standing, endMs }: OurCall): boolean => standing === 'billed' && endMs !== null;

/**
 * Finds out how the provider cuts its buckets: the way by which the least is left to explain. One answer holds for the
 * whole report, so that faults of other kinds, which differ under each of them, do not decide it.
 */
export function timeStep(
  question: Question,
  { usual, theirs, rates }: { readonly usual: Ledger; readonly theirs: Ledger; readonly rates: RateTable },
): { readonly correction: Correction; readonly view: (call: OurCall) => number } {
  const { familyOf } = question.prices;
  let best: { view: TimeView; ledger: Ledger; rest: bigint } = {
    view: USUAL_VIEW,
    ledger: usual,
    rest: restOf(usual, theirs, { rates, familyOf }),
  };
  for (const view of viewsOf(question)) {
    const ledger = ledgerOf(question, view);
    const rest = restOf(ledger, theirs, { rates, familyOf });
    // Among fifty clocks one always fits a little better: it has to explain most of what differs.
    if (view.offsetMs === 0 ? rest < best.rest : rest * 2n < best.rest) best = { view, ledger, rest };
  }
  const correction = new Correction({ ours: usual, theirs, rates });
  const reason = reasonOf(best.view);
  for (const place of placesOf(usual, best.ledger)) {
    const [from, to] = [usual.at(place), best.ledger.at(place)];
    const tokens = to.tokens.map((count, index) => count - (from.tokens[index] ?? 0));
    const requests = to.requests - from.requests;
    if (!isNothing(tokens) || requests !== 0) correction.change(place, { tokens, requests }, reason);
  }
  if (!question.areCallsWhole) shiftNeighbours(correction, question.bucketMs);
  return { correction, view: viewOf(question, best.view) };
}

function viewsOf({ bucketMs, mayDaysBeLocal }: Question): readonly TimeView[] {
  const views: TimeView[] = [{ by: 'end', offsetMs: 0 }];
  if (!mayDaysBeLocal || bucketMs !== DAY_MS) return views;
  for (let halves = -24; halves <= 28; halves++) {
    if (halves !== 0) views.push({ by: 'start', offsetMs: halves * HALF_HOUR_MS });
  }
  return views;
}

function reasonOf({ by, offsetMs }: TimeView): Reason {
  const hours = `${offsetMs < 0 ? '-' : '+'}${Math.abs(offsetMs) / (2 * HALF_HOUR_MS)}`;
  const evidence =
    by === 'end'
      ? 'calls stand in the bucket in which they ended; ours in that in which they began'
      : `its days are those of UTC${hours}; ours are those of UTC`;
  return { cause: 'boundary', certainty: 'sure', evidence };
}

/** What is left, whatever the tier and the spelling of the model. */
function restOf(
  ours: Ledger,
  theirs: Ledger,
  { rates, familyOf }: { readonly rates: RateTable; readonly familyOf: PriceLookup['familyOf'] },
): bigint {
  const spotOf = (place: Place) => spotId(place, familyOf);
  let rest = 0n;
  // In the order of time, as the rates of a day are those of its first place that is asked for.
  for (const places of Map.groupBy(placesOf(ours, theirs), spotOf).values()) {
    const sum = places.reduce((difference, place) => {
      const ofPlace = rates.at({ ...place, tier: '' });
      return difference + valueOf(theirs.at(place).tokens, ofPlace) - valueOf(ours.at(place).tokens, ofPlace);
    }, 0n);
    rest += sum < 0n ? -sum : sum;
  }
  return rest;
}

/** Where not all calls are kept by themselves: what one bucket lacks and the next has more, to the last token. */
function shiftNeighbours(correction: Correction, bucketMs: number): void {
  const reason: Reason = {
    cause: 'boundary',
    certainty: 'likely',
    evidence: 'what one bucket lacks, the next one has more, to the last token',
  };
  for (const place of placesOf(correction.ours)) {
    const next = { ...place, startMs: place.startMs + bucketMs };
    const [here, there] = [correction.gap(place), correction.gap(next)];
    const isShift =
      here.tokens.some((count) => count < 0) &&
      here.requests === -there.requests &&
      isSame(
        here.tokens.map((count) => -count),
        there.tokens,
      );
    if (!isShift) continue;
    correction.change(place, here, reason);
    correction.change(next, there, reason);
  }
}

/** Rows before the range are there for calls that end in it. */
export function isInRange({ startMs }: OurUsage, { fromMs, toMs }: Pick<Question, 'fromMs' | 'toMs'>): boolean {
  return startMs >= fromMs && startMs < toMs;
}
