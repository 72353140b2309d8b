import { commitFunction } from './0005-commit.ts';

/** Sums of scores without an end: with `bigint`, 9,224 of the largest scores in a row would have made a commit fail for ever. */
export const EXACT_SCORES = `
ALTER TABLE evaluations_1m ALTER COLUMN score_micro_sum TYPE numeric;
${commitFunction('numeric')}`;
