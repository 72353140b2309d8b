import { type Static, Type } from 'typebox';
import { ERROR_KINDS, type ErrorKind } from '../../events/error-kind.ts';
import type { FilterNamesOf } from '../../events/event-table.ts';
import { TIMESTAMP_PATTERN } from '../../events/fields.ts';
import type { REQUEST_FIELDS } from '../../events/llm-request.ts';
import type { RESPONSE_FIELDS } from '../../events/llm-response.ts';
import { EXPECTED } from '../../http/parse-query.ts';
import { CALL_KEPT } from '../../metrics-store/call-columns.ts';
import { GROUPS } from '../../metrics-store/metrics-reader.ts';

/** The query strings of the metrics API: they are checked, typed and documented from here. */
const Tenant = Type.String({
  minLength: 1,
  maxLength: 255,
  description: 'Whose data. An API key of one tenant sees that tenant only.',
  examples: ['acme-corp'],
});
const TenantOrAll = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 255,
    description: 'Whose data; absent: all tenants that the caller may see.',
  }),
);
const Filter = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 255, description }));
const FILTERS = {
  route: Filter('Only this route.'),
  model: Filter('Only this model, as it was asked for.'),
  provider: Filter('Only this provider.'),
};

/** A "+" that was not escaped arrives as a blank. */
const RFC_3339 = TIMESTAMP_PATTERN.slice(1, -1).replace('[+-]', '[+ -]');
const LOCAL = '\\d{4}-\\d\\d-\\d\\d([T ]\\d\\d:\\d\\d(:\\d\\d)?)?';
const instant = (description: string, isLocal = false) =>
  Type.Optional(
    Type.String({
      maxLength: 64,
      pattern: `^(now(-\\d{1,9}[smhd])?|${RFC_3339}${isLocal ? `|${LOCAL}` : ''})$`,
      description: `${description} RFC 3339, now or now-15m${isLocal ? '; with timezone also a local date or time' : ''}.`,
      [EXPECTED]: 'an RFC 3339 time such as 2025-11-19T10:00:00Z, now, or now-15m',
    }),
  );
const range = (subject: string, isLocal = false) => ({
  from: instant(`${subject} at or after this.`, isLocal),
  to: instant(`${subject} before this.`, isLocal),
});
const limit = (fallback: number, max: number) =>
  Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: max,
      default: fallback,
      description: 'How many at most; more are a next page.',
    }),
  );
const Cursor = Type.Optional(
  Type.String({ minLength: 1, maxLength: 4096, description: 'next_cursor of the page before.' }),
);

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
export const STEPS_MS = {
  '1m': MINUTE_MS,
  '5m': 5 * MINUTE_MS,
  '10m': 10 * MINUTE_MS,
  '15m': 15 * MINUTE_MS,
  '30m': 30 * MINUTE_MS,
  '1h': HOUR_MS,
  '3h': 3 * HOUR_MS,
  '6h': 6 * HOUR_MS,
  '12h': 12 * HOUR_MS,
  '1d': 24 * HOUR_MS,
} as const;
const Step = Type.Optional(
  Type.Union(
    (Object.keys(STEPS_MS) as (keyof typeof STEPS_MS)[]).map((step) => Type.Literal(step)),
    { description: 'Length of a row.', default: '1m' },
  ),
);

const TimeZoneName = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 64,
    description: 'IANA name. Steps of an hour and more follow its clocks, and from and to may be local.',
    examples: ['America/New_York'],
  }),
);

const GROUP = ` *(${GROUPS.join('|')}) *`;
const GroupBy = Type.Optional(
  Type.String({
    maxLength: 100,
    pattern: `^(none|${GROUP}(,${GROUP})*)?$`,
    description: `Any of ${GROUPS.join(',')}; none (or empty) for the total.`,
    [EXPECTED]: `any of ${GROUPS.join(',')}, or none`,
  }),
);

const QUANTILE = ' *(0(\\.\\d+)?|1(\\.0+)?) *';
const Quantiles = Type.Optional(
  Type.String({
    maxLength: 200,
    pattern: `^${QUANTILE}(,${QUANTILE}){0,19}$`,
    description: 'Up to 20 quantiles of the latency, such as 0.5,0.9,0.999.',
    [EXPECTED]: 'up to 20 numbers from 0 to 1 separated by commas',
  }),
);

export const MetricsParameters = Type.Object({
  tenant_id: TenantOrAll,
  ...FILTERS,
  limit: limit(60, 10_000),
  ...range('Windows that start', true),
  step: Step,
  group_by: GroupBy,
  timezone: TimeZoneName,
  quantiles: Quantiles,
  order: Type.Optional(
    Type.Union([Type.Literal('asc'), Type.Literal('desc')], { default: 'desc', description: 'Of the windows.' }),
  ),
  cursor: Cursor,
});
export type MetricsParameters = Static<typeof MetricsParameters>;

export const SummaryParameters = Type.Object({
  tenant_id: TenantOrAll,
  ...FILTERS,
  ...range('Minutes that start', true),
  group_by: GroupBy,
  timezone: TimeZoneName,
  quantiles: Quantiles,
  limit: limit(1000, 10_000),
});
export type SummaryParameters = Static<typeof SummaryParameters>;

export const StreamParameters = Type.Object({
  tenant_id: Tenant,
  route: FILTERS.route,
  model: FILTERS.model,
  rows: Type.Optional(
    Type.Boolean({
      description:
        'false: not the changed rows, only the start of the earliest of them and their count, at each change.',
      default: true,
    }),
  ),
});
export type StreamParameters = Static<typeof StreamParameters>;

export const DimensionsParameters = Type.Object({
  tenant_id: TenantOrAll,
  limit: limit(1000, 10_000),
  cursor: Cursor,
});
export type DimensionsParameters = Static<typeof DimensionsParameters>;

/** By the fields of events that calls keep and that are said to be filters. */
export type KeptFilterParameters = {
  [Name in FilterNamesOf<typeof REQUEST_FIELDS & typeof RESPONSE_FIELDS>]: ReturnType<typeof Filter>;
};
const KEPT_FILTERS = Object.fromEntries(
  CALL_KEPT.flatMap(({ name, filter }) => (filter === undefined ? [] : [[name, Filter(filter)]])),
) as KeptFilterParameters;

export const CallsParameters = Type.Object({
  tenant_id: Tenant,
  ...FILTERS,
  status: Type.Optional(
    Type.Union(
      [Type.Literal('completed'), Type.Literal('error'), Type.Literal('waiting'), Type.Literal('unanswered')],
      { description: 'Only calls in this state.' },
    ),
  ),
  error: Type.Optional(Type.Boolean({ description: 'Only calls with, or without, an error.' })),
  error_kind: Type.Optional(
    Type.Unsafe<ErrorKind>({ type: 'string', enum: [...ERROR_KINDS], description: 'Only calls that ended like this.' }),
  ),
  min_latency_ms: Type.Optional(Type.Number({ minimum: 0, description: 'Only calls that took as long or longer.' })),
  max_latency_ms: Type.Optional(Type.Number({ minimum: 0, description: 'Only calls that took no longer.' })),
  ...KEPT_FILTERS,
  metadata: Type.Optional(
    Type.String({ maxLength: 2048, description: 'JSON object of top-level fields that must be equal, as text.' }),
  ),
  ...range('Calls'),
  count: Type.Optional(
    Type.Boolean({
      description:
        'true: with `kept`, how many calls of the range, route and model are kept one by one, and how many failed.',
    }),
  ),
  order: Type.Optional(
    Type.Union([Type.Literal('newest'), Type.Literal('slowest')], {
      default: 'newest',
      description: 'Which come first.',
    }),
  ),
  limit: limit(50, 1000),
  cursor: Cursor,
});
export type CallsParameters = Static<typeof CallsParameters>;

export const CallParameters = Type.Object({ tenant_id: Tenant });
export type CallParameters = Static<typeof CallParameters>;

export const EvaluationsParameters = Type.Object({
  tenant_id: Tenant,
  route: FILTERS.route,
  model: FILTERS.model,
  name: Filter('Only evaluations of this name.'),
  ...range('Windows that start'),
  step: Step,
  limit: limit(60, 10_000),
});
export type EvaluationsParameters = Static<typeof EvaluationsParameters>;

export const AuditParameters = Type.Object({
  tenant_id: TenantOrAll,
  unassigned: Type.Optional(
    Type.Boolean({
      description: 'Only what names no tenant: responses whose request has not come. Not with tenant_id.',
    }),
  ),
  ...range('Hours of log time that start'),
  limit: limit(1000, 10_000),
  cursor: Cursor,
});
export type AuditParameters = Static<typeof AuditParameters>;

export const CoverageParameters = Type.Object({
  tenant_id: TenantOrAll,
  sender: Filter('Only this coding agent or service.'),
  session_id: Filter('Only this session of an agent.'),
  ...range('Hours that start'),
  limit: limit(1000, 10_000),
  cursor: Cursor,
});
export type CoverageParameters = Static<typeof CoverageParameters>;

export const UnpricedParameters = Type.Object({ tenant_id: TenantOrAll, ...range('Calls') });
export type UnpricedParameters = Static<typeof UnpricedParameters>;
