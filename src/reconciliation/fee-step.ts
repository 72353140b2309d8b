import type { Correction, Reason } from './correction.ts';
import type { Charge, OurUsage, PriceLookup } from './question.ts';
import { NO_TOKENS } from './tokens.ts';

export interface FeeStep {
  /** Of the range. */
  readonly ours: readonly OurUsage[];
  /** Null where the report has tokens only. */
  readonly charges: readonly Charge[] | null;
  readonly bucketMs: number;
  readonly familyOf: PriceLookup['familyOf'];
}

/** Lines of a bill for searches, in the words of OpenAI, Anthropic and Google. */
const SEARCH = /web.?search|grounding|search.?(?:quer|tool)/i;

/**
 * Sets the fees of ours, which are beside the tokens, against the lines of the bill for searches of the web, and books
 * what differs where ours stand. Returns the charges that are left: those that ours have nothing beside are among them.
 */
export function feeStep(correction: Correction, { ours, charges, bucketMs, familyOf }: FeeStep): readonly Charge[] {
  const left = new Map(ours.filter(({ feesPicoUsd }) => feesPicoUsd !== 0n).map((row) => [row, row.feesPicoUsd]));
  const others: Charge[] = [];
  for (const charge of charges ?? []) {
    const rows = charge.isForTokens || !SEARCH.test(charge.label) ? [] : feesOf(charge, [...left.keys()], familyOf);
    const whole = rows.reduce((sum, { feesPicoUsd }) => sum + feesPicoUsd, 0n);
    if (whole <= 0n) {
      others.push(charge);
      continue;
    }
    let rest = charge.picoUsd;
    for (const [index, row] of rows.entries()) {
      const share = index === rows.length - 1 ? rest : (charge.picoUsd * row.feesPicoUsd) / whole;
      rest -= share;
      left.set(row, (left.get(row) ?? 0n) - share);
    }
  }
  for (const [row, picoUsd] of left) {
    const place = { ...row, startMs: Math.floor(row.startMs / bucketMs) * bucketMs };
    const isMatched = picoUsd !== row.feesPicoUsd;
    if (picoUsd !== 0n) {
      const reason = isMatched ? CHARGED_OTHERWISE : charges === null ? NOT_TOLD : NOT_CHARGED;
      correction.book(place, { tokens: NO_TOKENS, requests: 0, picoUsd: -picoUsd }, reason);
    }
  }
  return others;
}

function feesOf(charge: Charge, rows: readonly OurUsage[], familyOf: PriceLookup['familyOf']): readonly OurUsage[] {
  const family = charge.model === null ? null : familyOf(charge.model);
  return rows.filter(
    (row) =>
      row.startMs >= charge.startMs &&
      row.startMs < charge.endMs &&
      (charge.key === null || charge.key === row.key) &&
      (family === null || family === familyOf(row.model)),
  );
}

const CHARGED_OTHERWISE: Reason = {
  cause: 'not_tokens',
  certainty: 'sure',
  evidence: 'searches of the web: charged for more or fewer than ours tell',
};
const NOT_CHARGED: Reason = {
  cause: 'not_tokens',
  certainty: 'likely',
  evidence: 'searches of the web that ours tell are not charged: within what the provider gives away, or not yet',
};
const NOT_TOLD: Reason = {
  cause: 'not_tokens',
  certainty: 'sure',
  evidence: 'searches of the web that ours tell: the report has tokens only',
};
