import { MemoryBroker } from '../event-log/memory/memory-broker.ts';
import { MemoryEventLog } from '../event-log/memory/memory-event-log.ts';
import type { Commit, CommitOutcome } from '../metrics-store/commit.ts';
import { MemoryMetricsStore } from '../metrics-store/memory/memory-metrics-store.ts';
import { StorageError } from '../storage/storage-error.ts';
import { CORE_OPTIONS, FLAT_PRICES } from './core/core-builders.contract.ts';
import { Processor, type ProcessorOptions, type ProcessorPorts } from './processor.ts';
import type { ProcessorEvents } from './processor-events.ts';
import type { Runtime } from './runtime.ts';

/** A store that can be away for some commits: the groups they are in are not applied and fail as unavailable. */
export class StoreWithOutages extends MemoryMetricsStore {
  isAwayFor: (commit: Commit) => boolean = () => false;
  attempts = 0;
  /** Those that were applied, at least in part. */
  readonly groups: (readonly Commit[])[] = [];

  override async commit(commits: readonly Commit[]): Promise<readonly CommitOutcome[]> {
    if (isAgreement(commits)) return super.commit(commits);
    this.attempts++;
    if (commits.some((commit) => this.isAwayFor(commit))) {
      throw new StorageError('unavailable', 'The store is away');
    }
    this.groups.push(commits);
    return super.commit(commits);
  }
}

/** Whether it is what the first processor of a store writes before it reads, see `agreeOnShards`. */
export function isAgreement(commits: readonly Commit[]): boolean {
  return commits.every(({ expectedSeq, completeThroughMs, audits }) => {
    return expectedSeq === 0 && completeThroughMs === 0 && audits.length === 0;
  });
}

/** A clock that goes on by itself and can be set; sleeping lets a few turns of the event loop pass. */
export class FastRuntime implements Runtime {
  clockMs = 1_000_000;
  #tokens = 0;

  nowMs(): number {
    return this.clockMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return;
    this.clockMs += ms;
    await turns(2);
  }

  newToken(): string {
    return `token-${this.#tokens++}`;
  }
}

export const SILENT_EVENTS: ProcessorEvents = {
  recovered() {},
  folded() {},
  committed() {},
  groupCommitted() {},
  fenced() {},
  retrying() {},
  revoked() {},
  fellowEnded() {},
  published() {},
};

export interface Bench {
  readonly broker: MemoryBroker;
  readonly store: StoreWithOutages;
  readonly runtime: FastRuntime;
  readonly processor: (ports?: Partial<ProcessorPorts>, options?: Partial<ProcessorOptions>) => Processor;
  readonly send: (topic: 'llm.requests' | 'llm.responses', id: string) => Promise<void>;
}

export function aBench({ partitionCount = 1 } = {}): Bench {
  const runtime = new FastRuntime();
  const wait = (ms: number, signal: AbortSignal) => runtime.sleep(Math.min(ms, 10), signal);
  const broker = new MemoryBroker({ partitionCount, nowMs: () => runtime.clockMs, wait });
  const store = new StoreWithOutages();
  const log = new MemoryEventLog(broker);
  return {
    broker,
    store,
    runtime,
    processor: (ports = {}, options = {}) => {
      const all = { log, store, runtime, events: SILENT_EVENTS, prices: () => FLAT_PRICES, ...ports };
      return new Processor({ ...CORE_OPTIONS, commitIntervalMs: 20, pollBytesMax: 100_000, ...options }, all);
    },
    send: async (topic, id) => {
      const dims = { tenant_id: 'acme', route: 'chat', model: 'm' };
      const event = { request_id: id, ...dims, timestamp: '2025-11-19T10:00:00Z' };
      await log.append([{ topic, key: id, value: Buffer.from(JSON.stringify(event)) }]);
    },
  };
}

/** Lets `count` turns of the event loop pass. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => void setImmediate(resolve));
}

/** Waits until something is so, at most some thousand turns of the event loop. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 5000; i++) {
    if (await isSo()) return;
    await turns(1);
  }
  throw new Error(`It never came to pass: ${what}`);
}

export async function countedRequests(store: MemoryMetricsStore): Promise<number> {
  const rows = await store.readAudit({ tenantId: null, fromMs: 0, toMs: Number.MAX_SAFE_INTEGER });
  return rows.reduce((sum, { counts }) => sum + counts.countedRequests, 0);
}
