import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { Logger } from '../../http/logger.ts';
import { atMost } from '../../tracing/at-most.ts';
import { OWN_EXPORT_HEADER } from '../../tracing/tracing.ts';
import type { LlmReading } from '../prometheus/llm-metrics.ts';
import { llmMetricData } from './llm-metric-data.ts';

export interface OtlpPushOptions {
  readonly url: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly intervalMs: number;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** What is pushed; null where nothing could be read yet. */
  readonly read: () => Promise<LlmReading | null>;
}

/** A process has 10 s to stop, most of them for its last commits. */
const LAST_PUSH_MS_MAX = 2000;

/**
 * Pushes metrics of models' calls again and again. What fails is told once and made up for by the next push, as each
 * tells totals.
 */
export class OtlpPush {
  readonly #options: OtlpPushOptions;
  readonly #exporter: OTLPMetricExporter;
  readonly #timer: NodeJS.Timeout;
  #pushing: Promise<void> | null = null;
  #isFailing = false;

  constructor(options: OtlpPushOptions) {
    this.#options = options;
    this.#exporter = new OTLPMetricExporter({ url: options.url, headers: { [OWN_EXPORT_HEADER]: 'metrics' } });
    this.#timer = setInterval(() => void this.#push(), options.intervalMs);
  }

  /** Ends with a last push, if that takes no time. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const last = async () => {
      await this.#pushing;
      await this.#push();
      await this.#exporter.shutdown();
    };
    await atMost(LAST_PUSH_MS_MAX, last());
  }

  #push(): Promise<void> {
    this.#pushing ??= this.#pushOnce()
      .then(
        () => this.#tell(null),
        (error: unknown) => this.#tell(error as Error),
      )
      .finally(() => {
        this.#pushing = null;
      });
    return this.#pushing;
  }

  async #pushOnce(): Promise<void> {
    const reading = await this.#options.read();
    if (reading === null || reading.totals.length === 0) return;
    const resourceMetrics = {
      resource: resourceFromAttributes(this.#options.attributes),
      scopeMetrics: [{ scope: { name: 'streamlens' }, metrics: llmMetricData(reading) }],
    };
    await new Promise<void>((resolve, reject) => {
      // Each failure comes with its error.
      this.#exporter.export(resourceMetrics, ({ error }) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  }

  #tell(error: Error | null): void {
    if (error !== null && !this.#isFailing) {
      this.#options.logger.warn({ reason: error.message }, 'Metrics cannot be pushed by OTLP; the next push tells all');
    }
    if (error === null && this.#isFailing) this.#options.logger.info('Metrics are pushed by OTLP again');
    this.#isFailing = error !== null;
  }
}
