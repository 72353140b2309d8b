import type { OtlpMetric } from '../../decode/metric-export.ts';
import { AGENT_METRICS } from './agents.ts';
import { CONVENTION_METRICS } from './convention.ts';
import type { MetricDialect } from './metric-dialect.ts';

/** Who tells by metrics what it used. Metrics are known by their names. */
const DIALECT_OF: ReadonlyMap<string, MetricDialect> = new Map(
  [...AGENT_METRICS, ...CONVENTION_METRICS].flatMap((dialect) => dialect.names.map((name) => [name, dialect] as const)),
);

export function metricDialect({ name, scope }: Pick<OtlpMetric, 'name' | 'scope'>): MetricDialect | null {
  return isOurs(scope) ? null : (DIALECT_OF.get(name) ?? null);
}

/** Whether a StreamLens pushed it: what was counted is no witness of the count, neither of its own nor of another's. */
export function isOurs({ name }: OtlpMetric['scope']): boolean {
  return name === OWN_SCOPE;
}

const OWN_SCOPE = 'streamlens';

/** Whether the points of a metric of this name are read at all. */
export function isMeterName(name: string): boolean {
  return DIALECT_OF.has(name);
}

const USE = /token|cost|usage/i;
const NOT_OF_MODELS = /cpu|memory|disk|heap|network|^(?:process|system|http|nodejs|v8js|jvm|go|dotnet|db)[._]/i;

/** Whether a metric that nobody reads may be one of tokens or cost: what an operator has to see. */
export function mayBeMeter({ name }: Pick<OtlpMetric, 'name'>): boolean {
  return USE.test(name) && !NOT_OF_MODELS.test(name);
}
