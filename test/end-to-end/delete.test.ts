import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Audit, auditOf, getJson, post } from './http-calls.ts';
import { rowsOf, settledRows } from './load-oracle.ts';
import { type LoadItem, MixedLoad } from './mixed-load.ts';
import { dataDirFor, outputOf, runCommand, type Server, startServer } from './running-server.ts';

const NDJSON = { 'content-type': 'application/x-ndjson' };
/** With letters that JSON escapes, and others that take two bytes. */
const GONE = 'Ünïcode & "quotes"';

async function send(server: Server, items: readonly { readonly line: string }[]): Promise<void> {
  for (let at = 0; at < items.length; at += 500) {
    const body = items.slice(at, at + 500).map(({ line }) => line);
    assert.equal((await post(`${server.ingestion}/v1/llm/events`, body.join('\n'), NDJSON)).status, 202);
  }
}

/** Without the calls of the tenant: what those make whose requests are not among them is nobody's. */
function withoutGone(items: readonly LoadItem[]): LoadItem[] {
  const ids = new Set(
    items.flatMap((item) => (item.type === 'request' && item.event.tenant_id === GONE ? [item.event.request_id] : [])),
  );
  return items.filter((item) => item.type === 'malformed' || !ids.has(item.event.request_id));
}

async function tenantsOf(server: Server): Promise<unknown[]> {
  const { tenants } = await getJson<{ tenants: { value: string }[] }>(`${server.metrics}/v1/dimensions`);
  return tenants.map(({ value }) => value).toSorted();
}

/** Files in which the bytes are. */
function filesWith(dataDir: string, text: string): string[] {
  return readdirSync(dataDir).filter((name) => readFileSync(join(dataDir, name)).includes(text));
}

async function stop(server: Server): Promise<void> {
  server.process.kill('SIGTERM');
  await server.exited;
}

test('a deleted tenant is gone under load, after a restart, from a store that is built anew, and from the bytes', async (t) => {
  const seed = randomInt(2 ** 31);
  t.diagnostic(`seed ${seed}`);
  const dataDir = dataDirFor(t);
  let server = await startServer(dataDir);
  t.after(() => server.process.kill('SIGKILL'));
  const load = new MixedLoad(seed);
  const first = load.next(1500);
  await send(server, first);
  await settledRows(server.metrics, first);

  const shown = await outputOf(['delete', '--tenant', GONE, '--data-dir', dataDir, '--dry-run']);
  assert.match(shown, /where +would be deleted\nrows of +metrics_1m +\d+\n/);
  assert.match(shown, /events in +llm\.requests +\d+\n/);
  // A dry run changes nothing.
  await settledRows(server.metrics, first);

  const meanwhile: LoadItem[] = [];
  const deleted = new AbortController();
  const sending = (async () => {
    while (!deleted.signal.aborted) {
      const items = withoutGone(load.next(50));
      await send(server, items);
      meanwhile.push(...items);
    }
  })();
  const deleting = await outputOf(['delete', '--tenant', GONE, '--data-dir', dataDir]);
  deleted.abort();
  await sending;
  assert.match(deleting, /rows of +calls +\d+\n/);
  const rest = [...withoutGone(first), ...meanwhile];
  await settledRows(server.metrics, rest);
  assert.deepEqual(await tenantsOf(server), ['acme', 'globex']);
  assert.equal((await getJson<Audit>(`${server.metrics}/v1/audit`)).balanced, true);
  assert.match(
    await outputOf(['delete', '--tenant', GONE, '--data-dir', dataDir, '--dry-run']),
    /Nothing is stored of it/,
  );

  await stop(server);
  assert.deepEqual(filesWith(dataDir, 'Ünïcode'), []);
  server = await startServer(dataDir);
  await settledRows(server.metrics, rest);
  const later = withoutGone(load.next(200));
  await send(server, later);
  await settledRows(server.metrics, [...rest, ...later]);

  await stop(server);
  for (const name of readdirSync(dataDir)) if (name.startsWith('metrics.sqlite')) rmSync(join(dataDir, name));
  server = await startServer(dataDir);
  await settledRows(server.metrics, [...rest, ...later]);
  assert.deepEqual(await tenantsOf(server), ['acme', 'globex']);
});

test("a deleted user's calls are gone, and every sum stays", async (t) => {
  const dataDir = dataDirFor(t);
  const names = ['user', 'session', 'metadata.mail', 'metadata.plan'];
  const server = await startServer(dataDir, { METRIC_DIMENSIONS: names.join() });
  t.after(() => server.process.kill('SIGKILL'));
  const at = { timestamp: '2026-01-10T12:00:00Z' };
  const call = (id: string, user: string): { line: string }[] => {
    const whose = { tenant_id: 'acme', route: 'chat', model: 'gpt-4.1-mini', user_id_hash: user };
    const extra = { session_id: `session-of-${user}`, metadata: { plan: 'pro', mail: `${user}@example.com` } };
    const request = { type: 'request', request_id: id, ...whose, ...extra, prompt_tokens: 5, ...at };
    const response = { type: 'response', request_id: id, completion_tokens: 7, ...at };
    return [request, response].map((event) => ({ line: JSON.stringify(event) }));
  };
  await send(server, [...call('3', 'u-stays'), ...call('1', 'u-gone'), ...call('2', 'u-gone')]);
  // Its answer comes after the deletion: it finds its request, which is nobody's then.
  const [open, answer] = call('4', 'u-gone');
  assert.ok(open && answer);
  await send(server, [open]);
  await auditOf(server.metrics, { requests: 4, responses: 3 });
  const output = await outputOf(['delete', '--user', 'u-gone', '--data-dir', dataDir]);
  assert.match(output, /rows of +calls +3\n/);
  assert.match(output, /events in +llm\.requests +3\n/);
  await send(server, [answer]);
  await auditOf(server.metrics, { requests: 4, responses: 4 });
  type Calls = { calls: { request_id: string; user_id_hash: string | null; metadata: unknown }[] };
  const { calls } = await getJson<Calls>(`${server.metrics}/v1/calls?tenant_id=acme`);
  const kept = calls.map(({ request_id: id, user_id_hash: user }) => [id, user]);
  assert.deepEqual(
    kept.filter(([, user]) => user !== null),
    [['3', 'u-stays']],
  );
  const rows = await rowsOf(server.metrics);
  const [row] = Object.values(rows);
  assert.deepEqual([row?.requests, row?.completed, row?.prompt_tokens, row?.completion_tokens], [4, 4, 20, 28]);
  // What takes the place of a value that is gone does not take over its sums.
  await send(server, call('5', 'u-new'));
  await auditOf(server.metrics, { requests: 5, responses: 5 });
  for (const name of names) {
    const url = `${server.metrics}/v1/metrics/summary?tenant_id=acme&from=2026-01-10T00:00:00Z&group_by=${name}`;
    const { summary } = await getJson<{ summary: Record<string, unknown>[] }>(url);
    const values: Readonly<Record<string, readonly [string, string]>> = {
      user: ['u-stays', 'u-new'],
      session: ['session-of-u-stays', 'session-of-u-new'],
      'metadata.mail': ['u-stays@example.com', 'u-new@example.com'],
    };
    const apart = { __none__: 3, ...Object.fromEntries((values[name] ?? []).map((value) => [value, 1])) };
    // Others have that plan too. The late answer finds a request without metadata.
    const shared = { __none__: 0, pro: 5 };
    const found = Object.fromEntries(summary.map((sums) => [sums[name], sums['requests']]));
    assert.deepEqual(found, name === 'metadata.plan' ? shared : apart, name);
  }
  await stop(server);
  assert.deepEqual(filesWith(dataDir, 'u-gone'), []);
});

test('what is no subject is wrong usage', async (t) => {
  const dataDir = dataDirFor(t);
  const cases = [
    ['delete', '--data-dir', dataDir],
    ['delete', '--tenant', 'a', '--user', 'b', '--data-dir', dataDir],
    ['delete', '--tenant', '', '--data-dir', dataDir],
    ['delete', '--tenant', 'a', '--data-dir', dataDir],
  ];
  const codes = await Promise.all(cases.map((args) => runCommand(args).exited));
  assert.deepEqual(
    codes.map(({ code }) => code),
    [2, 2, 2, 2],
  );
});
