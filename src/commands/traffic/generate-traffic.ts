import { randomInt } from 'node:crypto';
import { EventSender, type Target } from './event-sender.ts';
import { showProgress } from './progress.ts';
import { sampleTraffic } from './sample-traffic.ts';
import { sendAll } from './send-all.ts';
import { sendReport } from './send-report.ts';
import { LATENCY_MS_MAX } from './traffic-profile.ts';

export interface GenerateTraffic {
  readonly target: Target;
  readonly requests: number;
  /** Calls a second in real time; undefined: at once, dated over the time before now. */
  readonly rate: number | undefined;
  readonly tenants: number;
  readonly batch: number;
  readonly seed: number | undefined;
  readonly signal: AbortSignal;
}

/** The rate of what is dated before now. */
const PAST_RATE = 10;
const POSTS_MAX = 32;
const BATCH_POSTS_MAX = 4;

/** Makes up calls and sends them. Returns the report. @throws {SendError} when they cannot be sent */
export async function generateTraffic(options: GenerateTraffic): Promise<string> {
  const { target, requests: calls, tenants, batch, signal, seed = randomInt(2 ** 32) } = options;
  const { rate = PAST_RATE } = options;
  const isPaced = options.rate !== undefined;
  const originMs = Date.now() - (isPaced ? 0 : (calls * 1000) / rate + LATENCY_MS_MAX);
  const sender = new EventSender(target);
  const progress = showProgress(calls, 'calls');
  const startedMs = performance.now();
  let sent = 0;
  try {
    await sendAll(sampleTraffic({ calls, tenants, rate, seed, originMs }), sender, {
      batchMax: batch,
      postsMax: batch === 1 ? POSTS_MAX : BATCH_POSTS_MAX,
      isPaced,
      signal,
      onSent: (count) => {
        sent += count;
        progress.advance(count);
      },
    });
  } finally {
    progress.stop();
  }
  const report = sendReport(sender.counts, {
    calls: sent,
    tookMs: performance.now() - startedMs,
    baseUrl: target.baseUrl,
  });
  return `${report}seed      ${seed}\n`;
}
