/**
 * Whether a tenant that sends twenty times its limit makes another one wait: the quiet one's latencies without and with
 * the noise, on one running `streamlens up`.
 *
 *     node bench/noisy-tenant.ts [seconds]
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../scripts/services/free-ports.ts';

const PROGRAM = fileURLToPath(new URL('../bin/streamlens.js', import.meta.url));
const LIMIT = 1000;
const TIMES_OVER = 20;
const BATCH = 100;
const QUIET_EVERY_MS = 20;

const seconds = Number(process.argv[2] ?? 10);
const dataDir = mkdtempSync(join(tmpdir(), 'streamlens-noisy-'));
const [ingestionPort = 0, metricsPort = 0] = await freePorts(2);
const keyOf = (tenant: string): string =>
  execFileSync(process.execPath, [PROGRAM, 'keys', 'create', '--tenant', tenant, '--data-dir', dataDir], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
const [quietKey, noisyKey] = [keyOf('quiet'), keyOf('noisy')];
const server = spawn(process.execPath, [PROGRAM, 'up', '--data-dir', dataDir], {
  env: {
    PATH: process.env['PATH'] ?? '',
    API_KEYS: 'required',
    HOST: '127.0.0.1',
    TENANT_RATE_LIMIT: String(LIMIT),
    OTLP_GRPC_PORT: '0',
    LOG_LEVEL: 'warn',
    INGESTION_PORT: String(ingestionPort),
    METRICS_PORT: String(metricsPort),
  },
  stdio: 'ignore',
});

let ids = 0;
async function send(key: string, tenant: string, events: number): Promise<{ status: number; ms: number }> {
  const timestamp = new Date().toISOString();
  const body = JSON.stringify(
    Array.from({ length: events }, () => ({
      type: 'request',
      request_id: `${tenant}-${ids++}`,
      tenant_id: tenant,
      route: 'chat',
      model: 'gpt-4.1-mini',
      timestamp,
    })),
  );
  const headers = { 'content-type': 'application/json', 'x-api-key': key };
  const startMs = performance.now();
  const response = await fetch(`http://127.0.0.1:${ingestionPort}/v1/llm/events`, { method: 'POST', body, headers });
  await response.text();
  return { status: response.status, ms: performance.now() - startMs };
}

/** Sends one event every 20 ms, and tells how long each took. */
async function quietly(): Promise<{ readonly ms: readonly number[]; readonly refused: number }> {
  const answers: Promise<{ status: number; ms: number }>[] = [];
  const endMs = performance.now() + seconds * 1000;
  while (performance.now() < endMs) {
    answers.push(send(quietKey, 'quiet', 1));
    await sleep(QUIET_EVERY_MS);
  }
  const all = await Promise.all(answers);
  return { ms: all.map(({ ms }) => ms), refused: all.filter(({ status }) => status !== 202).length };
}

/** As many batches as make twenty times the limit, whatever is answered. */
async function noisily(signal: AbortSignal): Promise<{ taken: number; refused: number }> {
  const count = { taken: 0, refused: 0 };
  const everyMs = (1000 * BATCH) / (LIMIT * TIMES_OVER);
  const under = new Set<Promise<void>>();
  const sendBatch = async (): Promise<void> => {
    const { status } = await send(noisyKey, 'noisy', BATCH);
    count[status === 202 ? 'taken' : 'refused']++;
  };
  for (let nextMs = performance.now(); !signal.aborted; nextMs += everyMs) {
    const one = sendBatch().finally(() => under.delete(one));
    under.add(one);
    await sleep(Math.max(0, nextMs - performance.now()));
  }
  await Promise.all(under);
  return count;
}

function quantile(ms: readonly number[], q: number): string {
  const sorted = ms.toSorted((a, b) => a - b);
  return `${(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0).toFixed(1)} ms`;
}

try {
  const readyBy = performance.now() + 60_000;
  for (;;) {
    const isReady = await fetch(`http://127.0.0.1:${metricsPort}/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) break;
    if (performance.now() > readyBy) throw new Error('the server is not ready after a minute');
    await sleep(50);
  }
  await quietly();
  const alone = await quietly();
  const stop = new AbortController();
  const noise = noisily(stop.signal);
  const beside = await quietly();
  stop.abort();
  const { taken, refused } = await noise;
  const line = (name: string, { ms, refused: lost }: typeof alone): string =>
    `${name.padEnd(14)} p50 ${quantile(ms, 0.5)}, p99 ${quantile(ms, 0.99)} of ${ms.length}; refused ${lost}\n`;
  process.stdout.write(line('quiet, alone', alone) + line('quiet, beside', beside));
  process.stdout.write(
    `noisy          ${taken} batches of ${BATCH} taken, ${refused} refused by 429 in ${seconds} s\n`,
  );
} finally {
  server.kill('SIGKILL');
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
}
