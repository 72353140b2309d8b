import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** Memory, CPU, event loop of this process, and which release it runs. */
export function processMetrics(version: string): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'streamlens_build_info',
    help: 'The release that runs',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version, node: process.version }, 1);
  return registry;
}
