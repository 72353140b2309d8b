import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BUILT_IN_LIST, listName, type PriceList } from '../../src/prices/price-list.ts';
import { eventually, get, post } from './http-calls.ts';
import { dataDirFor, endOf, runCommand, serverFor, startServer } from './running-server.ts';
import { until } from './until.ts';

const NEXT_DAY = '2099-01-01';

const update = (dataDir: string, ...args: readonly string[]) =>
  endOf(['prices', 'update', '--data-dir', dataDir, ...args]);

/** The built-in list with other input prices for one model of OpenAI. */
function listWith(usdPerMillion: number): PriceList {
  const providers = BUILT_IN_LIST.providers.map((provider) => ({
    ...provider,
    models: provider.models.map((model) =>
      provider.id === 'openai' && model.id === 'gpt-4.1-mini'
        ? { ...model, prices: Object.assign({}, model.prices, { input_mtok: usdPerMillion }) }
        : model,
    ),
  }));
  return { version: `9.0.${usdPerMillion * 10}`, date: NEXT_DAY, providers };
}

function fileWith(t: TestContext, list: PriceList): string {
  const file = join(dataDirFor(t), 'list.json');
  writeFileSync(file, JSON.stringify(list));
  return file;
}

test('a newer list prices the calls from then on, beside the running server, and says so everywhere', async (t) => {
  const dataDir = dataDirFor(t);
  const server = await serverFor(t, {}, { dataDir });
  const infoOf = async () =>
    (await get(`${server.metrics}/metrics`)).text.match(/^streamlens_price_list_info.*$/m)?.[0];
  const costOf = async (id: string) => {
    const timestamp = '2026-11-20T10:00:00Z';
    const events = [
      {
        type: 'request',
        request_id: id,
        tenant_id: 'acme',
        route: 'r',
        model: 'gpt-4.1-mini',
        timestamp,
        prompt_tokens: 1e6,
      },
      { type: 'response', request_id: id, timestamp, latency_ms: 5, completion_tokens: 0 },
    ];
    await post(`${server.ingestion}/v1/llm/events`, JSON.stringify(events));
    return eventually(`the cost of ${id}`, async () => {
      const { text } = await get(`${server.metrics}/v1/calls/${id}?tenant_id=acme`);
      const { call } = JSON.parse(text) as { call?: Record<string, unknown> };
      return call?.['status'] === 'completed' ? [call['estimated_cost_usd'], call['price_source']] : undefined;
    });
  };
  const before = `${listName(BUILT_IN_LIST)}: openai gpt-4.1-mini`;
  assert.deepEqual(await costOf('one'), [0.4, before]);
  assert.match((await infoOf()) ?? '', new RegExp(`version="${BUILT_IN_LIST.version}"`));

  const file = fileWith(t, listWith(0.8));
  const shown = await update(dataDir, file, '--dry-run');
  assert.deepEqual([shown.code, existsSync(join(dataDir, 'price-list.json'))], [0, false]);
  assert.match(shown.text, /openai gpt-4.1-mini +input +0.4 +0.8/);
  const stored = await update(dataDir, file);
  assert.equal(stored.code, 0, stored.text);
  await until(async () => assert.match((await infoOf()) ?? '', /version="9\.0\.8",date="2099-01-01"/));
  assert.deepEqual(await costOf('two'), [0.8, 'genai-prices 9.0.8 of 2099-01-01: openai gpt-4.1-mini']);
  assert.deepEqual(await costOf('one'), [0.4, before], 'what was counted keeps its price');
  assert.match((await update(dataDir, file)).text, /in use already/);
  assert.match((await endOf(['doctor', '--data-dir', dataDir])).text, /genai-prices 9\.0\.8 of 2099-01-01/);
});

test('a price that moves by more than a factor of 5 is named and refused, unless somebody is sure', async (t) => {
  const dataDir = dataDirFor(t);
  const file = fileWith(t, listWith(4));
  const refused = await update(dataDir, file);
  assert.equal(refused.code, 1);
  assert.match(refused.text, /openai gpt-4.1-mini +input +0.4 +4 +more than 5 times/);
  assert.match(refused.text, /nothing was changed/);
  assert.equal(existsSync(join(dataDir, 'price-list.json')), false);
  const agreed = await update(dataDir, file, '--yes');
  assert.equal(agreed.code, 0, agreed.text);
});

test('a package of the library is read as data; what is none, or is older than the built-in one, is refused', async (t) => {
  const dataDir = dataDirFor(t);
  const folder = fileURLToPath(new URL('..', import.meta.resolve('@pydantic/genai-prices')));
  execFileSync('npm', ['pack', folder, '--ignore-scripts', '--silent'], { cwd: dataDir });
  const [name = ''] = execFileSync('ls', [dataDir], { encoding: 'utf8' }).split('\n');
  const packed = await update(dataDir, join(dataDir, name), '--dry-run');
  assert.equal(packed.code, 0, packed.text);
  assert.match(packed.text, /0 prices change, 0 models are new, 0 are gone/);
  const broken = join(dataDir, 'broken.json');
  for (const text of ['[]', 'process.exit(0)', '[{"id":1}]', '{"version":"1"}']) {
    writeFileSync(broken, text);
    const { code, text: said } = await update(dataDir, broken, '--yes');
    assert.equal(code, 1, text);
    assert.match(said, /holds no list of prices that can be used/);
  }
  const old = await update(dataDir, fileWith(t, { ...BUILT_IN_LIST, date: '2020-01-01' }), '--yes');
  assert.deepEqual([old.code, /is older than the built-in/.test(old.text)], [1, true], old.text);
  writeFileSync(join(dataDir, 'price-list.json'), '{');
  const server = runCommand(['up', '--data-dir', dataDir, '--ingestion-port', '0', '--metrics-port', '0']);
  assert.equal((await server.exited).code, 2);
  assert.match(server.output(), /PRICE_LIST_FILE must be what/);
});

/** A folder with an `npm` that knows one version, and gives a package in which it is packed. */
function npmThatHas(t: TestContext, version: string): { folder: string; fail: () => void } {
  const folder = dataDirFor(t);
  const library = fileURLToPath(new URL('..', import.meta.resolve('@pydantic/genai-prices')));
  execFileSync('npm', ['pack', library, '--ignore-scripts', '--silent'], { cwd: folder });
  mkdirSync(join(folder, 'bin'));
  const script = [
    '#!/bin/sh',
    `[ -e '${folder}/down' ] && { echo 'npm error network down' >&2; exit 1; }`,
    `if [ "$1" = view ]; then echo '{"version":"${version}","time":{"${version}":"${NEXT_DAY}T00:00:00Z"}}'; exit; fi`,
    `cp '${folder}'/*.tgz .`,
  ];
  writeFileSync(join(folder, 'bin', 'npm'), script.join('\n'));
  chmodSync(join(folder, 'bin', 'npm'), 0o755);
  return { folder: join(folder, 'bin'), fail: () => writeFileSync(join(folder, 'down'), '') };
}

test('a schedule takes a newer list into use by itself, and a failure stops nothing', async (t) => {
  const npm = npmThatHas(t, '9.9.9');
  const dataDir = dataDirFor(t);
  const stored = join(dataDir, 'price-list.json');
  const env = { PATH: `${npm.folder}:${process.env['PATH'] ?? ''}`, PRICES_REFRESH_HOURS: '24' };
  const looks = async (url: string) =>
    (await get(`${url}/metrics`)).text.match(/^streamlens_price_list_looks_total.*$/gm) ?? [];
  const stop = async (server: Awaited<ReturnType<typeof startServer>>) => {
    server.process.kill('SIGTERM');
    assert.equal((await server.exited).code, 0, server.output());
  };

  const server = await startServer(dataDir, env);
  t.after(() => server.process.kill('SIGKILL'));
  await until(async () => {
    assert.deepEqual(await looks(server.metrics), ['streamlens_price_list_looks_total{outcome="stored"} 1']);
    assert.match((await get(`${server.metrics}/metrics`)).text, new RegExp(`price_list_info.*date="${NEXT_DAY}"`));
  });
  await stop(server);

  // It restarts within the day, and does not ask again; a day later it does, and npm is down.
  npm.fail();
  const again = await startServer(dataDir, env);
  t.after(() => again.process.kill('SIGKILL'));
  assert.deepEqual(await looks(again.metrics), []);
  await stop(again);
  const old = statSync(stored).mtimeMs / 1000 - 2 * 86_400;
  utimesSync(stored, old, old);
  const later = await startServer(dataDir, env);
  t.after(() => later.process.kill('SIGKILL'));
  await until(async () =>
    assert.deepEqual(await looks(later.metrics), ['streamlens_price_list_looks_total{outcome="failed"} 1']),
  );
  assert.match(later.output(), /No newer price list: .*the list in use stays/);
  assert.equal((await get(`${later.ingestion}/ready`)).status, 200);
  await stop(later);
});
