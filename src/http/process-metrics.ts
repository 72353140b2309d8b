import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { MetricSource } from '../exposition/metric-family.ts';
import { registrySource } from '../exposition/registry-source.ts';

/** Memory, CPU, event loop of this process, and which release it runs. */
export function processMetrics(version: string): MetricSource {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  // Gauges that are named like counters, which promtool refuses; each is the sum of another one.
  for (const name of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${name}_total`);
  new Gauge({
    name: 'streamlens_build_info',
    help: 'The release that runs',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version, node: process.version }, 1);
  return registrySource(registry);
}
