import type { HistogramSeries, Labels, MetricFamily } from './metric-family.ts';

/** Prometheus' text format 0.0.4. */
export function writeText(families: readonly MetricFamily[]): string {
  const lines: string[] = [];
  for (const family of families) {
    const { name, help, type } = family;
    lines.push(`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`);
    pushSeries(lines, family, name, plainNumber);
  }
  return `${lines.join('\n')}\n`;
}

/** OpenMetrics 1.0: the family of a counter is named without `_total`, and units are told. */
export function writeOpenMetrics(families: readonly MetricFamily[]): string {
  const lines: string[] = [];
  for (const family of families) {
    const base = family.type === 'counter' ? family.name.replace(/_total$/, '') : family.name;
    lines.push(`# TYPE ${base} ${family.type}`);
    const unit = /_(seconds|bytes)$/.exec(base)?.[1];
    if (unit !== undefined) lines.push(`# UNIT ${base} ${unit}`);
    lines.push(`# HELP ${base} ${escapeOpenMetricsHelp(family.help)}`);
    pushSeries(lines, family, family.name, canonicalNumber);
  }
  return `${[...lines, '# EOF'].join('\n')}\n`;
}

type WriteNumber = (value: number) => string;

function pushSeries(lines: string[], family: MetricFamily, name: string, bound: WriteNumber): void {
  if (family.type === 'histogram') {
    for (const series of family.series) pushHistogram(lines, name, series, bound);
  } else {
    for (const { labels, value } of family.series) {
      const pairs = labelPairs(labels);
      lines.push(`${name}${pairs === '' ? '' : `{${pairs}}`} ${plainNumber(value)}`);
    }
  }
}

function pushHistogram(
  lines: string[],
  name: string,
  { labels, count, sum, buckets }: HistogramSeries,
  bound: WriteNumber,
): void {
  const pairs = labelPairs(labels);
  const before = pairs === '' ? '' : `${pairs},`;
  for (const { upperBound, cumulativeCount } of buckets) {
    lines.push(`${name}_bucket{${before}le="${bound(upperBound)}"} ${cumulativeCount}`);
  }
  lines.push(`${name}_bucket{${before}le="+Inf"} ${count}`);
  const after = pairs === '' ? '' : `{${pairs}}`;
  lines.push(`${name}_sum${after} ${plainNumber(sum)}`, `${name}_count${after} ${count}`);
}

function labelPairs(labels: Labels): string {
  let text = '';
  for (const name in labels) text += `${text === '' ? '' : ','}${name}="${escapeLabel(labels[name] ?? '')}"`;
  return text;
}

function plainNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}

/** With a point or an exponent: so that bounds read from this format and from protobuf are the same. */
function canonicalNumber(value: number): string {
  const text = plainNumber(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
const escapeOpenMetricsHelp = (text: string): string => escapeHelp(text).replaceAll('"', '\\"');
const NEEDS_ESCAPE = /[\\"\n]/;

function escapeLabel(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return text;
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
