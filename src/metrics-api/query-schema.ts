import { type Static, Type } from 'typebox';
import { TIMESTAMP_PATTERN } from '../events/fields.ts';
import { EXPECTED } from '../http/parse-query.ts';

/** The query strings of the metrics API: they are checked, typed and documented from here. */
const Tenant = Type.String({ minLength: 1, maxLength: 255, description: 'Whose rows.' });
const Filter = Type.Optional(Type.String({ minLength: 1, maxLength: 255 }));

/** A "+" that was not escaped arrives as a blank. */
const RFC_3339 = TIMESTAMP_PATTERN.slice(1, -1).replace('[+-]', '[+ -]');
const Instant = (description: string) =>
  Type.Optional(
    Type.String({
      maxLength: 64,
      pattern: `^(now(-\\d{1,9}[smhd])?|${RFC_3339})$`,
      description: `${description} RFC 3339, now or now-15m.`,
      [EXPECTED]: 'an RFC 3339 time such as 2025-11-19T10:00:00Z, now, or now-15m',
    }),
  );
const GROUP = ' *(route|model|provider) *';
const QUANTILE = ' *(0(\\.\\d+)?|1(\\.0+)?) *';
const Limit = (fallback: number, max: number) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum: max, default: fallback }));
const Cursor = Type.Optional(
  Type.String({ minLength: 1, maxLength: 4096, description: 'next_cursor of the page before.' }),
);

export const STEPS_MS = { '1m': 60_000, '5m': 300_000, '15m': 900_000, '1h': 3_600_000, '1d': 86_400_000 } as const;
const Step = Type.Optional(
  Type.Union(
    (Object.keys(STEPS_MS) as (keyof typeof STEPS_MS)[]).map((step) => Type.Literal(step)),
    { description: 'Length of a row.', default: '1m' },
  ),
);

export const MetricsQueryString = Type.Object({
  tenant_id: Tenant,
  route: Filter,
  model: Filter,
  provider: Filter,
  limit: Limit(60, 10_000),
  from: Instant('Windows that start at or after this.'),
  to: Instant('Windows that start before this.'),
  step: Step,
  group_by: Type.Optional(
    Type.String({
      maxLength: 100,
      pattern: `^(none|${GROUP}(,${GROUP})*)?$`,
      description: 'Any of route,model,provider; none (or empty) for the whole tenant.',
      [EXPECTED]: 'any of route,model,provider, or none',
    }),
  ),
  quantiles: Type.Optional(
    Type.String({
      maxLength: 200,
      pattern: `^${QUANTILE}(,${QUANTILE}){0,19}$`,
      description: 'Up to 20, such as 0.5,0.9,0.999.',
      [EXPECTED]: 'up to 20 numbers from 0 to 1 separated by commas',
    }),
  ),
  order: Type.Optional(Type.Union([Type.Literal('asc'), Type.Literal('desc')], { default: 'desc' })),
  cursor: Cursor,
});
export type MetricsQueryString = Static<typeof MetricsQueryString>;

export const SummaryQueryString = Type.Object({
  ...Type.Pick(MetricsQueryString, ['tenant_id', 'route', 'model', 'provider', 'quantiles']).properties,
  from: Instant('Minutes that start at or after this.'),
  to: Instant('Minutes that start before this.'),
  group_by: MetricsQueryString.properties.group_by,
  limit: Limit(1000, 10_000),
});
export type SummaryQueryString = Static<typeof SummaryQueryString>;

export const StreamQueryString = Type.Object({
  tenant_id: Tenant,
  route: Filter,
  model: Filter,
  rows: Type.Optional(
    Type.Boolean({
      description:
        'false: not the changed rows, only the start of the earliest of them and their count, at each change.',
      default: true,
    }),
  ),
});
export type StreamQueryString = Static<typeof StreamQueryString>;

export const DimensionsQueryString = Type.Object({ tenant_id: Type.Optional(Tenant) });
export type DimensionsQueryString = Static<typeof DimensionsQueryString>;

export const CallsQueryString = Type.Object({
  tenant_id: Tenant,
  route: Filter,
  model: Filter,
  provider: Filter,
  status: Type.Optional(
    Type.Union([Type.Literal('completed'), Type.Literal('error'), Type.Literal('waiting'), Type.Literal('unanswered')]),
  ),
  error: Type.Optional(Type.Boolean({ description: 'Only calls with, or without, an error.' })),
  min_latency_ms: Type.Optional(Type.Number({ minimum: 0 })),
  max_latency_ms: Type.Optional(Type.Number({ minimum: 0 })),
  user_id_hash: Filter,
  session_id: Filter,
  metadata: Type.Optional(
    Type.String({ maxLength: 2048, description: 'JSON object of top-level fields that must be equal, as text.' }),
  ),
  from: Instant('Calls at or after this.'),
  to: Instant('Calls before this.'),
  count: Type.Optional(
    Type.Boolean({
      description:
        'true: with `kept`, how many calls of the range, route and model are kept one by one, and how many failed.',
    }),
  ),
  order: Type.Optional(Type.Union([Type.Literal('newest'), Type.Literal('slowest')], { default: 'newest' })),
  limit: Limit(50, 1000),
  cursor: Cursor,
});
export type CallsQueryString = Static<typeof CallsQueryString>;

export const CallQueryString = Type.Object({ tenant_id: Tenant });
export type CallQueryString = Static<typeof CallQueryString>;

export const EvaluationsQueryString = Type.Object({
  tenant_id: Tenant,
  route: Filter,
  model: Filter,
  name: Filter,
  from: Instant('Windows that start at or after this.'),
  to: Instant('Windows that start before this.'),
  step: Step,
  limit: Limit(60, 10_000),
});
export type EvaluationsQueryString = Static<typeof EvaluationsQueryString>;

export const AuditQueryString = Type.Object({
  tenant_id: Type.Optional(Tenant),
  unassigned: Type.Optional(
    Type.Boolean({
      description: 'Only what names no tenant: responses whose request has not come. Not with tenant_id.',
    }),
  ),
  from: Instant('Hours of log time that start at or after this.'),
  to: Instant('Hours of log time that start before this.'),
});
export type AuditQueryString = Static<typeof AuditQueryString>;

export const UnpricedQueryString = Type.Object({
  tenant_id: Type.Optional(Tenant),
  from: Instant('Calls at or after this.'),
  to: Instant('Calls before this.'),
});
export type UnpricedQueryString = Static<typeof UnpricedQueryString>;
