import type { Facts } from './report.ts';

/** Fields that are taken from one report together, since each means something only beside the other. */
const FOLLOWER_OF: Readonly<Record<string, keyof Facts>> = {
  finish_reason: 'finish_reason_raw',
  reported_cost_usd: 'cost_reported_by',
};
const APART: ReadonlySet<string> = new Set([...Object.values(FOLLOWER_OF), 'error', 'error_kind']);

/**
 * Takes from `other` what `winner` does not know. Never a number that the winner has: it is nearer to the wire. An
 * error that only the other one saw is taken too: a stream that broke ends well for whoever only saw its start.
 *
 * Whatever a report may say is filled alike, so that a new field needs nothing here.
 */
export function fillGaps(winner: Facts, other: Facts): Facts {
  const filled: Record<string, unknown> = { ...winner };
  for (const [field, value] of Object.entries(other)) {
    if (value === null || APART.has(field) || !isGap(filled, field, other)) continue;
    filled[field] = value;
    const follower = FOLLOWER_OF[field];
    if (follower !== undefined) filled[follower] = other[follower] ?? null;
  }
  return { ...filled, ...failureOf(winner, other) };
}

/** Whether both count the same prompt and completion. */
export function isSameUse(a: Facts, b: Facts): boolean {
  const [prompt, completion] = [a.prompt_tokens ?? null, a.completion_tokens ?? null];
  return prompt !== null && completion !== null && prompt === b.prompt_tokens && completion === b.completion_tokens;
}

function isGap(filled: Readonly<Record<string, unknown>>, field: string, other: Facts): boolean {
  if ((filled[field] ?? null) === null) return true;
  // What a provider or gateway charged is worth more than what a client reckoned.
  return field === 'reported_cost_usd' && isEstimate(filled['cost_reported_by']) && !isEstimate(other.cost_reported_by);
}

function isEstimate(reportedBy: unknown): boolean {
  return reportedBy !== 'provider' && reportedBy !== 'gateway';
}

/**
 * Two instrumentations of one failure each know a part: the longer text says more, and so does any kind but `other`.
 */
function failureOf(winner: Facts, other: Facts): Pick<Facts, 'error' | 'error_kind'> {
  const [own, others] = [winner.error ?? '', other.error ?? ''];
  const isExplained = own !== '' || (winner.error_kind ?? null) !== null;
  if (winner.error_kind === 'cancelled' || (isExplained && others === '')) return {};
  const kinds = [winner.error_kind, other.error_kind].filter((kind) => kind !== null && kind !== undefined);
  const error_kind = kinds.find((kind) => kind !== 'other') ?? kinds[0];
  return {
    ...(own === '' && others === '' ? {} : { error: others.length > own.length ? others : own }),
    ...(error_kind === undefined ? {} : { error_kind }),
  };
}
