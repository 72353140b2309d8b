import { EventGenerator } from '../data/event-generator.ts';

/** The baseline's job: calls of 60 series over 30 minutes of event time, each with both halves. */
export function drainTraffic(calls: number): EventGenerator {
  const spanMs = 30 * 60_000;
  return new EventGenerator({
    seed: 42,
    calls,
    tenants: 5,
    routes: 4,
    models: 3,
    fromMs: Math.floor((Date.now() - 2 * spanMs) / 60_000) * 60_000,
    spanMs,
  });
}
