import { cacheStep } from './cache-step.ts';
import { chargeStep } from './charge-step.ts';
import type { Booking, Correction, Reason } from './correction.ts';
import { feeStep } from './fee-step.ts';
import { Ledger, spotId } from './ledger.ts';
import { failedStep, missingStep } from './missing-step.ts';
import { modelStep } from './model-step.ts';
import type { OurCall, OurUsage, Place, Question } from './question.ts';
import { RateTable } from './rate-table.ts';
import { spreadsOf } from './subset.ts';
import { surplusStep } from './surplus-step.ts';
import { ledgerOfTheirs, tierStep } from './tier-step.ts';
import { areRequestsTold, isInRange, ledgerOf, timeStep, USUAL_VIEW, viewOf } from './time-step.ts';
import { type ByPart, NO_TOKENS, plus, valueOf } from './tokens.ts';

/** One side of a row. */
export interface Side {
  readonly requests: number;
  readonly tokens: ByPart;
  readonly picoUsd: bigint;
}

/** Both sides of a bucket, key and model, and what explains the difference. */
export interface ReconciledRow extends Omit<Place, 'tier'> {
  readonly ours: Side;
  readonly theirs: Side;
  readonly bookings: readonly Booking[];
}

export interface Reconciliation {
  readonly rows: readonly ReconciledRow[];
  readonly bookings: readonly Booking[];
  readonly ours: Side;
  readonly theirs: Side;
  /** Whether the provider counts requests. */
  readonly areRequestsKnown: boolean;
  /** Whether the provider's USD are what it charges; else they are its tokens at our prices. */
  readonly isCharged: boolean;
}

/**
 * Sets a provider's report beside ours and names the cause of each difference.
 *
 * Ours is turned into theirs step by step: time, model, tier, part of the prompt, calls too many, calls too few, price.
 * Each step books what it changes, in tokens and at the list price, so nothing of the difference can get lost between
 * them: the bookings add up to it, to the last 10^-12 USD.
 */
export function reconcile(question: Question): Reconciliation {
  const rates = new RateTable(question);
  const usual = ledgerOf(question, USUAL_VIEW);
  const theirs = new Ledger();
  ledgerOfTheirs(question.theirs, usual, theirs);
  const { correction, view } = timeStep(question, { usual, theirs, rates });
  const areRequestsKnown = areRequestsTold(question);
  const calls = placedCalls(question, view);
  const { familyOf } = question.prices;
  const witnesses = Map.groupBy(calls.filter(isWitness), ({ place }) => spotId(place, familyOf));
  const callsAt = (place: Place) => (witnesses.get(spotId(place, familyOf)) ?? []).map(({ call }) => call);
  const spreadOf = spreadsOf(question.calls, familyOf);
  const step = { calls, callsAt, areRequestsKnown, familyOf, spreadOf };
  failedStep(correction, step);
  modelStep(correction, step);
  tierStep(correction, step);
  cacheStep(correction, step);
  missingStep(correction, step);
  const ourKeys = new Set(question.ours.map(({ key }) => key));
  const { areKeysKnown, prices } = question;
  surplusStep(correction, { ...step, areKeysKnown, ourKeys });
  bookStored(correction, question);
  const { bucketMs } = question;
  const ours = question.ours.filter((row) => isInRange(row, question));
  const charges = feeStep(correction, { ours, charges: question.charges, bucketMs, familyOf });
  if (question.charges !== null) {
    chargeStep(correction, {
      charges,
      isBilled: question.charges.length > 0,
      prices,
      areTiersTold: question.theirs.every(({ tier }) => tier !== null),
      fromMs: question.fromMs,
      bucketMs,
    });
  }
  return summaryOf(correction, question);
}

/** What failed is no witness of what was billed. */
const isWitness = ({ call: { standing, errorKind } }: { readonly call: OurCall }): boolean =>
  standing === 'billed' && errorKind === null;

/** Calls at the places where they stand once time is corrected; those beyond the range are left out. */
function placedCalls({ calls, fromMs, toMs }: Question, view: ReturnType<typeof viewOf>) {
  return calls
    .map((call) => ({ call, place: { ...call, startMs: view(call) } }))
    .filter(({ place }) => place.startMs >= fromMs && place.startMs < toMs);
}

/** What is stored as our cost, where it is not tokens times the list of today. */
function bookStored(correction: Correction, { ours, fromMs, toMs, bucketMs }: Question): void {
  for (const row of ours) {
    if (!isInRange(row, { fromMs, toMs })) continue;
    const place = { ...row, startMs: Math.floor(row.startMs / bucketMs) * bucketMs };
    const picoUsd = valueOf(row.tokens, correction.rates.at(place)) - (row.costPicoUsd - row.feesPicoUsd);
    if (picoUsd !== 0n)
      correction.book(place, { tokens: NO_TOKENS, requests: 0, picoUsd }, storedReason(correction, row));
  }
}

function storedReason(correction: Correction, row: OurUsage): Reason {
  const { model } = row;
  if (row.unpricedRequests > 0) {
    const evidence = correction.rates.isListed(row)
      ? `calls of ${model} were counted before there was a price`
      : `no list has a price of ${model}`;
    return { cause: 'price', certainty: 'sure', evidence };
  }
  const evidence =
    row.reportedBy === ''
      ? `${model} was counted at other prices than today's`
      : `a ${row.reportedBy} reported another cost of ${model} than the list`;
  return { cause: 'price', certainty: 'sure', evidence };
}

function summaryOf(correction: Correction, question: Question): Reconciliation {
  const rowOf = (place: Omit<Place, 'tier'>) => spotId(place, question.prices.familyOf);
  const rows = new Map<string, { place: Omit<Place, 'tier'>; ours: Side; bookings: Booking[] }>();
  const at = (place: Omit<Place, 'tier'>) => {
    const id = rowOf(place);
    let row = rows.get(id);
    if (row === undefined) {
      const { startMs, key, model } = place;
      // Ours come first, so that a row is named as people here name the model.
      rows.set(id, (row = { place: { startMs, key, model }, ours: NOTHING, bookings: [] }));
    }
    return row;
  };
  for (const usage of question.ours) {
    if (!isInRange(usage, question)) continue;
    const startMs = Math.floor(usage.startMs / question.bucketMs) * question.bucketMs;
    const row = at({ ...usage, startMs });
    row.ours = addSide(row.ours, { ...usage, picoUsd: usage.costPicoUsd });
  }
  for (const booking of correction.bookings) at(booking).bookings.push(booking);
  const reconciled = [...rows.values()].map(({ place, ours, bookings }) => ({
    ...place,
    ours,
    // Theirs is ours and all that was booked: the tokens are those of the report, the cost what is charged.
    theirs: bookings.reduce<Side>(addSide, ours),
    bookings,
  }));
  const total = (side: 'ours' | 'theirs') => reconciled.reduce<Side>((sum, row) => addSide(sum, row[side]), NOTHING);
  return {
    rows: reconciled.sort((a, b) => a.startMs - b.startMs || (rowOf(a) < rowOf(b) ? -1 : 1)),
    bookings: correction.bookings,
    ours: total('ours'),
    theirs: total('theirs'),
    areRequestsKnown: areRequestsTold(question),
    isCharged: question.charges !== null,
  };
}

const NOTHING: Side = { requests: 0, tokens: NO_TOKENS, picoUsd: 0n };

function addSide(a: Side, b: Side): Side {
  return {
    requests: a.requests + b.requests,
    tokens: plus(a.tokens, b.tokens),
    picoUsd: a.picoUsd + b.picoUsd,
  };
}
