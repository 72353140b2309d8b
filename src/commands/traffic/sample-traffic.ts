import { makeCall, makeTenants } from './make-call.ts';
import { SeededRandom } from './seeded-random.ts';
import type { TrafficEvent } from './traffic-event.ts';

export interface SampleTraffic {
  readonly calls: number;
  readonly tenants: number;
  /** Calls a second of event time. */
  readonly rate: number;
  readonly seed: number;
  /** Event time of the beginning, in ms since the epoch. */
  readonly originMs: number;
}

/**
 * The events of `calls` calls in the order of their time: each call begins at a random moment of its slot, so that
 * they last exactly `calls / rate` seconds, and its response follows after its latency.
 */
export function* sampleTraffic({ calls, tenants, rate, seed, originMs }: SampleTraffic): Generator<TrafficEvent> {
  const random = new SeededRandom(seed);
  const names = makeTenants(tenants);
  const open: TrafficEvent[] = [];
  for (let call = 0; call < calls; call++) {
    const atMs = ((call + random.next()) * 1000) / rate;
    while (open.length > 0 && (open.at(-1) as TrafficEvent).atMs <= atMs) yield open.pop() as TrafficEvent;
    const { request, response, latencyMs } = makeCall(random, originMs + atMs, names);
    yield { type: 'request', event: request, atMs, endsCall: response === null };
    if (response === null) continue;
    insert(open, { type: 'response', event: response, atMs: atMs + latencyMs, endsCall: true });
  }
  while (open.length > 0) yield open.pop() as TrafficEvent;
}

/** Keeps the soonest at the end, where taking it is cheap. */
function insert(open: TrafficEvent[], event: TrafficEvent): void {
  let low = 0;
  let high = open.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((open[middle] as TrafficEvent).atMs > event.atMs) low = middle + 1;
    else high = middle;
  }
  open.splice(low, 0, event);
}
