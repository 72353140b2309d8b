import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/**
 * How long `streamlens up` takes until both APIs are ready, from the start of the process on an empty directory, and
 * what it then holds of memory while idle: `node bench/start-and-memory.ts [runs]`, after `npm run build`.
 */
const PROGRAM = process.env['STREAMLENS_PROGRAM'] ?? fileURLToPath(new URL('../bin/streamlens.js', import.meta.url));
const RUNS = Number(process.argv[2] ?? 7);
const IDLE_MS = 5000;
const READY_MS_MAX = 30_000;

interface Run {
  readonly readyMs: number;
  readonly residentMb: number;
}

async function run(): Promise<Run> {
  const dataDir = mkdtempSync(join(tmpdir(), 'streamlens-bench-'));
  const startedMs = performance.now();
  const child = spawn(
    process.execPath,
    [PROGRAM, 'up', '--data-dir', dataDir, '--ingestion-port', '0', '--metrics-port', '0'],
    { env: { PATH: process.env['PATH'] ?? '', HOST: '127.0.0.1', LOG_LEVEL: 'warn', OTLP_GRPC_PORT: '0' } },
  );
  try {
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const urls = () =>
      [...output.matchAll(/API\s+http:\/\/localhost:(\d+)/g)].map(([, port]) => `http://127.0.0.1:${port}`);
    while (urls().length < 2 || !(await areReady(urls()))) {
      if (performance.now() - startedMs > READY_MS_MAX) throw new Error(`Not ready:\n${output}`);
      await sleep(5);
    }
    const readyMs = performance.now() - startedMs;
    await sleep(IDLE_MS);
    return { readyMs, residentMb: residentMb(child.pid ?? 0) };
  } finally {
    child.kill('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function areReady(urls: readonly string[]): Promise<boolean> {
  const answers = await Promise.all(urls.map((url) => fetch(`${url}/ready`).catch(() => null)));
  return answers.every((answer) => answer?.ok === true);
}

function residentMb(pid: number): number {
  if (process.platform === 'linux') {
    const [, kb = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kb) / 1024;
  }
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024;
}

function spread(values: readonly number[], unit: string): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
  return `median ${at(0.5)} ${unit}, least ${at(0)}, most ${at(1)}`;
}

const runs: Run[] = [];
for (let i = 0; i < RUNS; i++) runs.push(await run());
console.log(`${RUNS} runs on Node ${process.version}`);
console.log(
  `ready after    ${spread(
    runs.map(({ readyMs }) => readyMs),
    'ms',
  )}`,
);
console.log(
  `resident, idle ${spread(
    runs.map(({ residentMb: mb }) => mb),
    'MB',
  )}`,
);
