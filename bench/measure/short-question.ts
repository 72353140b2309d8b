import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { getRequest, HttpConnection } from '../load/http-connection.ts';
import { SteadyLoad } from '../load/steady-load.ts';
import type { RunningUp } from '../setup/embedded.ts';
import type { Measurement } from './contest.ts';
import { CpuMeter } from './process-usage.ts';

/** What an open page asks by default: the newest rows of a tenant. */
const DEFAULTS = getRequest('/v1/metrics?tenant_id=tenant-0');
const PAUSE_MS = 20;
const WARM_UP = 50;
/** Something is always counted meanwhile, so that no answer is one that was kept. */
const EVENTS_PER_SECOND = 500;

export interface ShortQuestions {
  readonly seconds: number;
  /** Long questions that are being answered all the time. */
  readonly longQuestions: number;
}

/** How long a short question waits, alone or beside long ones. @param up with a history */
export async function measureShortQuestions(up: RunningUp, questions: ShortQuestions): Promise<Measurement> {
  const { seconds, longQuestions } = questions;
  const stop = new AbortController();
  const load = new SteadyLoad({
    eventsPerSecond: EVENTS_PER_SECOND,
    eventsPerBatch: 50,
    seconds: seconds + 60,
    seed: longQuestions + Math.floor(Date.now() / 1000),
  });
  const loading = load.run(up.ingestionPort, stop.signal);
  const beside = new LongQuestions(up.metricsPort, longQuestions);
  const connection = await HttpConnection.open(up.metricsPort);
  try {
    for (let i = 0; i < WARM_UP; i++) await waitMs(connection);
    await beside.begun();
    const before = beside.answered;
    const meter = new CpuMeter({ up: up.service.pid });
    const waitsMs: number[] = [];
    while (meter.elapsedSeconds() < seconds) {
      waitsMs.push(await waitMs(connection));
      await sleep(PAUSE_MS);
    }
    const cpu = meter.used().up;
    waitsMs.sort((a, b) => a - b);
    const quantile = (q: number): number => waitsMs[Math.ceil(q * waitsMs.length) - 1] ?? Number.NaN;
    return {
      'p50 ms': quantile(0.5),
      'p99 ms': quantile(0.99),
      'highest ms': quantile(1),
      questions: waitsMs.length,
      'long questions': beside.answered - before,
      'CPU s': cpu,
      cores: cpu / meter.elapsedSeconds(),
    };
  } finally {
    stop.abort();
    connection.close();
    await Promise.all([beside.stop(), loading]);
  }
}

async function waitMs(connection: HttpConnection): Promise<number> {
  const askedMs = performance.now();
  const { status, body } = await connection.ask(DEFAULTS);
  if (status !== 200) throw new Error(`The question was answered ${status}: ${body.toString()}`);
  return performance.now() - askedMs;
}

/** Asks without a pause in a thread of its own, as reading megabytes would hold up who measures. */
class LongQuestions {
  readonly #worker: Worker | null;
  readonly #first = Promise.withResolvers<void>();
  answered = 0;

  constructor(port: number, askers: number) {
    if (askers === 0) {
      this.#worker = null;
      this.#first.resolve();
      return;
    }
    this.#worker = new Worker(new URL('../load/long-questions.ts', import.meta.url), { workerData: { port, askers } });
    this.#worker.on('message', () => {
      this.answered++;
      this.#first.resolve();
    });
    this.#worker.on('error', (error) => this.#first.reject(error));
  }

  /** Resolves with the first answer: the threads for long questions are there. */
  begun(): Promise<void> {
    return this.#first.promise;
  }

  async stop(): Promise<void> {
    await this.#worker?.terminate();
  }
}
