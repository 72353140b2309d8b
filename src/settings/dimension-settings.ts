import { setting } from './setting.ts';
import * as is from './setting-kinds.ts';

const PROCESSING = ['up', 'metrics-processor'] as const;
/** The metrics API is told too, so that it can say what may be asked. */
const KNOWING = [...PROCESSING, 'metrics-api'] as const;
/** And an export, by which it is to write what was summed, and a recompute of prices, by which it changes the sums. */
const USING = [...KNOWING, 'export', 'prices'] as const;

/** Each takes rows of its own, and a call is added to all of them. */
const DIMENSIONS_MAX = 8;
const NAME = /^(?:user|session|agent|team|metadata\.[^\s,]{1,100})$/;

const names: is.Kind<readonly string[]> = {
  hint: 'a,b,…',
  read: (value) => {
    const given = value.split(',').map((name) => name.trim());
    const areGood = given.every((name) => NAME.test(name)) && new Set(given).size === given.length;
    return areGood && given.length <= DIMENSIONS_MAX
      ? { ok: true, value: given }
      : {
          ok: false,
          expected: `up to ${DIMENSIONS_MAX} of user, session, agent, team and metadata.KEY, each once, separated by commas`,
        };
  },
};

/** By what calls are summed beside tenant, route, model and provider. */
export const DIMENSION_SETTINGS = {
  metricDimensions: setting({
    env: 'METRIC_DIMENSIONS',
    kind: names,
    commands: USING,
    about:
      'by what calls are summed beside tenant, route, model and provider, per hour and day, to group and filter by: user, session, agent, team, metadata.KEY. What came before it was set is not summed by it',
  }),
  metricDimensionMinutes: setting({
    env: 'METRIC_DIMENSION_MINUTES',
    kind: is.flag,
    fallback: 'false',
    commands: KNOWING,
    about:
      'sum by METRIC_DIMENSIONS per minute as well: steps below an hour, at several times the rows. What came before it was set has none: ask that in whole hours',
  }),
  metricDimensionValuesMax: setting({
    env: 'METRIC_DIMENSION_VALUES_MAX',
    kind: is.integer(1, 10_000_000),
    fallback: '100000',
    commands: PROCESSING,
    about: 'distinct values of a tenant, dimension and day; what comes after is added up under __overflow__',
  }),
};
