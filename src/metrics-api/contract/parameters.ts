import { type Static, type TObject, Type } from 'typebox';
import { ERROR_KINDS, type ErrorKind } from '../../events/error-kind.ts';
import type { FilterNamesOf } from '../../events/event-table.ts';
import { TIMESTAMP_PATTERN } from '../../events/fields.ts';
import type { REQUEST_FIELDS } from '../../events/llm-request.ts';
import type { RESPONSE_FIELDS } from '../../events/llm-response.ts';
import { VIEW_LENGTH_MAX } from '../../http/dashboard-view.ts';
import { EXPECTED, INSTANT_EXPECTED } from '../../http/parse-query.ts';
import { CALL_KEPT } from '../../metrics-store/call-columns.ts';
import { GROUPS } from '../../metrics-store/metrics-reader.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../export/export-format.ts';
import { DATASET_NAMES, type DatasetName } from '../export/export-query.ts';

/** How many tenants one question may name. */
const TENANTS_MAX = 1000;

/** The query strings of the metrics API: they are checked, typed and documented from here. */
const Tenant = Type.String({
  minLength: 1,
  maxLength: 255,
  description: 'Whose data. An API key of one tenant sees that tenant only.',
  examples: ['acme-corp'],
});
const Tenants = Type.Optional(
  Type.Array(Type.String({ minLength: 1, maxLength: 255 }), {
    minItems: 1,
    maxItems: TENANTS_MAX,
    description: 'Whose data; may be repeated. Absent: all tenants that the caller may see.',
  }),
);
const Filter = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 255, description }));
const FILTERS = {
  route: Filter('Only this route.'),
  model: Filter('Only this model, as it was asked for.'),
  provider: Filter('Only this provider.'),
};

/** Filters by one of METRIC_DIMENSIONS; those by metadata are named by the settings. */
const DIMENSION_FILTERS = {
  user: Filter('Only calls of this user, where METRIC_DIMENSIONS has it, as for the next ones and metadata.KEY.'),
  session: Filter('Only calls of this session.'),
  agent: Filter('Only calls of this agent.'),
  team: Filter('Only calls of this team.'),
};

/** A schema with a filter for each dimension of the settings. */
export function withDimensions<Schema extends TObject>(schema: Schema, names: readonly string[]): Schema {
  const filters = names.map((name) => [name, Filter(`Only calls with this ${name}.`)] as const);
  return Type.Object({ ...Object.fromEntries(filters), ...schema.properties }) as unknown as Schema;
}

/** A "+" that was not escaped arrives as a blank. */
const RFC_3339 = TIMESTAMP_PATTERN.slice(1, -1).replace('[+-]', '[+ -]');
const LOCAL = '\\d{4}-\\d\\d-\\d\\d([T ]\\d\\d:\\d\\d(:\\d\\d)?)?';
const neededInstant = (description: string, isLocal = false) =>
  Type.String({
    maxLength: 64,
    pattern: `^(now(-\\d{1,9}[smhd])?|${RFC_3339}${isLocal ? `|${LOCAL}` : ''})$`,
    description: `${description} RFC 3339, now or now-15m${isLocal ? '; with timezone also a local date or time' : ''}.`,
    [EXPECTED]: INSTANT_EXPECTED,
  });
const instant = (description: string, isLocal = false) => Type.Optional(neededInstant(description, isLocal));
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

const DIMENSION = 'user|session|agent|team|metadata\\.[^\\s,]{1,100}';
const GROUP = ` *(${GROUPS.join('|')}|${DIMENSION}) *`;
const GroupBy = Type.Optional(
  Type.String({
    maxLength: 300,
    pattern: `^(none|${GROUP}(,${GROUP})*)?$`,
    description: `Any of ${GROUPS.join(',')}, and one of METRIC_DIMENSIONS (user, session, agent, team, metadata.KEY); none (or empty) for the total.`,
    [EXPECTED]: `any of ${GROUPS.join(',')}, or none; or with one of METRIC_DIMENSIONS`,
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
  tenant_id: Tenants,
  ...FILTERS,
  ...DIMENSION_FILTERS,
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
  tenant_id: Tenants,
  ...FILTERS,
  ...DIMENSION_FILTERS,
  ...range('Minutes that start', true),
  group_by: GroupBy,
  timezone: TimeZoneName,
  quantiles: Quantiles,
  limit: limit(1000, 10_000),
});
export type SummaryParameters = Static<typeof SummaryParameters>;

const TOP_GROUP = ` *(tenant_id|route|model|provider|${DIMENSION}) *`;

export const TopParameters = Type.Object({
  tenant_id: Tenants,
  ...FILTERS,
  ...DIMENSION_FILTERS,
  from: neededInstant('Minutes that start at or after this.', true),
  to: instant('Minutes that start before this.', true),
  compare_from: instant('Compared with minutes that start at or after this; absent: as much time just before.', true),
  compare_to: instant('And before this; absent: as much time.', true),
  timezone: TimeZoneName,
  measure: Type.Optional(
    Type.Union([Type.Literal('cost'), Type.Literal('latency'), Type.Literal('errors')], {
      default: 'cost',
      description: 'What changed: the cost, the average latency, or the share of answered calls that failed.',
    }),
  ),
  group_by: Type.Optional(
    Type.String({
      maxLength: 300,
      pattern: `^${TOP_GROUP}(,${TOP_GROUP})*$`,
      description:
        'Who or what it may have been: any of tenant_id,route,model,provider, and one of METRIC_DIMENSIONS. Absent: route and model, and the tenant where not exactly one was named.',
      [EXPECTED]: 'any of tenant_id,route,model,provider; or with one of METRIC_DIMENSIONS',
    }),
  ),
  limit: limit(10, 1000),
});
export type TopParameters = Static<typeof TopParameters>;

export const StreamParameters = Type.Object({
  tenant_id: Tenants,
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
  tenant_id: Tenants,
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
      description: 'Which come first; slowest leaves out calls whose latency is not known.',
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
  tenant_id: Tenants,
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
  tenant_id: Tenants,
  sender: Filter('Only this coding agent or service.'),
  session_id: Filter('Only this session of an agent.'),
  ...range('Hours that start'),
  limit: limit(1000, 10_000),
  cursor: Cursor,
});
export type CoverageParameters = Static<typeof CoverageParameters>;

export const ExportParameters = Type.Object({
  dataset: Type.Unsafe<DatasetName>({
    type: 'string',
    enum: [...DATASET_NAMES],
    description:
      'rows of sums, dimensions: the same by each value of METRIC_DIMENSIONS, single calls, or focus: charges as FOCUS 1.2 has them.',
  }),
  format: Type.Optional(
    Type.Unsafe<ExportFormat>({
      type: 'string',
      enum: [...EXPORT_FORMATS],
      default: 'csv',
      description: 'How it is written.',
    }),
  ),
  tenant_id: Tenants,
  ...range('Windows that start, or calls,'),
  step: Type.Optional(
    Type.Union(
      (Object.keys(STEPS_MS) as (keyof typeof STEPS_MS)[]).map((step) => Type.Literal(step)),
      { description: 'Length of a row of sums, by dimensions 1h or more; of charges 1h or 1d.', default: '1d' },
    ),
  ),
  dimension: Type.Optional(
    Type.Array(Type.String({ pattern: `^(${DIMENSION})$` }), {
      minItems: 1,
      maxItems: 8,
      description: 'Of METRIC_DIMENSIONS, those that are wanted; may be repeated. Absent: all of them.',
      [EXPECTED]: 'user, session, agent, team or metadata.KEY',
    }),
  ),
  billing_account: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      default: 'default',
      description: 'BillingAccountId of charges: your account with the providers.',
    }),
  ),
});
export type ExportParameters = Static<typeof ExportParameters>;

export const UnpricedParameters = Type.Object({ tenant_id: Tenants, ...range('Calls') });
export type UnpricedParameters = Static<typeof UnpricedParameters>;

/** The body of `POST /v1/session`. */
export const SignIn = Type.Object({
  key: Type.String({ minLength: 1, description: 'The text of an API key that may read.' }),
  keep: Type.Optional(
    Type.Boolean({ description: 'Whether the browser keeps the cookie when it is closed; false where absent.' }),
  ),
});

export const BeginSingleSignOnParameters = Type.Object({
  view: Type.Optional(
    Type.String({
      maxLength: VIEW_LENGTH_MAX,
      description: "What stood behind the `?` of the dashboard's address; it does again.",
    }),
  ),
});

/** What an OpenID Connect provider sends back with the browser, the most usual of it. */
export const SingleSignOnParameters = Type.Object({
  code: Type.Optional(Type.String({ description: 'What the provider gives out for the sign-in.' })),
  state: Type.Optional(Type.String({ description: 'What was sent to the provider.' })),
  error: Type.Optional(Type.String({ description: 'Why the provider refuses.' })),
});

export const ReconciliationsParameters = Type.Object({ tenant_id: Tenants, limit: limit(10, 100) });
export type ReconciliationsParameters = Static<typeof ReconciliationsParameters>;
