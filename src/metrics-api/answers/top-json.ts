import { formatSecond } from '../../events/timestamp.ts';
import { toUsd } from '../../metrics-store/metrics-json.ts';
import type { MetricsRow } from '../../metrics-store/metrics-reader.ts';
import { onlyTenant } from '../../metrics-store/tenant-filter.ts';
import type { Tally } from '../../tally/tally.ts';
import type { Completeness } from '../contract/answers.ts';
import type { DimensionsOfRow } from '../contract/metrics-row.ts';
import type { TopAnswer, TopGroup, TopMeasure } from '../contract/top-answer.ts';
import type { TopQuestion } from '../questions.ts';

export interface TopFindings {
  /** A row per group, of each range. */
  readonly before: readonly MetricsRow[];
  readonly after: readonly MetricsRow[];
  /** Calls of each range that are in no row, as a dimension is kept from when it was set; absent: not about one. */
  readonly notGrouped?: { readonly before: number; readonly after: number };
}

/**
 * Who or what changed a measure most between two ranges. The contributions of all groups add up to the change of the
 * whole, and each is the sum of what its calls themselves did and what their number did.
 */
export function topJson(
  { before, after, notGrouped }: TopFindings,
  question: TopQuestion,
): Omit<TopAnswer, keyof Completeness> {
  const { measure, limit, range, compared, dimension } = question;
  const sides = pairUp(before, after);
  const { groups, wholeBefore, wholeAfter, change } = FIND[measure](sides);
  const ranked = groups.toSorted(
    (a, b) =>
      Math.abs(b.contribution ?? 0) - Math.abs(a.contribution ?? 0) ||
      b.calls_before + b.calls_after - (a.calls_before + a.calls_after),
  );
  const rest = ranked.slice(limit);
  const asked = { tenantId: onlyTenant(question.tenantId), dimension: dimension?.name ?? null };
  return {
    measure,
    from: formatSecond(range.fromMs),
    to: formatSecond(range.toMs),
    compare_from: formatSecond(compared.fromMs),
    compare_to: formatSecond(compared.toMs),
    before: wholeBefore,
    after: wholeAfter,
    change,
    top: ranked.slice(0, limit).map(({ names, ...group }) => ({ ...namesJson(names, asked), ...group })),
    group_count: ranked.length,
    rest: change === null ? null : rest.reduce((sum, { contribution }) => sum + (contribution ?? 0), 0),
    ...(notGrouped === undefined ? {} : { not_grouped_before: notGrouped.before, not_grouped_after: notGrouped.after }),
  };
}

type Names = Pick<MetricsRow, 'tenantId' | 'route' | 'model' | 'provider' | 'value'>;

/** A group in both ranges; null: it had no row in that one. */
interface Sides {
  readonly names: Names;
  readonly before: Tally | null;
  readonly after: Tally | null;
}

function pairUp(before: readonly MetricsRow[], after: readonly MetricsRow[]): readonly Sides[] {
  const keyOf = ({ tenantId, route, model, provider, value }: Names): string =>
    JSON.stringify([tenantId, route, model, provider, value]);
  const later = new Map(after.map((row) => [keyOf(row), row]));
  const known = new Set(before.map(keyOf));
  return [
    ...before.map((row) => ({ names: row, before: row.tally, after: later.get(keyOf(row))?.tally ?? null })),
    ...after.filter((row) => !known.has(keyOf(row))).map((row) => ({ names: row, before: null, after: row.tally })),
  ];
}

function namesJson(
  { tenantId, route, model, provider, value }: Names,
  asked: { readonly tenantId: string | null; readonly dimension: string | null },
) {
  const tenant = tenantId ?? asked.tenantId;
  return {
    ...(value === undefined || asked.dimension === null ? {} : { [asked.dimension]: value }),
    ...(tenant === null ? {} : { tenant_id: tenant }),
    ...(route === null ? {} : { route }),
    ...(model === null ? {} : { model }),
    ...(provider === null ? {} : { provider }),
  };
}

interface Found {
  readonly wholeBefore: number | null;
  readonly wholeAfter: number | null;
  readonly change: number | null;
  readonly groups: readonly (Omit<TopGroup, 'tenant_id' | 'route' | 'model' | 'provider' | keyof DimensionsOfRow> & {
    readonly names: Names;
  })[];
}

const FIND: Readonly<Record<TopMeasure, (sides: readonly Sides[]) => Found>> = {
  cost: byCost,
  latency: (sides) =>
    byMean(sides, { sum: (tally) => tally.latencyUsSum / 1000, count: (tally) => tally.latencyKnown }),
  errors: (sides) => byMean(sides, { sum: (tally) => tally.errors, count: (tally) => tally.completed }),
};

/** Costs add, so that what a group contributes is how much more it cost. */
function byCost(sides: readonly Sides[]): Found {
  const picoOf = (tally: Tally | null): bigint => tally?.costPicoUsd.value ?? 0n;
  const before = sides.reduce((sum, side) => sum + picoOf(side.before), 0n);
  const after = sides.reduce((sum, side) => sum + picoOf(side.after), 0n);
  const change = toUsd(after - before);
  const groups = sides.map((side) => {
    const contribution = toUsd(picoOf(side.after) - picoOf(side.before));
    const [callsBefore, callsAfter] = [side.before?.completed ?? 0, side.after?.completed ?? 0];
    const [meanBefore, meanAfter] = [
      ratio(toUsd(picoOf(side.before)), callsBefore),
      ratio(toUsd(picoOf(side.after)), callsAfter),
    ];
    const byCalls =
      meanBefore === null || meanAfter === null
        ? contribution
        : ofNumber({ weight: callsBefore, mean: meanBefore }, { weight: callsAfter, mean: meanAfter }, 0);
    return {
      names: side.names,
      ...callCounts(side),
      before: side.before === null ? null : toUsd(picoOf(side.before)),
      after: side.after === null ? null : toUsd(picoOf(side.after)),
      contribution,
      share: after === before ? null : contribution / change,
      by_each_call: contribution - byCalls,
      by_number_of_calls: byCalls,
    };
  });
  return { wholeBefore: toUsd(before), wholeAfter: toUsd(after), change, groups };
}

/** What an average is of. */
interface Mean {
  readonly sum: (tally: Tally) => number;
  readonly count: (tally: Tally) => number;
}

/**
 * Of averages, as percentiles cannot be taken apart: that of the whole is the sum over the groups of share of calls ×
 * average. How a group stands to the middle of both averages says what its growing or shrinking does to the whole: a
 * group that is as slow as the rest, or fails as often, changes nothing by it.
 */
function byMean(sides: readonly Sides[], mean: Mean): Found {
  const earlier = sides.map(({ before }) => before);
  const later = sides.map(({ after }) => after);
  const [countBefore, countAfter] = [total(earlier, mean.count), total(later, mean.count)];
  const wholeBefore = ratio(total(earlier, mean.sum), countBefore);
  const wholeAfter = ratio(total(later, mean.sum), countAfter);
  const change = wholeBefore === null || wholeAfter === null ? null : wholeAfter - wholeBefore;
  const groups = sides.map((side) => {
    const before = weighted(side.before, mean, countBefore);
    const after = weighted(side.after, mean, countAfter);
    const parts = { contribution: null, share: null, by_each_call: null, by_number_of_calls: null };
    const named = { names: side.names, ...callCounts(side), before: before.mean, after: after.mean };
    if (wholeBefore === null || wholeAfter === null || change === null) return { ...named, ...parts };
    const middle = (wholeBefore + wholeAfter) / 2;
    const byCalls = ofNumber(before, after, middle);
    const isInBoth = before.mean !== null && after.mean !== null;
    const byEach = isInBoth ? ((before.weight + after.weight) / 2) * (after.mean - before.mean) : 0;
    const contribution = byCalls + byEach;
    return {
      ...named,
      contribution,
      share: change === 0 ? null : contribution / change,
      by_each_call: byEach,
      by_number_of_calls: byCalls,
    };
  });
  return { wholeBefore, wholeAfter, change, groups };
}

function total(tallies: readonly (Tally | null)[], of: (tally: Tally) => number): number {
  return tallies.reduce((sum, tally) => sum + (tally === null ? 0 : of(tally)), 0);
}

interface Weighted {
  readonly weight: number;
  /** Null where there was no call. */
  readonly mean: number | null;
}

function weighted(tally: Tally | null, { sum, count }: Mean, countOfAll: number): Weighted {
  if (tally === null || count(tally) === 0) return { weight: 0, mean: null };
  return { weight: count(tally) / countOfAll, mean: ratio(sum(tally), count(tally)) };
}

/**
 * What of a change comes from there being more or fewer of them, at the average of both means over `middle`: so either
 * range may be the earlier one, and only the sign turns. Who is new or gone has one mean, and all of it is this.
 */
function ofNumber(before: Weighted, after: Weighted, middle: number): number {
  const [early, late] = [before.mean ?? after.mean ?? 0, after.mean ?? before.mean ?? 0];
  return (after.weight - before.weight) * ((early + late) / 2 - middle);
}

function callCounts({ before, after }: Sides): { calls_before: number; calls_after: number } {
  return { calls_before: before?.requests ?? 0, calls_after: after?.requests ?? 0 };
}

function ratio(sum: number, count: number): number | null {
  return count === 0 ? null : sum / count;
}
