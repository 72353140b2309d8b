import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { MeterPart } from '../events/meter-part.ts';
import { METER_POINTS_MAX, type MeterPoint, type MeterReport } from '../reports/meter-report.ts';
import { parseReport } from '../reports/parse-report.ts';
import { decodeMetrics } from './decode/decode-metrics.ts';
import { isMeterName } from './dialects/metrics/metric-dialects.ts';
import { createFullKeyTable } from './dialects/wanted-keys.ts';
import type { JsonMetric, JsonMetrics, JsonPoint } from './encode-metrics.contract.ts';
import { type MetricsToReports, metricsToReports } from './metrics-to-reports.ts';
import { SHIPPED_ATTRIBUTE_NAMES } from './shipped-attribute-names.contract.ts';
import { DimensionFinder } from './to-events/tenant-and-route.ts';

const AGENTS = new URL('../../test/fixtures/agents/', import.meta.url);
const DIMENSIONS = new DimensionFinder(SHIPPED_ATTRIBUTE_NAMES);
const DELTA = 1;
const CUMULATIVE = 2;

function translated(body: JsonMetrics, tenantOfKey: string | null = null): MetricsToReports {
  const keys = createFullKeyTable();
  const decoded = decodeMetrics(Buffer.from(JSON.stringify(body)), 'json', { keys, wants: isMeterName });
  assert.ok(decoded.ok);
  return metricsToReports(decoded.value, { tenantOfKey, dimensions: DIMENSIONS });
}

type Named = Readonly<Record<string, string>>;
const pairs = (named: Named) => Object.entries(named).map(([key, stringValue]) => ({ key, value: { stringValue } }));

function exportOf(metrics: readonly JsonMetric[], resource: Named = { 'service.name': 'web' }): JsonMetrics {
  return {
    resourceMetrics: [
      { resource: { attributes: pairs(resource) }, scopeMetrics: [{ scope: { name: 'scope' }, metrics }] },
    ],
  };
}

function aPoint(sum: number, named: Named, parts: Partial<JsonPoint> = {}): JsonPoint {
  const times = { startTimeUnixNano: '1763546400000000000', timeUnixNano: '1763546460000000000' };
  return { attributes: pairs(named), ...times, sum, ...parts };
}

function usage(temporality: number, ...dataPoints: readonly JsonPoint[]): JsonMetric {
  return { name: 'gen_ai.client.token.usage', histogram: { aggregationTemporality: temporality, dataPoints } };
}

const INPUT = { 'gen_ai.token.type': 'input' };

function onlyPoint({ reports }: MetricsToReports): MeterPoint {
  const [report, ...others] = reports;
  assert.ok(report !== undefined && others.length === 0 && report.points.length === 1);
  return report.points[0] as MeterPoint;
}

/** Of the points with the least precedence, as the store believes them. */
function partsOf(reports: readonly MeterReport[]): Partial<Record<MeterPart, number>> {
  const points = reports.flatMap((report) => report.points);
  const least = Math.min(...points.filter(({ part }) => part !== 'cost').map(({ precedence }) => precedence));
  const sums: Partial<Record<MeterPart, number>> = {};
  for (const { part, precedence, value } of points) {
    if (part === 'cost' || precedence === least) sums[part] = (sums[part] ?? 0) + value;
  }
  return sums;
}

interface Truth {
  readonly calls: readonly Readonly<Record<string, number | undefined>>[];
}

test('the metrics of each agent say the tokens of its calls', () => {
  const agents = readdirSync(AGENTS, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of agents) {
    const folder = new URL(`${name}/`, AGENTS);
    const file = readdirSync(folder).find((each) => each.endsWith('-metrics.json'));
    if (file === undefined) continue;
    const said = translated(JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as JsonMetrics);
    assert.deepEqual(said.rejected, [], name);
    const { calls } = JSON.parse(readFileSync(new URL('truth.json', folder), 'utf8')) as Truth;
    const told = (field: string) => calls.reduce((sum, call) => sum + (call[field] ?? 0), 0);
    const parts = partsOf(said.reports);
    const sum = (...names: readonly MeterPart[]) => names.reduce((total, part) => total + (parts[part] ?? 0), 0);
    assert.equal(sum('prompt', 'cached_beside', 'cache_write_beside'), told('prompt_tokens'), `${name}: prompt`);
    assert.equal(sum('cached', 'cached_beside'), told('cached_prompt_tokens'), `${name}: cached`);
    assert.equal(sum('completion', 'reasoning_beside'), told('completion_tokens'), `${name}: completion`);
    for (const report of said.reports) {
      assert.ok(name.startsWith(report.service), `${report.service} of ${name}`);
      assert.ok(parseReport(Buffer.from(JSON.stringify(report))).ok);
    }
  }
});

test('the estimate of Claude Code is its cost', () => {
  const file = new URL('claude-code-2.1.197/3-metrics.json', AGENTS);
  const said = translated(JSON.parse(readFileSync(file, 'utf8')) as JsonMetrics);
  assert.equal(partsOf(said.reports).cost, 11_691_000);
});

test("Cursor's counter tells its parts apart, which are disjoint, and another what they cost", () => {
  const parts = {
    input: 'prompt',
    output: 'completion',
    cache_read: 'cached_beside',
    cache_creation: 'cache_write_beside',
  } as const;
  for (const [word, part] of Object.entries(parts)) {
    const dataPoints = [aPoint(5, { 'cursor.token.type': word })].map(({ sum, ...point }) => ({
      ...point,
      asInt: sum,
    }));
    const metric = { name: 'cursor.token.usage', sum: { aggregationTemporality: DELTA, dataPoints } } as JsonMetric;
    const point = onlyPoint(translated(exportOf([metric])));
    assert.deepEqual([point.part, point.value], [part, 5], word);
  }
  const dataPoints = [{ ...aPoint(0, {}), asDouble: 0.25 }];
  const cost = { name: 'cursor.cost.usage', sum: { aggregationTemporality: DELTA, dataPoints } } as JsonMetric;
  assert.equal(partsOf(translated(exportOf([cost])).reports).cost, 250_000_000);
});

test('the histogram of the convention tells prompt, completion and the parts inside them, in many spellings', () => {
  const words = {
    input: 'prompt',
    output: 'completion',
    INPUT_TOKENS: 'prompt',
    'cache-read': 'cached',
    cache_creation_input: 'cache_write',
    reasoning: 'reasoning',
  } as const;
  for (const [word, part] of Object.entries(words)) {
    const said = translated(exportOf([usage(CUMULATIVE, aPoint(5, { 'gen_ai.token.type': word }))]));
    assert.deepEqual([onlyPoint(said).part, onlyPoint(said).value], [part, 5], word);
  }
});

test('the newer names of the convention win over the older, which tell the same', () => {
  const newer = { name: 'gen_ai.client.inference.usage.input_tokens' };
  const said = translated(
    exportOf([
      usage(CUMULATIVE, aPoint(7, INPUT)),
      { ...newer, sum: { aggregationTemporality: CUMULATIVE, dataPoints: [aPoint(0, {}, { asInt: '8' })] } },
    ]),
  );
  assert.deepEqual(partsOf(said.reports), { prompt: 8 });
});

test('what repeats other points, of a total or of the agent around the calls, is not kept and not noted', () => {
  const around = { ...INPUT, 'gen_ai.operation.name': 'invoke_agent' };
  const said = translated(exportOf([usage(DELTA, aPoint(9, { 'gen_ai.token.type': 'total' }), aPoint(9, around))]));
  assert.deepEqual([said.reports, said.uncounted, said.rejected], [[], [], []]);
});

test('a kind of tokens that nobody knows, and a metric that may tell tokens, are noted', () => {
  const other = { name: 'my.llm.tokens', sum: { aggregationTemporality: CUMULATIVE, dataPoints: [aPoint(1, {})] } };
  const memory = { name: 'process.memory.usage', gauge: { dataPoints: [aPoint(1, {})] } };
  const said = translated(exportOf([usage(CUMULATIVE, aPoint(9, { 'gen_ai.token.type': 'martian' })), other, memory]));
  assert.equal(said.reports.length, 0);
  assert.deepEqual(
    said.uncounted.map(({ reason, count }) => [reason, count]),
    [
      ['a kind of tokens that is not known of gen_ai.client.token.usage', 1],
      ['the metric my.llm.tokens is none by which use is known', 1],
    ],
  );
  assert.equal(said.pointCount, 3);
});

test('the same state of a series is the same point, in whatever order its attributes come', () => {
  const named = { ...INPUT, 'gen_ai.request.model': 'm' };
  const turned = Object.fromEntries(Object.entries(named).toReversed());
  const one = translated(exportOf([usage(CUMULATIVE, aPoint(5, named))]));
  assert.deepEqual(translated(exportOf([usage(CUMULATIVE, aPoint(5, turned))])).reports, one.reports);
  const other = translated(exportOf([usage(CUMULATIVE, aPoint(5, { ...named, 'gen_ai.request.model': 'n' }))]));
  assert.notEqual(onlyPoint(other).stream, onlyPoint(one).stream);
  const elsewhere = translated(
    exportOf([usage(CUMULATIVE, aPoint(5, named))], { 'service.name': 'web', 'host.id': '2' }),
  );
  assert.notEqual(onlyPoint(elsewhere).stream, onlyPoint(one).stream);
});

test('a cumulative series that begins anew is another one; of a delta series the start says which addition it is', () => {
  const later = { startTimeUnixNano: '1763546460000000000', timeUnixNano: '1763546520000000000' };
  const [first, again] = [aPoint(5, INPUT), aPoint(5, INPUT, later)];
  const cumulative = [first, again].map((point) => onlyPoint(translated(exportOf([usage(CUMULATIVE, point)]))));
  assert.notEqual(cumulative[0]?.stream, cumulative[1]?.stream);
  assert.deepEqual(
    cumulative.map(({ start }) => start),
    [undefined, undefined],
  );
  const deltas = [first, again].map((point) => onlyPoint(translated(exportOf([usage(DELTA, point)]))));
  assert.equal(deltas[0]?.stream, deltas[1]?.stream);
  assert.deepEqual(
    deltas.map(({ start }) => start),
    [first.startTimeUnixNano, later.startTimeUnixNano],
  );
});

test('a point that cannot be right is rejected with the metric and what is wrong', () => {
  const rejected = (point: JsonPoint, temporality = DELTA) =>
    translated(exportOf([usage(temporality, point)])).rejected.map(({ reason }) => reason);
  assert.match(
    rejected(aPoint(-1, INPUT))[0] ?? '',
    /value of gen_ai\.client\.token\.usage must be a number from 0 up/,
  );
  assert.match(rejected(aPoint(5, INPUT, { timeUnixNano: '0' }))[0] ?? '', /time_unix_nano/);
  assert.match(rejected(aPoint(5, INPUT), 0)[0] ?? '', /must say whether it is cumulative or delta/);
  const backwards = { startTimeUnixNano: '1763546460000000001' };
  assert.match(rejected(aPoint(5, INPUT, backwards))[0] ?? '', /start_time_unix_nano/);
});

test('a report says whose it is: the tenant of the key, else that of the metric or its resource', () => {
  const body = exportOf([usage(CUMULATIVE, aPoint(5, { ...INPUT, tenant_id: 'of-point' }))], {
    'service.name': 'web',
    'tenant.id': 'of-resource',
  });
  const { sender, tenant, service, session } = translated(body, 'of-key').reports[0] ?? {};
  assert.deepEqual([sender, tenant, service, session], ['of-key', 'of-point', 'web', '']);
  const [report] = translated(exportOf([usage(CUMULATIVE, aPoint(5, INPUT))], { 'tenant.id': 'of-resource' })).reports;
  assert.deepEqual([report?.sender, report?.tenant, report?.service], ['', 'of-resource', 'scope']);
});

test('more points than a record holds become several reports, and none is lost', () => {
  const points = Array.from({ length: 2 * METER_POINTS_MAX + 1 }, (_, i) => aPoint(i, { ...INPUT, n: String(i) }));
  const { reports } = translated(exportOf([usage(CUMULATIVE, ...points)]));
  assert.deepEqual(
    reports.map((report) => report.points.length),
    [METER_POINTS_MAX, METER_POINTS_MAX, 1],
  );
});

test('what a StreamLens pushes of the calls it counted is no witness, and is told as such', () => {
  const own = exportOf([usage(CUMULATIVE, aPoint(5, INPUT))]);
  const [group] = own.resourceMetrics;
  const scopeMetrics = group?.scopeMetrics.map((each) => ({ ...each, scope: { name: 'streamlens' } })) ?? [];
  const said = translated({ resourceMetrics: [{ resource: { attributes: [] }, scopeMetrics }] });
  assert.deepEqual([translated(own).reports.length, said.reports.length], [1, 0]);
  assert.deepEqual(
    said.uncounted.map(({ reason }) => reason),
    ['the metric gen_ai.client.token.usage tells what StreamLens has counted'],
  );
});
