import { textFrom } from '../dialects/read-value.ts';
import type { Candidate, Folded } from './candidate.ts';
import type { ComparedCall } from './is-twin.ts';
import { fillGaps } from './merge-facts.ts';

/** How far the end of the opening span and the start of the stream may lie apart. */
const GAP_MS_MAX = 60_000;
/** Clock readings of one process, taken a moment apart. */
const SLACK_MS = 5;
/** Streams that are open at once, within one export of at most some hundred spans. */
const OPENINGS_MAX = 1024;

/**
 * Logfire reports a stream twice: a span that ends when the headers are there, without usage, and a log record of
 * zero length in another trace, with the usage and how long the stream took. They become one call from the start
 * of the first to the instant of the second. An end without its opening is a call of its own.
 */
export function foldLogfireStreams(candidates: readonly Candidate[], folded: Folded[]): readonly Candidate[] {
  const ends = candidates.filter(({ role }) => role === 'stream end');
  if (ends.length === 0) return candidates;
  const openings = new Set(candidates.filter(isOpening).slice(0, OPENINGS_MAX));
  const closedBy = new Map<Candidate, Candidate>();
  const orphans = new Map<Candidate, Candidate>();
  for (const end of ends) {
    const opening = nearestOpening(openings, end);
    if (opening === null) {
      orphans.set(end, { ...end, ...streamTimes(end) });
      continue;
    }
    openings.delete(opening);
    closedBy.set(opening, end);
    folded.push({ span: end.span, into: opening.id, rule: 'the end of a Logfire stream' });
  }
  return candidates.flatMap((candidate) => {
    const end = closedBy.get(candidate);
    if (end !== undefined) return [closed(candidate, end)];
    if (candidate.role !== 'stream end') return [candidate];
    const orphan = orphans.get(candidate);
    return orphan === undefined ? [] : [orphan];
  });
}

/** Whether this is what Logfire writes when a stream is opened, as far as the span alone tells. */
export function isOpening({ role, span, facts }: Candidate): boolean {
  return (
    role === 'call' &&
    facts.stream !== false &&
    span.scope.name.startsWith('logfire') &&
    facts.promptTokens === null &&
    facts.failure === null
  );
}

function nearestOpening(openings: ReadonlySet<Candidate>, end: Candidate): Candidate | null {
  let nearest: Candidate | null = null;
  let nearestGapMs = GAP_MS_MAX;
  for (const opening of openings) {
    const gapMs = streamGapMs(opening, end);
    if (gapMs >= nearestGapMs || !isEndOf(end, opening) || requestText(end) !== requestText(opening)) continue;
    nearest = opening;
    nearestGapMs = gapMs;
  }
  return nearest;
}

/** Whether a stream's end may belong to this opening span. */
export function isEndOf(end: Candidate, opening: ComparedCall): boolean {
  const gapMs = streamGapMs(opening, end);
  return gapMs >= -SLACK_MS && gapMs < GAP_MS_MAX && isSameRequest(opening, end);
}

/** From the headers to the first reading of the stream. */
function streamGapMs(opening: ComparedCall, end: Candidate): number {
  return streamTimes(end).startMs - (opening.startMs + (opening.durationMs ?? 0));
}

function isSameRequest(opening: ComparedCall, end: Candidate): boolean {
  return (
    opening.span.scope.name === end.span.scope.name &&
    opening.facts.requestModel === end.facts.requestModel &&
    opening.span.resource.processKey === end.span.resource.processKey
  );
}

/** Logfire writes the same request on both. */
function requestText({ span }: Candidate): string | null {
  return textFrom(span.attributes.get('request_data'));
}

function closed(opening: Candidate, end: Candidate): Candidate {
  return {
    ...opening,
    facts: { ...fillGaps(opening.facts, end.facts), stream: true },
    durationMs: Math.max(end.startMs - opening.startMs, opening.durationMs ?? 0),
    members: [...opening.members, ...end.members],
  };
}

/** The record is written when the stream ends and says how long it took, in s. */
function streamTimes({ span }: Candidate): { startMs: number; durationMs: number } {
  const seconds = span.attributes.get('duration');
  const durationMs = typeof seconds === 'number' && seconds >= 0 ? seconds * 1000 : 0;
  return { startMs: span.startMs - durationMs, durationMs };
}
