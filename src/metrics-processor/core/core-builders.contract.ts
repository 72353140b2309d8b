import type { LogRecord } from '../../event-log/event-log.ts';
import { INPUT_TOPICS, type InputTopic, TOPICS } from '../../events/topics.ts';
import { aPrice } from '../../prices/price-builders.contract.ts';
import { decodeCheckpoint } from './checkpoint/checkpoint.ts';
import { Recall } from './checkpoint/recall.ts';
import { type CoreOptions, ShardCore } from './shard-core.ts';

export const MINUTE = 60_000;
export const START = Date.UTC(2025, 10, 19, 10);

export const CORE_OPTIONS: CoreOptions = {
  partition: 0,
  shardCount: 1,
  joinTimeoutMs: 15 * MINUTE,
  dedupHorizonMs: 15 * MINUTE,
  traceHorizonMs: 5 * MINUTE,
  awakeReportsMax: 2,
  logTimeSlackMs: 0,
  pendingMax: 1_000_000,
  pendingBytesMax: 100_000_000,
  callsPerSecondMax: 1_000_000,
  fingerprintSeed: 7,
};

/** Every model costs the same. */
export const FLAT_PRICES = {
  priceOf: () => aPrice({ input: 3, cacheRead: 1, cacheWrite: 4, output: 5 }),
};

export type Unnumbered = Omit<LogRecord, 'offset'>;
export type Topics = Readonly<Record<InputTopic, readonly LogRecord[]>>;

export const minute = (minutes: number): string => new Date(START + minutes * MINUTE).toISOString();

export function aRequest(id: string, atMinute: number, more: object = {}): Unnumbered {
  const dims = { tenant_id: 'acme', route: 'chat', model: 'm' };
  return aRecord(id, atMinute, { ...dims, timestamp: minute(atMinute), prompt_tokens: 10, ...more });
}

export function aResponse(id: string, atMinute: number, more: object = {}): Unnumbered {
  return aRecord(id, atMinute, { timestamp: minute(atMinute), latency_ms: 500, completion_tokens: 20, ...more });
}

export function anEvaluation(id: string, atMinute: number, more: object = {}): Unnumbered {
  return aRecord(id, atMinute, { name: 'helpful', timestamp: minute(atMinute), passed: true, ...more });
}

/** A record that is no valid event under the key of an id. */
export function noEvent(id: string, atMinute: number): Unnumbered {
  return {
    loggedAtMs: START + atMinute * MINUTE,
    key: Buffer.from(id),
    value: Buffer.from('no event'),
    senderTenant: null,
  };
}

function aRecord(id: string, atMinute: number, event: object): Unnumbered {
  const value = Buffer.from(JSON.stringify({ request_id: id, ...event }));
  return { loggedAtMs: START + atMinute * MINUTE, key: Buffer.from(id), value, senderTenant: null };
}

export function topics(
  requests: readonly Unnumbered[],
  responses: readonly Unnumbered[] = [],
  evaluations: readonly Unnumbered[] = [],
  reports: readonly Unnumbered[] = [],
): Topics {
  const numbered = (records: readonly Unnumbered[]) => records.map((record, offset) => ({ ...record, offset }));
  return {
    [TOPICS.requests]: numbered(requests),
    [TOPICS.responses]: numbered(responses),
    [TOPICS.evaluations]: numbered(evaluations),
    [TOPICS.reports]: numbered(reports),
  };
}

/**
 * As a restart does it: recalls the checkpoint from the log, then replays up to where the crashed core had committed.
 */
export function restart(crashed: ShardCore, checkpoint: Uint8Array, log: Topics, options = CORE_OPTIONS): ShardCore {
  const core = new ShardCore(options);
  const recall = new Recall(core, decodeCheckpoint(checkpoint), options.dedupHorizonMs);
  for (const { topic, fromMs, fromOffsetMax, to } of recall.spans) {
    const first = log[topic].findIndex((record) => record.loggedAtMs >= fromMs);
    const from = Math.min(first === -1 ? to : first, fromOffsetMax);
    recall.recall(topic, log[topic].slice(from, to));
  }
  recall.finish();
  for (const topic of INPUT_TOPICS) {
    const committed = log[topic].slice(core.positions[topic], crashed.positions[topic]);
    if (committed.length > 0) core.replay(topic, committed);
  }
  return core;
}
