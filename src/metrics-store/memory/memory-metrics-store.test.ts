import { metricsStoreContract } from '../metrics-store.contract.ts';
import { MemoryMetricsStore } from './memory-metrics-store.ts';

metricsStoreContract({ name: 'Memory', open: async (options) => new MemoryMetricsStore(options) });
