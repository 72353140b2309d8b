import { agentGapMs } from './agent-twins.ts';
import { type ComparedCall, tellingsOf } from './compared-call.ts';
import type { Generation } from './open-trace.ts';
import { lacks, tracelessGapMs } from './record-gap.ts';
import type { RecordRole } from './report.ts';
import { mayBeTwins, streamGapMs, twinGapMs } from './twins.ts';

/**
 * How far apart two generations are that may be one call, each by what a process says that tells of both; null where
 * they are two.
 */
export function twinsGapMs(a: Generation, b: Generation): number | null {
  const gapMs = closestMs(a, b, twinGapMs);
  if (gapMs === null || (isToldOnce(a) && isToldOnce(b))) return gapMs;
  return areAll(a, b, mayBeTwins) ? gapMs : null;
}

/** A generation may hold a record and a span already, found by their id: then it lacks neither. */
export function agentsGapMs(a: Generation, b: Generation): number | null {
  const gapMs = closestMs(a, b, agentGapMs);
  if (gapMs === null || (isToldOnce(a) && isToldOnce(b))) return gapMs;
  const isApart = (x: ComparedCall, y: ComparedCall) => x.agent === null || y.agent === null || x.isLog !== y.isLog;
  return areAll(a, b, isApart) ? gapMs : null;
}

/** A generation that holds a record and a span already, found by their id, lacks no other record. */
export function recordsGapMs(role: NonNullable<RecordRole>): (a: Generation, b: Generation) => number | null {
  return (a, b) => {
    const gapMs = closestMs(a, b, (x, y) => tracelessGapMs(x, y, role));
    if (gapMs === null || (isToldOnce(a) && isToldOnce(b))) return gapMs;
    const [record, call] = a.first.compared.record === role ? [a, b] : [b, a];
    return isToldOnce(record) && call.nodes.every(({ compared }) => lacks(compared, role)) ? gapMs : null;
  };
}

export function halvesGapMs(a: Generation, b: Generation): number | null {
  return closestMs(a, b, (x, y) => (x.role === 'opening' ? streamGapMs(x, y) : streamGapMs(y, x)));
}

function closestMs(
  a: Generation,
  b: Generation,
  gapMsOf: (x: ComparedCall, y: ComparedCall) => number | null,
): number | null {
  let closest: number | null = null;
  for (const { compared: x } of a.tellings) {
    for (const { compared: y } of b.tellings) {
      if (x.process !== y.process) continue;
      const gapMs = gapMsOf(x, y);
      if (gapMs !== null && gapMs < (closest ?? Number.POSITIVE_INFINITY)) closest = gapMs;
    }
  }
  return closest;
}

function isToldOnce({ nodes, tellings }: Generation): boolean {
  return nodes.length === 1 && tellings.length === 1;
}

function areAll(a: Generation, b: Generation, isTrue: (x: ComparedCall, y: ComparedCall) => boolean): boolean {
  const [ofA, ofB] = [a, b].map(({ nodes }) => nodes.flatMap(({ compared }) => tellingsOf(compared)));
  return (ofA ?? []).every((x) => (ofB ?? []).every((y) => isTrue(x, y)));
}
