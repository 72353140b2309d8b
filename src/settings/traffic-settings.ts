import { setting } from './setting.ts';
import * as is from './setting-kinds.ts';

const BOTH = ['generate-traffic', 'replay-trace'] as const;

/**
 * Settings of the commands that send events. Their flags are shorter than their variables, which all programs share.
 */
export const TRAFFIC_SETTINGS = {
  requests: setting({
    env: 'NUM_REQUESTS',
    flag: '--requests',
    kind: is.integer(1, 100_000_000),
    fallback: '20',
    commands: ['generate-traffic'],
    about: 'how many calls to make up',
  }),
  trafficRate: setting({
    env: 'TRAFFIC_RATE',
    flag: '--rate',
    kind: is.decimal(0.01, 100_000),
    commands: ['generate-traffic'],
    about: 'calls a second, as they happen; without it all are sent at once, dated over the time before now',
  }),
  trafficTenants: setting({
    env: 'TRAFFIC_TENANTS',
    flag: '--tenants',
    kind: is.integer(1, 10_000),
    fallback: '3',
    commands: ['generate-traffic'],
    about: 'how many tenants send them: tenant-1, tenant-2, …',
  }),
  trafficBatch: setting({
    env: 'TRAFFIC_BATCH',
    flag: '--batch',
    kind: is.integer(1, 10_000),
    fallback: { 'generate-traffic': '1', 'replay-trace': '1000' },
    commands: BOTH,
    about: 'events in one post; 1 posts every event by itself',
  }),
  trafficSeed: setting({
    env: 'TRAFFIC_SEED',
    flag: '--seed',
    kind: is.integer(0, 4_294_967_295),
    commands: ['generate-traffic'],
    about: 'the same seed makes up the same calls with the same ids; random where absent',
  }),
  traceTenant: setting({
    env: 'TRACE_TENANT',
    flag: '--tenant',
    kind: is.text,
    fallback: 'azure',
    commands: ['replay-trace'],
    about: 'tenant of the replayed calls',
  }),
  traceRoute: setting({
    env: 'TRACE_ROUTE',
    flag: '--route',
    kind: is.text,
    commands: ['replay-trace'],
    about: 'route of the replayed calls; without it conv or code where the name of the file says so, else its name',
  }),
  traceModel: setting({
    env: 'TRACE_MODEL',
    flag: '--model',
    kind: is.text,
    fallback: 'gpt-4.1-mini',
    commands: ['replay-trace'],
    about: 'model of the replayed calls, which the trace does not name',
  }),
};
