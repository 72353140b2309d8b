import { setting } from './setting.ts';
import * as is from './setting-kinds.ts';

const DAY_MS = 86_400_000;
const PROCESSING = ['up', 'metrics-processor'] as const;

/** How long the processor waits for what belongs together, and how much of it. */
export const JOIN_SETTINGS = {
  joinTimeoutMs: setting({
    env: 'JOIN_TIMEOUT',
    kind: is.duration(100, 7 * DAY_MS),
    fallback: '15m',
    commands: [...PROCESSING, 'dead-letters', 'delete'],
    about: 'how long the two halves of a call wait for each other, in log time',
  }),
  dedupHorizonMs: setting({
    env: 'DEDUP_HORIZON',
    kind: is.duration(100, 7 * DAY_MS),
    fallback: '15m',
    commands: [...PROCESSING, 'dead-letters', 'backfill', 'import'],
    about: 'within this time the same request_id sent again changes nothing',
  }),
  traceHorizonMs: setting({
    env: 'TRACE_HORIZON',
    kind: is.duration(100, 7 * DAY_MS),
    fallback: '5m',
    commands: PROCESSING,
    about: 'how long what was reported last of a trace can be corrected by what is reported next, in log time',
  }),
  pendingMax: setting({
    env: 'MAX_PENDING',
    kind: is.integer(1, 100_000_000),
    fallback: '2000000',
    commands: PROCESSING,
    about: 'records that may be pending per partition; beyond it the oldest is given up',
  }),
  pendingBytesMax: setting({
    env: 'MAX_PENDING_BYTES',
    kind: is.integer(65_536, 1_099_511_627_776),
    fallback: '268435456',
    commands: PROCESSING,
    about:
      'bytes of memory for responses that wait for their request, and as many for evaluations; beyond it the oldest are dead letters',
  }),
};
