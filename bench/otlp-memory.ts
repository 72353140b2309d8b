import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from './data/seeded-random.ts';
import { postRequest } from './load/http-connection.ts';
import { sendAll } from './load/send-all.ts';
import { CpuMeter, memoryMbOf, peakMemoryMbOf } from './measure/process-usage.ts';
import { benchOptions } from './setup/bench-options.ts';
import { RunningUp } from './setup/embedded.ts';
import { nextSpanBodies } from './setup/model-spans.ts';

/**
 * What `up` takes while model spans come at one rate for longer than their traces stay open: 1,000 a second for 6
 * minutes, unless `OTLP_SPANS_PER_SECOND` and `OTLP_SECONDS` say otherwise. Each span is a trace of its own.
 */
const SPANS_PER_SECOND = Number(process.env['OTLP_SPANS_PER_SECOND'] ?? 1000);
const SECONDS = Number(process.env['OTLP_SECONDS'] ?? 360);
const BODIES_PER_SECOND = 10;
const TELL_EVERY_SECONDS = 30;
const TENANTS = 5;
/** Of so many response ids of random digits some are drawn twice: those are one call, as they would be anywhere. */
const SHARE_OF_CALLS = 0.999;

const random = new SeededRandom(1);
const { program } = await benchOptions();
const up = await RunningUp.start(program);
const meter = new CpuMeter({ up: up.service.pid });
const startMs = performance.now();
let sent = 0;
try {
  for (let body = 0; body < SECONDS * BODIES_PER_SECOND; body++) {
    const spansPerBody = Math.ceil(SPANS_PER_SECOND / BODIES_PER_SECOND);
    const { bodies } = nextSpanBodies({ random, bodies: 1, spansPerBody });
    await sleep(Math.max(0, startMs + (body * 1000) / BODIES_PER_SECOND - performance.now()));
    const requests = bodies.map((each) => postRequest('/v1/traces', 'application/x-protobuf', each));
    await sendAll(requests, { port: up.ingestionPort, connections: 1, status: 200 });
    sent += spansPerBody;
    if ((body + 1) % (TELL_EVERY_SECONDS * BODIES_PER_SECOND) === 0) tell();
  }
  await up.untilReadable(TENANTS, Math.floor(sent * SHARE_OF_CALLS));
  tell();
} finally {
  await up.stop();
}

function tell(): void {
  const [seconds, mb, peakMb] = [meter.elapsedSeconds(), memoryMbOf(up.service.pid), peakMemoryMbOf(up.service.pid)];
  const cpuUs = (meter.used().up / sent) * 1e6;
  console.log(
    `${seconds.toFixed(0)} s: ${sent} spans, resident ${mb.toFixed(0)} MB (at most ${peakMb.toFixed(0)}), ${cpuUs.toFixed(0)} µs of CPU a span`,
  );
}
