import { setting } from './setting.ts';
import * as is from './setting-kinds.ts';

const DAY_MS = 86_400_000;

/** How long and how much is kept. */
export const RETENTION_SETTINGS = {
  logRetentionMs: setting({
    env: 'LOG_RETENTION',
    kind: is.retention(3_600_000),
    fallback: '7d',
    commands: ['up'],
    about: 'how long the embedded log keeps events',
  }),
  logSizeMax: setting({
    env: 'LOG_SIZE_MAX',
    kind: is.limit(1_048_576, Number.MAX_SAFE_INTEGER),
    fallback: 'off',
    commands: ['up'],
    about: 'bytes of the embedded log beyond which its oldest events go, except what the processor still needs',
  }),
  metricsRetentionMs: setting({
    env: 'METRICS_RETENTION',
    kind: is.retention(DAY_MS),
    fallback: 'forever',
    commands: ['up', 'metrics-processor'],
    about: 'how long rows per minute are kept; hours are kept ten times, days a hundred times as long',
  }),
  callsRetentionMs: setting({
    env: 'CALLS_RETENTION',
    kind: is.retention(3_600_000),
    fallback: '30d',
    commands: ['up', 'metrics-processor'],
    about: 'how long single calls are kept',
  }),
  deadLettersRetentionMs: setting({
    env: 'DEAD_LETTERS_RETENTION',
    kind: is.retention(3_600_000),
    fallback: '30d',
    commands: ['up', 'metrics-processor'],
    about: 'how long dead letters are kept',
  }),
};
