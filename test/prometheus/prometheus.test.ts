import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import { freePorts } from '../../scripts/services/free-ports.ts';
import { type RunningPostgres, startPostgres } from '../../scripts/services/postgres.ts';
import { type RunningPrometheus, startPrometheus } from '../../scripts/services/prometheus.ts';
import { queryOnce } from '../distributed/test-databases.ts';
import { eventually, getJson, post } from '../end-to-end/http-calls.ts';
import { type Server, startServer } from '../end-to-end/running-server.ts';

const DEPLOY = fileURLToPath(new URL('../../deploy/', import.meta.url));
const RULES = ['recording.rules.yml', 'alerts.rules.yml'];
const run = promisify(execFile);
const skip = skipWithout(await availableServices(), ['prometheus', 'postgres']);

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
}
interface Rule {
  readonly alert?: string;
  readonly annotations?: { readonly runbook_url?: string };
}
interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr?: string; readonly rawSql?: string }[];
  }[];
}

const readDashboard = (name: string) =>
  JSON.parse(readFileSync(join(DEPLOY, 'grafana/dashboards', name), 'utf8')) as Dashboard;

suite('Prometheus and Grafana', { skip }, () => {
  let postgres: RunningPostgres;
  let prometheus: RunningPrometheus;
  let server: Server;
  let metricsPort = 0;
  const dataDir = mkdtempSync(join(tmpdir(), 'streamlens-test-'));
  const latenciesMs = Array.from({ length: 400 }, (_, i) => (Math.round(50 * 1.02 ** i) % 9_000) + 20);

  before(async () => {
    [postgres, [metricsPort = 0]] = await Promise.all([startPostgres(), freePorts(1)]);
    server = await start();
    const target = (url: string, path: string, job: string) => ({
      job_name: job,
      metrics_path: path,
      static_configs: [{ targets: [new URL(url).host] }],
    });
    prometheus = await startPrometheus({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: RULES.map((file) => join(DEPLOY, 'prometheus', file)),
      scrape_configs: [
        target(server.ingestion, '/metrics', 'streamlens'),
        target(server.metrics, '/metrics/process', 'streamlens-metrics-api'),
        target(server.metrics, '/metrics/llm', 'streamlens-calls'),
      ],
    });
    await sendCalls('seen-first', 1);
    await counted(1);
    await eventually('Prometheus knows the first call', async () =>
      (await promValue('sum(streamlens_llm_completed_total)')) === 1 ? true : undefined,
    );
    await sendCalls('call', latenciesMs.length);
    await counted(latenciesMs.length + 1);
  });
  after(async () => {
    server?.process.kill('SIGKILL');
    await server?.exited;
    await prometheus?.stop();
    await postgres?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const start = () => startServer(dataDir, { POSTGRES_DSN: postgres.dsn }, { metricsPort });

  const sendCalls = async (prefix: string, count: number) => {
    const timestamp = new Date().toISOString();
    const events = Array.from({ length: count }, (_, i) => [
      {
        type: 'request',
        request_id: `${prefix}-${i}`,
        tenant_id: 'acme',
        route: `r${i % 2}`,
        model: 'gpt-4.1-mini',
        timestamp,
        prompt_tokens: 100 + i,
      },
      {
        type: 'response',
        request_id: `${prefix}-${i}`,
        timestamp,
        latency_ms: latenciesMs[i],
        time_to_first_token_ms: 10 + i,
        completion_tokens: 20,
        finish_reason: 'stop',
        error: i % 10 === 9 ? 'timeout' : null,
      },
    ]).flat();
    assert.equal((await post(`${server.ingestion}/v1/llm/events`, JSON.stringify(events))).status, 202);
  };

  const summary = () =>
    getJson<{ summary: Record<string, number>[] }>(
      `${server.metrics}/v1/metrics/summary?tenant_id=acme&from=now-1h&to=now&group_by=none`,
    );

  const counted = (calls: number) =>
    eventually(`${calls} calls are counted`, async () =>
      (await summary()).summary[0]?.['completed'] === calls ? true : undefined,
    );

  const promQuery = async (query: string) => {
    const url = `${prometheus.url}/api/v1/query?query=${encodeURIComponent(query)}`;
    const { data } = await getJson<{ data: { result: { metric: Record<string, string>; value: [number, string] }[] } }>(
      url,
    );
    return data.result;
  };

  const promValue = async (query: string): Promise<number | undefined> => {
    const [first] = await promQuery(query);
    return first === undefined ? undefined : Number(first.value[1]);
  };

  test('promtool finds nothing wrong with what each port tells', async () => {
    for (const url of [`${server.ingestion}/metrics`, `${server.metrics}/metrics`]) {
      const text = await (await fetch(url)).text();
      const check = run('promtool', ['check', 'metrics']);
      check.child.stdin?.end(text);
      const { stdout, stderr } = await check;
      assert.equal(`${stdout}${stderr}`, '', url);
    }
  });

  test('promtool takes the scrape config and the rules, and the rules fire when they should and not before', async () => {
    const cwd = join(DEPLOY, 'prometheus');
    await run('promtool', ['check', 'config', 'prometheus.yml'], { cwd });
    await run('promtool', ['check', 'rules', ...RULES], { cwd });
    await run('promtool', ['test', 'rules', 'rules.test.yml'], { cwd });
  });

  test('counters in Prometheus are what the API answers', async () => {
    const total = latenciesMs.length + 1;
    await eventually('Prometheus has scraped all calls', async () =>
      (await promValue('sum(streamlens_llm_completed_total)')) === total ? true : undefined,
    );
    const [row = {}] = (await summary()).summary;
    assert.equal(await promValue('sum(streamlens_llm_calls_total)'), row['requests']);
    assert.equal(await promValue('sum(streamlens_llm_errors_total{kind="timeout"})'), row['errors']);
    const tokens = (parts: string) => promValue(`sum(streamlens_llm_tokens_total{part=~"${parts}"})`);
    assert.equal(await tokens('input|cache_read|cache_write'), row['prompt_tokens']);
    assert.equal(await tokens('output|reasoning'), row['completion_tokens']);
    const [cost = Number.NaN, costOfApi = 0] = [
      await promValue('sum(streamlens_llm_cost_usd_total)'),
      row['estimated_cost_usd'],
    ];
    assert.ok(costOfApi > 0 && Math.abs(cost - costOfApi) < 1e-9, `${cost} USD, the API says ${costOfApi}`);
  });

  test('latency arrives as native histograms, whose quantiles are those of the API within 2.5 %', async () => {
    const [row = {}] = (await summary()).summary;
    assert.equal(await promValue('histogram_count(sum(streamlens_llm_latency_seconds))'), row['completed']);
    for (const [quantile, name] of [
      [0.5, 'p50_latency_ms'],
      [0.95, 'p95_latency_ms'],
      [0.99, 'p99_latency_ms'],
    ] as const) {
      const seconds =
        (await promValue(`histogram_quantile(${quantile}, sum(streamlens_llm_latency_seconds))`)) ?? Number.NaN;
      const ratio = (seconds * 1000) / (row[name] ?? 0);
      assert.ok(Math.abs(ratio - 1) < 0.025, `${name}: ${seconds * 1000} ms, the API says ${row[name]}`);
    }
    assert.deepEqual(await promQuery('streamlens_llm_latency_seconds_bucket'), [], 'they are not classic');
  });

  test('each panel of the Prometheus dashboard shows data', async () => {
    const { panels } = readDashboard('prometheus.json');
    assert.ok(panels.length >= 8);
    for (const { title, targets } of panels) {
      for (const { expr = '' } of targets) {
        const query = expr.replaceAll('$__rate_interval', '1m').replaceAll('$tenant', '.*');
        await eventually(`"${title}" shows data: ${query}`, async () =>
          (await promQuery(query)).some(({ value }) => Number.isFinite(Number(value[1]))) ? true : undefined,
        );
      }
    }
  });

  test('each panel of the Postgres dashboard shows data', async () => {
    const { panels } = readDashboard('postgres.json');
    assert.ok(panels.length >= 6);
    for (const { title, targets } of panels) {
      for (const { rawSql = '' } of targets) {
        const sql = rawSql
          .replaceAll(/\$__timeFilter\((\w+)\)/g, "$1 BETWEEN now() - interval '1 hour' AND now()")
          .replaceAll('$tenant', "'acme'");
        assert.ok((await queryOnce(postgres.dsn, sql)).length > 0, `"${title}" shows nothing: ${sql}`);
      }
    }
  });

  test('the recording rules have values and no alert of a healthy system fires', async () => {
    await eventually('a recorded rate', async () =>
      ((await promValue('sum(tenant_route_model:streamlens_llm_calls:rate5m)')) ?? 0) > 0 ? true : undefined,
    );
    const firing = (await promQuery('ALERTS{alertstate="firing"}')).map(({ metric }) => metric['alertname']);
    assert.deepEqual(firing, []);
  });

  test('counters go on where they were after a restart', async () => {
    server.process.kill('SIGTERM');
    await server.exited;
    server = await start();
    await sendCalls('after-restart', 1);
    await counted(latenciesMs.length + 2);
    await eventually('Prometheus has scraped the call after the restart', async () =>
      (await promValue('sum(streamlens_llm_completed_total)')) === latenciesMs.length + 2 ? true : undefined,
    );
    assert.equal(await promValue('sum(resets(streamlens_llm_completed_total[10m]))'), 0);
  });
});

test('each alert has a runbook that exists', () => {
  const headings = new Set(
    [...readFileSync(join(DEPLOY, '../docs/prometheus.md'), 'utf8').matchAll(/^### (\w+)$/gm)].map(([, name]) => name),
  );
  const files = readdirSync(join(DEPLOY, 'prometheus')).filter((file) => file.endsWith('.rules.yml'));
  assert.deepEqual(files.sort(), [...RULES].sort());
  const alerts = files
    .flatMap((file) =>
      (parse(readFileSync(join(DEPLOY, 'prometheus', file), 'utf8')) as RuleFile).groups.flatMap(({ rules }) => rules),
    )
    .filter(({ alert }) => alert !== undefined);
  assert.ok(alerts.length > 5);
  for (const { alert = '', annotations } of alerts) {
    assert.ok(headings.has(alert), `${alert} has no section`);
    assert.equal(annotations?.runbook_url, `docs/prometheus.md#${alert.toLowerCase()}`);
  }
});
