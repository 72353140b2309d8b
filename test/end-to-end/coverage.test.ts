import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually, getJson, post } from './http-calls.ts';
import { dataDirFor, type Server, serverFor } from './running-server.ts';

const AGENTS = fileURLToPath(new URL('../fixtures/agents', import.meta.url));
const JSON_TYPE = { 'content-type': 'application/json' };
const FROM_MS = Date.UTC(2025, 10, 19, 9, 30);
const MINUTE_MS = 60_000;

interface Witness {
  readonly prompt_tokens: number | null;
  readonly completion_tokens: number | null;
  readonly cached_prompt_tokens: number | null;
  readonly calls?: number;
}

interface Total {
  readonly sender: string;
  readonly calls: Witness | null;
  readonly metered: Witness | null;
  readonly metered_only: boolean;
  readonly seen_share: number | null;
}

interface Coverage {
  readonly totals: readonly Total[];
  readonly coverage: readonly (Total & { readonly session_id: string | null; readonly hour: string })[];
  readonly next_cursor?: string;
}

interface Export {
  readonly path: string;
  readonly body: string;
}

const captured: readonly Export[] = readdirSync(AGENTS, { recursive: true, encoding: 'utf8' })
  .filter((file) => /-(traces|logs|metrics)\.json$/.test(file))
  .map((file) => {
    const signal = /-(traces|logs|metrics)\.json$/.exec(file)?.[1] ?? '';
    return { path: `/v1/${signal}`, body: readFileSync(join(AGENTS, file), 'utf8') };
  });

test('what coding agents used by their metrics is what was seen of them as calls, whatever comes first or twice', async (t) => {
  for (const order of ['as exported', 'reversed'] as const) {
    const server = await serverFor(t);
    const sent = order === 'reversed' ? captured.toReversed() : captured;
    for (const each of [...sent, ...sent]) assert.equal(await statusOf(server, each), 200);
    const { totals } = await coverageUntil(server, ({ totals: found }) => found.filter(isSeen).length === 4);
    for (const { sender, calls, metered, seen_share: share } of totals) {
      assert.ok(calls !== null && metered !== null && share === 1, sender);
      for (const field of ['prompt_tokens', 'completion_tokens', 'cached_prompt_tokens'] as const) {
        assert.equal(metered[field], calls[field], `${field} of ${sender}`);
      }
    }
    assert.deepEqual(
      totals.map(({ sender }) => sender),
      ['claude-code', 'codex', 'gemini-cli', 'qwen-code'],
    );
  }
});

test('a sender of metrics only is metered usage, which is in no sum of calls', async (t) => {
  const server = await serverFor(t);
  const sender = new MeteredSender('only-metrics');
  assert.equal(await statusOf(server, sender.exportAt(FROM_MS)), 200);
  const { body } = new MeteredSender('only-metrics').exportAt(FROM_MS);
  const explained = await post(`${server.ingestion}/v1/otlp/explain`, body, JSON_TYPE);
  const { metrics } = JSON.parse(explained.text) as { metrics: { outcome: string }[] };
  assert.deepEqual(
    metrics.map(({ outcome }) => outcome),
    ['kept', 'kept'],
  );
  const { totals, coverage } = await coverageUntil(server, ({ totals: found }) => found.length === 1);
  assert.deepEqual([totals[0]?.calls, totals[0]?.metered_only, totals[0]?.seen_share], [null, true, 0]);
  assert.deepEqual([coverage[0]?.metered_only, coverage[0]?.session_id], [true, null]);
  assert.equal(totals[0]?.metered?.prompt_tokens, sender.promptTokens);
  const summary = await getJson<{ summary: unknown[] }>(`${server.metrics}/v1/metrics/summary`);
  assert.deepEqual(summary.summary, []);
  const { totals: audit } = await getJson<{ totals: Record<string, unknown> }>(`${server.metrics}/v1/audit`);
  assert.equal(audit['metric_points'], 2);
});

test('metrics count once over kills of the server, restarts of the sender and exports that are sent again', async (t) => {
  const dataDir = dataDirFor(t);
  let server = await started(t, dataDir);
  const sender = new MeteredSender('worker');
  const sent: Export[] = [];
  for (let minute = 0; minute < 60; minute++) {
    if (minute % 20 === 13) sender.restart(FROM_MS + minute * MINUTE_MS);
    const each = sender.exportAt(FROM_MS + (minute + 1) * MINUTE_MS);
    sent.push(each);
    if (minute % 15 === 7) {
      // Nobody knows whether the server had it when it was killed.
      const answer = statusOf(server, each).catch(() => null);
      server.process.kill('SIGKILL');
      await answer;
      await server.exited;
      server = await started(t, dataDir);
    }
    assert.equal(await statusOf(server, each), 200);
    if (minute % 4 === 0) assert.equal(await statusOf(server, sent[minute >> 1] ?? each), 200);
  }
  const isWhole = ({ totals: [total] }: Coverage) =>
    total?.metered?.prompt_tokens === sender.promptTokens &&
    total.metered.completion_tokens === sender.completionTokens;
  await coverageUntil(server, isWhole);
  for (const each of sent.toReversed()) assert.equal(await statusOf(server, each), 200);
  const points = 2 * sent.length;
  await eventually('the repetitions are in the books', async () => {
    const { totals } = await getJson<{ totals: { metric_points: number } }>(`${server.metrics}/v1/audit`);
    return totals.metric_points >= 2 * points || undefined;
  });
  const { coverage } = await coverageUntil(server, isWhole);
  // By the hour in which it was measured, a page at a time.
  const hours = new Map(coverage.map(({ hour, metered }) => [hour, metered?.prompt_tokens]));
  assert.deepEqual([...hours.keys()], ['2025-11-19T10:00:00Z', '2025-11-19T09:00:00Z']);
  assert.deepEqual(
    [...hours.values()],
    [sender.promptTokens - sender.promptTokensBefore10, sender.promptTokensBefore10],
  );
  const first = await getJson<Coverage>(`${server.metrics}/v1/coverage?limit=1`);
  const second = await getJson<Coverage>(`${server.metrics}/v1/coverage?limit=1&cursor=${first.next_cursor}`);
  assert.deepEqual([...first.coverage, ...second.coverage], coverage);
});

/** A service with a cumulative histogram of the prompt, and a delta sum of the completion. */
class MeteredSender {
  promptTokens = 0;
  promptTokensBefore10 = 0;
  completionTokens = 0;
  readonly #service: string;
  #startMs = FROM_MS - MINUTE_MS;
  #total = 0;
  #lastMs = FROM_MS - MINUTE_MS;

  constructor(service: string) {
    this.#service = service;
  }

  restart(atMs: number): void {
    this.#total = 0;
    this.#startMs = atMs - MINUTE_MS / 2;
    this.#lastMs = this.#startMs;
  }

  exportAt(atMs: number): Export {
    const [prompt, completion] = [100 + (atMs % 7), 10 + (atMs % 11)];
    this.#total += prompt;
    this.promptTokens += prompt;
    if (atMs < Date.UTC(2025, 10, 19, 10)) this.promptTokensBefore10 += prompt;
    this.completionTokens += completion;
    const histogram = {
      aggregationTemporality: 2,
      dataPoints: [point('input', this.#startMs, atMs, { sum: this.#total })],
    };
    const sum = { aggregationTemporality: 1, dataPoints: [point('output', this.#lastMs, atMs, { asInt: completion })] };
    this.#lastMs = atMs;
    const name = 'gen_ai.client.token.usage';
    const scopeMetrics = [
      {
        scope: { name: 'scope' },
        metrics: [
          { name, histogram },
          { name, sum },
        ],
      },
    ];
    const resource = { attributes: [{ key: 'service.name', value: { stringValue: this.#service } }] };
    return { path: '/v1/metrics', body: JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics }] }) };
  }
}

function point(type: string, startMs: number, atMs: number, value: object) {
  const attributes = [{ key: 'gen_ai.token.type', value: { stringValue: type } }];
  return { attributes, startTimeUnixNano: `${startMs}000000`, timeUnixNano: `${atMs}000000`, ...value };
}

const isSeen = ({ calls, metered }: Total): boolean => calls !== null && metered !== null;

async function statusOf(server: Server, { path, body }: Export): Promise<number> {
  return (await post(`${server.ingestion}${path}`, body, JSON_TYPE)).status;
}

function coverageUntil(server: Server, holds: (answer: Coverage) => boolean): Promise<Coverage> {
  return eventually('the coverage', async () => {
    const answer = await getJson<Coverage>(`${server.metrics}/v1/coverage`);
    return holds(answer) ? answer : undefined;
  });
}

async function started(t: TestContext, dataDir: string): Promise<Server> {
  const server = await serverFor(t, {}, { dataDir });
  return server;
}
