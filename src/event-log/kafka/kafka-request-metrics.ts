import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { protocolAPIsById } from '@platformatic/kafka';
import { DurationHistogram } from '../../exposition/duration-histogram.ts';
import type { MetricFamily, MetricSource } from '../../exposition/metric-family.ts';

/** The client tells each request on these, in the thread that sends it. */
const CHANNEL = 'tracing:plt:kafka:connections:api';

interface Told {
  readonly apiKey?: number;
}

/** Counts the requests that this thread sends to brokers. */
export class KafkaRequestMetrics implements MetricSource {
  readonly #startedMs = new WeakMap<object, number>();
  readonly #failures = new Map<string, number>();
  readonly #durations = new DurationHistogram({
    name: 'streamlens_kafka_request_duration_seconds',
    help: 'Time from a request to a Kafka broker to its answer, by API; a Fetch waits for records',
  });

  constructor() {
    subscribe(`${CHANNEL}:start`, this.#started);
    subscribe(`${CHANNEL}:asyncStart`, this.#answered);
    subscribe(`${CHANNEL}:error`, this.#failed);
  }

  families(): readonly MetricFamily[] {
    return [
      this.#durations.family(),
      {
        name: 'streamlens_kafka_request_failures_total',
        help: 'Requests to Kafka brokers that failed, by API',
        type: 'counter',
        series: Array.from(this.#failures, ([api, value]) => ({ labels: { api }, value })),
      },
    ];
  }

  close(): void {
    unsubscribe(`${CHANNEL}:start`, this.#started);
    unsubscribe(`${CHANNEL}:asyncStart`, this.#answered);
    unsubscribe(`${CHANNEL}:error`, this.#failed);
  }

  readonly #started = (told: unknown): void => {
    this.#startedMs.set(told as object, performance.now());
    // Each series begins with 0: else the first failure would be no increase.
    const api = apiOf(told as Told);
    if (!this.#failures.has(api)) this.#failures.set(api, 0);
  };

  readonly #answered = (told: unknown): void => {
    const startedMs = this.#startedMs.get(told as object);
    if (startedMs === undefined) return;
    const api = apiOf(told as Told);
    this.#durations.observe(api, { api }, (performance.now() - startedMs) / 1000);
  };

  readonly #failed = (told: unknown): void => {
    const api = apiOf(told as Told);
    this.#failures.set(api, (this.#failures.get(api) ?? 0) + 1);
  };
}

function apiOf({ apiKey = -1 }: Told): string {
  return protocolAPIsById[apiKey] ?? 'other';
}
