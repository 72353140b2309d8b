import { setTimeout as sleep } from 'node:timers/promises';
import { EventGenerator } from '../data/event-generator.ts';
import { assertEqual } from '../data/oracle.ts';
import { RunningUp } from '../setup/embedded.ts';
import { fillEmbedded } from '../setup/fill-embedded.ts';
import type { Program } from '../setup/program.ts';
import { CpuMeter } from './process-usage.ts';
import { type StoredMb, storedMb } from './stored-bytes.ts';

/** 210 series with a call in five minutes each: nearly every call has a minute row of its own. */
const SHAPE = { tenants: 7, routes: 6, models: 5 };
const CALLS_PER_DAY = SHAPE.tenants * SHAPE.routes * SHAPE.models * 288;
const DAY_MS = 86_400_000;
const READY_EVERY_MS = 250;

export interface SparseBackfill {
  readonly events: number;
  readonly cpuUsPerEvent: number;
  readonly eventsPerSecond: number;
  /** How often `/ready` was asked meanwhile, and how often it did not say so. */
  readonly readyAsked: number;
  readonly notReady: number;
  /** Of the days that were sent. */
  readonly stored: StoredMb;
}

/** Sends some days of history as fast as they are taken, until all of it is counted. All rows are compared. */
export async function measureSparseBackfill(program: Program, days: number): Promise<SparseBackfill> {
  const toMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const spanMs = days * DAY_MS;
  const calls = Math.round(CALLS_PER_DAY * days);
  const traffic = new EventGenerator({ seed: 22, calls, ...SHAPE, fromMs: toMs - spanMs, spanMs });
  const up = await RunningUp.start(program);
  let isStopped = false;
  try {
    const stop = new AbortController();
    const readiness = watchReadiness(up.metricsPort, stop.signal);
    const meter = new CpuMeter({ up: up.service.pid });
    await fillEmbedded(up, traffic);
    await up.untilReadable(SHAPE.tenants, traffic.oracle.total('completed'));
    const seconds = meter.elapsedSeconds();
    const cpu = meter.used().up;
    stop.abort();
    const events = traffic.oracle.total('requests') + traffic.oracle.total('completed');
    const { asked, refused } = await readiness;
    assertEqual('The backfill', traffic.oracle, await up.rows(traffic.oracle));
    await up.stop('SIGTERM', true);
    isStopped = true;
    return {
      events,
      cpuUsPerEvent: (cpu / events) * 1e6,
      eventsPerSecond: events / seconds,
      readyAsked: asked,
      notReady: refused,
      stored: storedMb(up.directory),
    };
  } finally {
    if (!isStopped) await up.stop('SIGTERM', true);
    up.deleteFiles();
  }
}

async function watchReadiness(port: number, signal: AbortSignal): Promise<{ asked: number; refused: number }> {
  const seen = { asked: 0, refused: 0 };
  while (!signal.aborted) {
    seen.asked++;
    const { ok } = await fetch(`http://127.0.0.1:${port}/ready`);
    if (!ok) seen.refused++;
    await sleep(READY_EVERY_MS);
  }
  return seen;
}
