import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { DATASET_NAMES } from '../../src/metrics-api/export/export-query.ts';
import { eventually, post } from './http-calls.ts';
import { newKey } from './new-key.ts';
import { endOf, runCommand, type Server, startServer } from './running-server.ts';

const DAYS = 40;
const FROM_MS = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;
const TENANTS = ['acme', 'globex', 'initech'];
const CALLS_PER_DAY = 30;

interface Manifest {
  readonly days: readonly { readonly date: string; readonly path: string; readonly rows: number }[];
}

suite('Exports of the built program', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'streamlens-test-'));
  const keys: Record<'one' | 'two' | 'all', string> = { one: '', two: '', all: '' };
  let server: Server;

  before(async () => {
    keys.one = (await newKey(dataDir, '--tenant', 'acme')).text;
    keys.two = (await newKey(dataDir, '--tenant', 'acme', '--tenant', 'globex')).text;
    keys.all = (await newKey(dataDir, '--all-tenants')).text;
    server = await startServer(dataDir, {
      API_KEYS: 'required',
      CALLS_PER_SECOND_MAX: '100000',
      METRIC_DIMENSIONS: 'user,team',
    });
    for (let day = 0; day < DAYS; day++)
      await send(
        day,
        Array.from({ length: CALLS_PER_DAY }, (_, at) => `${day}-${at}`),
      );
    await counted(DAYS * CALLS_PER_DAY);
  });
  after(async () => {
    server.process.kill('SIGKILL');
    await server.exited;
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });

  const send = async (day: number, ids: readonly string[]): Promise<void> => {
    const timestamp = new Date(FROM_MS + day * DAY_MS + 3_600_000).toISOString();
    const lines = ids.flatMap((id, at) => {
      const call = { request_id: id, timestamp, tenant_id: TENANTS[at % TENANTS.length] };
      const request = { type: 'request', ...call, route: `r${at % 4}`, model: 'gpt-4.1-mini', prompt_tokens: 100 + at };
      const user = { user_id_hash: at % 5 === 0 ? null : `u-${at % 5}`, metadata: { team: `t-${at % 2}` } };
      return [
        { ...request, ...user },
        { type: 'response', ...call, latency_ms: 5, completion_tokens: 7, finish_reason: 'stop' },
      ];
    });
    const headers = { 'content-type': 'application/json', 'x-api-key': keys.all };
    assert.equal((await post(`${server.ingestion}/v1/llm/events`, JSON.stringify(lines), headers)).status, 202);
  };
  const counted = (calls: number) =>
    eventually(`${calls} calls are counted`, async () => {
      const answer = await ask('/v1/metrics/summary?from=2026-01-01T00:00:00Z', keys.all);
      const { summary } = (await answer.json()) as { summary: { completed: number }[] };
      return summary[0]?.completed === calls ? true : undefined;
    });
  const ask = (path: string, key: string, init: RequestInit = {}) =>
    fetch(`${server.metrics}${path}`, { ...init, headers: { 'x-api-key': key } });
  const rowsOf = async (path: string, key: string): Promise<Record<string, unknown>[]> => {
    const answer = await ask(path, key);
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  const exportTo = async (directory: string, ...options: string[]) => {
    const args = ['export', 'calls', directory, '--data-dir', dataDir, '--format', 'csv', ...options];
    const { code, text } = await endOf(args);
    return { code, output: text };
  };
  const manifestOf = (directory: string): Manifest => {
    const path = join(directory, 'manifest.json');
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Manifest) : { days: [] };
  };

  test('a key exports what it may see, and no more', async () => {
    for (const dataset of DATASET_NAMES) {
      const name = dataset === 'focus' ? 'SubAccountId' : 'tenant_id';
      const path = `/v1/export?dataset=${dataset}&format=ndjson`;
      const tenantsFor = async (key: string, more = '') =>
        [...new Set((await rowsOf(`${path}${more}`, key)).map((row) => String(row[name])))].toSorted();
      assert.deepEqual(await tenantsFor(keys.one), ['acme']);
      assert.deepEqual(await tenantsFor(keys.two), ['acme', 'globex']);
      assert.deepEqual(await tenantsFor(keys.two, '&tenant_id=globex'), ['globex']);
      assert.deepEqual(await tenantsFor(keys.all), TENANTS);
      assert.equal((await ask(`${path}&tenant_id=initech`, keys.two)).status, 403);
      assert.equal((await ask(path, 'sl_x')).status, 401);
    }
  });

  test('what cannot be exported is told before a file begins', async () => {
    for (const [query, named] of [
      ['', 'dataset is required'],
      ['dataset=call', 'dataset'],
      ['dataset=calls&step=1h', 'step has no meaning for calls'],
      ['dataset=focus&step=1m', 'step must be 1h or 1d for focus'],
      ['dataset=dimensions&step=30m', 'step must be 1h or more for dimensions'],
      [
        'dataset=dimensions&dimension=agent',
        'dimension has agent, which is not in METRIC_DIMENSIONS, which names user',
      ],
      ['dataset=rows&dimension=user', 'dimension has a meaning for dimensions only'],
      ['dataset=rows&billing_account=x', 'billing_account has a meaning for focus only'],
      ['dataset=rows&format=xlsx', 'format'],
      ['dataset=rows&from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z', 'from must not be after to'],
    ] as const) {
      const answer = await ask(`/v1/export?${query}`, keys.all);
      assert.equal(answer.status, 400, query);
      assert.ok((await answer.text()).includes(named), query);
    }
    const { code, output } = await exportTo('-', '--step', '1h');
    assert.deepEqual([code, output.includes('--step has no meaning for calls')], [2, true]);
  });

  test('a client that goes away ends its export, and others go on', async () => {
    for (let at = 0; at < 20; at++) {
      const gone = new AbortController();
      const answer = await ask('/v1/export?dataset=rows&step=1m', keys.all, { signal: gone.signal });
      // A busy machine notices later that some have gone than new ones come.
      assert.ok(answer.status === 200 || answer.status === 503, `${answer.status}`);
      gone.abort();
    }
    await eventually('there is room for another export', async () => {
      const answer = await ask('/v1/export?dataset=rows', keys.all);
      await answer.text();
      return answer.status === 200 ? true : undefined;
    });
    const rows = await rowsOf('/v1/export?dataset=calls&format=ndjson', keys.all);
    assert.equal(rows.length, DAYS * CALLS_PER_DAY);
  });

  test('a run that is killed is gone on with, to the files of one that was not', async () => {
    const [whole, broken] = [join(dataDir, 'whole'), join(dataDir, 'broken')];
    const first = await exportTo(whole);
    assert.equal(first.code, 0, first.output);
    const killed = runCommand(['export', 'calls', broken, '--data-dir', dataDir, '--format', 'csv']);
    await eventually('some days are written', async () => (manifestOf(broken).days.length >= 3 ? true : undefined));
    killed.process.kill('SIGKILL');
    await killed.exited;
    const written = manifestOf(broken).days.length;
    assert.ok(written < DAYS, 'it was over before it could be killed');
    const { code, output } = await exportTo(broken);
    assert.equal(code, 0, output);
    assert.match(output, new RegExp(`^${DAYS - written} days .*; ${written} were there already`));
    assert.equal(manifestOf(broken).days.length, DAYS);
    for (const { path, rows } of manifestOf(whole).days) {
      assert.equal(rows, CALLS_PER_DAY);
      assert.deepEqual(readFileSync(join(broken, path)), readFileSync(join(whole, path)), path);
    }
    const left = readdirSync(broken, { recursive: true }).filter((name) => String(name).endsWith('.tmp'));
    assert.deepEqual(left, []);
  });

  test('a day to which an event came late is named, and written again when that is wanted', async () => {
    const directory = join(dataDir, 'late');
    await exportTo(directory);
    await send(4, ['late-1', 'late-2']);
    await counted(DAYS * CALLS_PER_DAY + 2);
    assert.match((await exportTo(directory)).output, /^0 days .*\n2026-01-05 changed since/);
    assert.match(
      (await exportTo(directory, '--refresh')).output,
      /^1 day with 32 rows written to .*; 39 were there already\n$/,
    );
    assert.match((await exportTo(directory)).output, /^0 days .*; 40 were there already\n$/);
    const { code, output } = await exportTo(directory, '--tenant', 'acme');
    assert.equal(code, 2, output);
    assert.match(output, /whose tenants is null/);
  });

  test('sums by dimension come by day, go on, tell what came late, and each is the total', async () => {
    const directory = join(dataDir, 'dimensions');
    const run = (...options: string[]) =>
      endOf(['export', 'dimensions', directory, '--data-dir', dataDir, '--format', 'csv', ...options]);
    const [user, both] = [
      ['--metric-dimensions', 'user'],
      ['--metric-dimensions', 'user,team'],
    ];
    const unknown = await run();
    assert.deepEqual([unknown.code, unknown.text.includes('METRIC_DIMENSIONS, or --metric-dimensions')], [2, true]);
    assert.match((await run(...user, '--to', '2026-01-11')).text, /^10 days .*; 0 were there already\n$/);
    assert.match((await run(...user)).text, new RegExp(`^${DAYS - 10} days .*; 10 were there already\n$`));
    await send(6, ['late-3']);
    await eventually('it is counted', async () =>
      (await run(...user)).text.includes('2026-01-07 changed since') ? true : undefined,
    );
    assert.match((await run(...user, '--refresh')).text, /^1 day .*; 39 were there already\n$/);
    const other = await run(...both);
    assert.deepEqual([other.code, other.text.includes('whose dimensions is ["user"]')], [2, true]);
    const rows = await rowsOf('/v1/export?dataset=dimensions&format=ndjson&dimension=user&dimension=team', keys.all);
    const answer = await ask('/v1/metrics/summary?from=2026-01-01T00:00:00Z', keys.all);
    const { summary } = (await answer.json()) as { summary: { requests: number; estimated_cost_usd: number }[] };
    const pico = (usd: unknown) => BigInt(Math.round(Number(usd) * 1e12));
    for (const [dimension, values] of [
      ['user', ['__none__', 'u-1', 'u-2', 'u-3', 'u-4']],
      ['team', ['t-0', 't-1']],
    ] as const) {
      const own = rows.filter((row) => row['dimension'] === dimension);
      assert.deepEqual([...new Set(own.map((row) => String(row['value'])))].toSorted(), values);
      assert.equal(
        own.reduce((sum, row) => sum + pico(row['estimated_cost_usd']), 0n),
        pico(summary[0]?.estimated_cost_usd),
      );
      assert.equal(
        own.reduce((sum, row) => sum + Number(row['requests']), 0),
        summary[0]?.requests,
      );
    }
  });

  test('charges add up to the cost of the metrics, and say how complete they are', async () => {
    const charges = await rowsOf('/v1/export?dataset=focus&format=ndjson&billing_account=org-7', keys.all);
    const pico = (text: unknown) => BigInt(Math.round(Number(text) * 1e12));
    const sum = charges.reduce((total, charge) => total + pico(charge['BilledCost']), 0n);
    const answer = await ask('/v1/metrics/summary?from=2026-01-01T00:00:00Z', keys.all);
    const { summary } = (await answer.json()) as { summary: { estimated_cost_usd: number }[] };
    assert.equal(sum, pico(summary[0]?.estimated_cost_usd));
    for (const charge of charges) {
      assert.equal(charge['BillingAccountId'], 'org-7');
      assert.equal(charge['x_IsComplete'], true);
      assert.equal(charge['x_CostSource'], 'list');
      assert.match(String(charge['x_PriceVersion']), /^genai-prices/);
    }
  });
});
