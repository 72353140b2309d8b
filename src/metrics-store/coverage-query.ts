import { SENDER_CALLS_SUMS, SenderCalls } from '../tally/sender-calls.ts';
import { type CoverageSums, METERED_FIELDS, METERED_PARTS, type MeteredUse } from './sender-use.ts';
import { columnOf, columnsIn } from './tally-columns.ts';

/** Sums of calls, then their cost, as both SQL stores keep them. */
export const SENDER_CALLS_COLUMNS: readonly string[] = [
  ...columnsIn(['sender_calls_1h'], SENDER_CALLS_SUMS),
  ...columnsIn(['sender_calls_1h'], ['costPicoUsd']),
];

const METERED_COLUMNS: readonly string[] = METERED_FIELDS.map((field) => `metered_${columnOf(field)}`);

/** What the two SQL stores say differently. */
export interface CoverageDialect {
  /** The column with the start of the hour. */
  readonly hour: string;
  /**
   * Whether the hour of a row is in the range, and whether the tenant, service and session of `alias` are those asked
   * for.
   */
  readonly isAsked: (alias: string) => string;
  /** Whether a flag is not set. */
  readonly isFalse: (column: string) => string;
  /** The larger of two numbers. */
  readonly greatest: string;
  /** The sum of the intervals of a row `r`. */
  readonly intervalsSum: string;
}

/**
 * Both witnesses side by side, as the CTE `both`.
 *
 * - `grown`: what each series added in its hour. A cumulative one says what it has come to; what it had come to in
 *   any earlier hour is taken off, so that the hours of a series add up to its last state, whatever is missing
 *   between
 * - `believed`: of several metrics of one scope that tell the same, tokens and cost apart, the one with the least
 *   precedence
 * - `metered_sessions`: those that metrics tell of, in any hour
 * - `called`: what is left of calls that were not taken back; a session without metrics of its own stands under no
 *   session where its sender's metrics name none
 */
export function coverageCte(dialect: CoverageDialect): string {
  const { hour, isAsked, isFalse, greatest, intervalsSum } = dialect;
  const key = `tenant_key, ${hour}, service, session`;
  const metered = METERED_FIELDS.map((field, i) => {
    const parts = METERED_PARTS[field].map((part) => `'${part}'`).join(', ');
    return `sum(CASE WHEN part IN (${parts}) THEN amount END) AS ${METERED_COLUMNS[i]}`;
  });
  const grown = ['tenant_key', hour, 'service', 'session', 'scope', 'precedence', 'part', 'lost'];
  const named = METERED_COLUMNS.map((name) => `NULL AS ${name}`).join(', ');
  const nothing = SENDER_CALLS_COLUMNS.map(() => '0').join(', ');
  return `
  WITH grown AS (
    SELECT ${grown.map((name) => `r.${name}`).join(', ')},
      CASE WHEN ${isFalse('r.is_delta')} THEN ${greatest}(0, r.total - coalesce((
        SELECT max(e.total) FROM sender_meters_1h e
        WHERE e.tenant_key = r.tenant_key AND e.stream = r.stream AND e.${hour} < r.${hour} AND ${isFalse('e.is_delta')}
      ), 0)) ELSE ${intervalsSum} END AS amount
    FROM sender_meters_1h r WHERE ${isFalse('r.is_baseline')} AND ${isAsked('r')}
  ), believed AS (
    SELECT g.*, min(precedence) OVER (PARTITION BY ${key}, scope, part = 'cost') AS least FROM grown g
  ), metered AS (
    SELECT ${key}, ${metered.join(', ')}, sum(lost) AS lost_points FROM believed WHERE precedence = least GROUP BY ${key}
  ), called AS (
    SELECT c.tenant_key, c.${hour}, c.service,
      CASE WHEN own.service IS NULL AND bare.service IS NOT NULL THEN '' ELSE c.session END AS session,
      ${SENDER_CALLS_COLUMNS.map((name) => `c.${name}`).join(', ')}
    FROM sender_calls_1h c
    LEFT JOIN metered own ON own.tenant_key = c.tenant_key AND own.${hour} = c.${hour} AND own.service = c.service
      AND own.session = c.session
    LEFT JOIN metered bare ON bare.tenant_key = c.tenant_key AND bare.${hour} = c.${hour} AND bare.service = c.service
      AND bare.session = ''
    WHERE c.calls <> 0 AND ${isAsked('c')}
  ), "both" AS (
    SELECT ${key}, ${SENDER_CALLS_COLUMNS.join(', ')}, ${named}, 0 AS lost_points, 1 AS called, 0 AS metered
    FROM called
    UNION ALL
    SELECT ${key}, ${nothing}, ${METERED_COLUMNS.join(', ')}, lost_points, 0, 1 FROM metered
  ), metered_sessions AS (
    SELECT DISTINCT tenant_key, service, session FROM metered
  )`;
}

/** One row per tenant and service, for both stores. */
export const COVERAGE_TOTALS: string = `
  SELECT t.tenant_id, b.service, ${sumsOf('b')},
    sum(CASE WHEN own.service IS NULL AND bare.service IS NULL THEN 0 ELSE b.prompt_tokens + b.completion_tokens END)
  FROM "both" b JOIN tenants t ON t.tenant_key = b.tenant_key
  LEFT JOIN metered_sessions own ON own.tenant_key = b.tenant_key AND own.service = b.service
    AND own.session = b.session
  LEFT JOIN metered_sessions bare ON bare.tenant_key = b.tenant_key AND bare.service = b.service
    AND bare.session = ''
  GROUP BY t.tenant_id, b.service ORDER BY t.tenant_id, b.service`;

/** Behind the key of an answer: sums of calls, of metrics, which of both there are, how many points were lost. */
export const COVERAGE_SUMS: string = sumsOf('b');

function sumsOf(alias: string): string {
  const summed = [...SENDER_CALLS_COLUMNS, ...METERED_COLUMNS].map((name) => `sum(${alias}.${name})`);
  return [...summed, `max(${alias}.called)`, `max(${alias}.metered)`, `sum(${alias}.lost_points)`].join(', ');
}

/** Reads the columns of `COVERAGE_SUMS`, whether a store gives whole numbers as `number` or as `bigint`. */
export function coverageSumsOf(row: readonly unknown[]): CoverageSums {
  const calls = new SenderCalls();
  for (const [i, field] of SENDER_CALLS_SUMS.entries()) calls[field] = Number(row[i]);
  const cost = row[SENDER_CALLS_SUMS.length];
  calls.costPicoUsd.addBig(typeof cost === 'bigint' ? cost : BigInt(Math.trunc(Number(cost))));
  const at = SENDER_CALLS_COLUMNS.length;
  const metered = Object.fromEntries(METERED_FIELDS.map((field, i) => [field, numberOrNull(row[at + i])]));
  const [isCalled, isMetered, lost] = row.slice(at + METERED_FIELDS.length);
  return {
    calls: Number(isCalled) === 1 ? calls : null,
    metered: Number(isMetered) === 1 ? (metered as unknown as MeteredUse) : null,
    lostPoints: Number(lost),
  };
}

function numberOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}
