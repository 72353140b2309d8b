import type { Amount, Correction, Reason } from './correction.ts';
import { type Ledger, placesOf } from './ledger.ts';
import type { OurCall, Place, PriceLookup } from './question.ts';
import { provedSubset, type SpreadOf } from './subset.ts';
import { outputOf, promptOf } from './tokens.ts';

export interface ModelStep {
  readonly familyOf: PriceLookup['familyOf'];
  /** Calls of ours of a bucket, key and model, whatever its spelling. */
  readonly callsAt: (place: Place) => readonly OurCall[];
  readonly areRequestsKnown: boolean;
  readonly spreadOf: SpreadOf;
}

/**
 * Moves to the models that they say: whole calls to another one first, then among the names of one model, then what is
 * left of pairs of models of which some calls were proved to be billed so.
 */
export function modelStep(correction: Correction, step: ModelStep): void {
  const spotOf = ({ startMs, key }: Place) => `${startMs}\0${key}`;
  const spots = [...Map.groupBy(placesOf(correction.ours, correction.theirs), spotOf).values()];
  const proved = new Set<string>();
  for (const places of spots) moveModels(correction, places, { ...step, proved, isProofNeeded: true });
  for (const places of spots) {
    for (const family of Map.groupBy(places, ({ model }) => step.familyOf(model)).values())
      moveNames(correction, family, step);
  }
  for (const places of spots) moveModels(correction, places, { ...step, proved, isProofNeeded: false });
}

const SNAPSHOT: Reason = {
  cause: 'another_model',
  certainty: 'sure',
  evidence: 'the bill names another snapshot of the same model',
};

function moveNames(correction: Correction, places: readonly Place[], { callsAt, spreadOf }: ModelStep): void {
  const calls = places.slice(0, 1).flatMap(callsAt);
  const to = (place: Place, model: string) => ({ ...place, model });
  moveAlong(correction, { places, valueOf: ({ model }) => model, to, calls, spreadOf }, SNAPSHOT);
}

/** Along one coordinate of places that are alike else: from values of which ours has too much to those it lacks. */
export function moveAlong(
  correction: Correction,
  along: {
    readonly places: readonly Place[];
    readonly valueOf: (place: Place) => string;
    readonly to: (place: Place, value: string) => Place;
    /** Calls of ours among them, which tell the parts of what is moved. */
    readonly calls: readonly OurCall[];
    readonly spreadOf: SpreadOf;
  },
  reason: Reason,
): void {
  const groups = [...Map.groupBy(along.places, along.valueOf)];
  if (groups.length < 2) return;
  for (const [, from] of groups) {
    for (const [value, to] of groups) {
      if (from === to) continue;
      const amount = least(excess(correction, from, -1), excess(correction, to, 1));
      if (amount.prompt === 0 && amount.output === 0) continue;
      const whole =
        provedSubset(along.calls, { ...amount, requests: amount.requests || null }, along.spreadOf) ?? amount;
      correction.move(from, (place) => along.to(place, value), whole, reason);
    }
  }
}

/** Of what theirs has more (`sign` 1), or ours (-1); nothing where it is the other way round. */
export function excess(correction: Correction, places: readonly Place[], sign: 1 | -1): Amount {
  const [ours, theirs] = [amountOf(correction.ours, places), amountOf(correction.theirs, places)];
  const of = (field: 'requests' | 'prompt' | 'output') => Math.max(0, sign * (theirs[field] - ours[field]));
  return { requests: of('requests'), prompt: of('prompt'), output: of('output') };
}

function amountOf(ledger: Ledger, places: readonly Place[]): Amount {
  const entries = places.map((place) => ledger.at(place));
  const sum = (of: (entry: (typeof entries)[number]) => number) => entries.reduce((all, entry) => all + of(entry), 0);
  return {
    requests: sum(({ requests }) => requests),
    prompt: sum(({ tokens }) => promptOf(tokens)),
    output: sum(({ tokens }) => outputOf(tokens)),
  };
}

function least(a: Amount, b: Amount): Amount {
  return {
    requests: Math.min(a.requests, b.requests),
    prompt: Math.min(a.prompt, b.prompt),
    output: Math.min(a.output, b.output),
  };
}

interface ModelMove extends ModelStep {
  /** Pairs of families of which one was billed as the other for certain, somewhere. */
  readonly proved: Set<string>;
  readonly isProofNeeded: boolean;
}

function moveModels(correction: Correction, places: readonly Place[], move: ModelMove): void {
  const families = [...Map.groupBy(places, ({ model }) => move.familyOf(model))];
  for (const [fromFamily, from] of families) {
    for (const [toFamily, to] of families) {
      if (fromFamily === toFamily) continue;
      const [lacking, surplus] = [excess(correction, from, -1), excess(correction, to, 1)];
      const pair = `${fromFamily}\0${toFamily}`;
      const amount = move.isProofNeeded
        ? provedAmount({ lacking, surplus, calls: from.slice(0, 1).flatMap(move.callsAt) }, move)
        : move.proved.has(pair) && isNested(lacking, surplus)
          ? least(lacking, surplus)
          : null;
      if (amount === null || (amount.prompt === 0 && amount.output === 0)) continue;
      move.proved.add(pair);
      correction.move(from, (place) => ({ ...place, model: modelAt(correction, to, place) }), amount, {
        cause: 'another_model',
        certainty: move.isProofNeeded ? 'sure' : 'likely',
        evidence: `${fromFamily} here is ${toFamily} on the bill: the same requests and tokens`,
      });
    }
  }
}

/** Where theirs has most of the family, of the same tier if it can be. */
function modelAt({ theirs }: Correction, places: readonly Place[], { tier, model }: Place): string {
  const size = (place: Place) => promptOf(theirs.at(place).tokens) + (place.tier === tier ? 1 : 0);
  return places.toSorted((a, b) => size(b) - size(a))[0]?.model ?? model;
}

/** Whole calls of ours on their bill as the other model, or just what one of them lacks and the other has more. */
function provedAmount(
  { lacking, surplus, calls }: { lacking: Amount; surplus: Amount; calls: readonly OurCall[] },
  { areRequestsKnown, spreadOf }: ModelMove,
): Amount | null {
  if (surplus.prompt === 0) return null;
  const sought = (amount: Amount) => ({ ...amount, requests: areRequestsKnown ? amount.requests : null });
  const isAlike = lacking.prompt === surplus.prompt && lacking.output === surplus.output;
  if (isAlike && lacking.requests === surplus.requests)
    return provedSubset(calls, sought(lacking), spreadOf) ?? lacking;
  return provedSubset(calls, sought(surplus), spreadOf);
}

const covers = (a: Amount, b: Amount): boolean =>
  a.requests >= b.requests && a.prompt >= b.prompt && a.output >= b.output;

const isNested = (a: Amount, b: Amount): boolean => covers(a, b) || covers(b, a);
