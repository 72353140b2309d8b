import { setTimeout as sleep } from 'node:timers/promises';
import { TOPICS } from '../../src/events/topics.ts';
import { type Commit, NO_EFFECTS, type TallyDelta } from '../../src/metrics-store/commit.ts';
import type { MetricsStore } from '../../src/metrics-store/metrics-store.ts';
import { openPostgresMetricsStore } from '../../src/metrics-store/postgres/postgres-metrics-store.ts';
import { makeTally } from '../data/made-tally.ts';
import { type QueryRows, SERIES, TENANTS } from '../data/query-rows.ts';
import { SeededRandom } from '../data/seeded-random.ts';
import { cpuSecondsOf } from '../measure/process-usage.ts';
import { withDatabase } from './stored-rows.ts';

/** What writes beside the questions: as twelve partitions do, each of which commits every 0.3 s. */
const PARTITIONS = 12;
const COMMIT_EVERY_MS = 25;
const ROWS_PER_COMMIT = 10;
const ROWS_PER_FILL = 5_000;

/** Fills a store, then goes on adding to its newest minute when asked to. */
export class QueryWriter {
  readonly #store: MetricsStore;
  readonly #rows: QueryRows;
  readonly #random = new SeededRandom(3);
  /** The server's process that works for it, whose time is not that of the questions. */
  readonly #backendPids: readonly number[];
  readonly #seqs = new Map<number, number>();
  /** Requests added to the newest minute, by tenant. */
  readonly #added = Array.from({ length: TENANTS }, () => 0);
  #nextSeries = 0;
  #writing: Promise<void> | null = null;
  #isStopping = false;

  private constructor(store: MetricsStore, rows: QueryRows, backendPids: readonly number[]) {
    this.#store = store;
    this.#rows = rows;
    this.#backendPids = backendPids;
  }

  static async open(dsn: string, rows: QueryRows): Promise<QueryWriter> {
    const store = await openPostgresMetricsStore({ dsn, poolMax: 1 });
    const pids = await withDatabase(dsn, (client) =>
      client.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      ),
    );
    return new QueryWriter(
      store,
      rows,
      pids.rows.map(({ pid }) => pid),
    );
  }

  async fill(): Promise<void> {
    const deltas: TallyDelta[] = Array.from(this.#rows.all(), ({ tenant, route, startMs, requests }) => ({
      series: { tenantId: tenant, route, model: 'gpt-4o', provider: 'openai' },
      windowStartMs: startMs,
      tally: makeTally(this.#random, requests),
    }));
    for (let at = 0; at < deltas.length; at += ROWS_PER_FILL) {
      await this.#commit(0, deltas.slice(at, at + ROWS_PER_FILL));
    }
  }

  addedTo(tenant: number): number {
    return this.#added[tenant] as number;
  }

  cpuSeconds(): number {
    return this.#backendPids.reduce((sum, pid) => sum + cpuSecondsOf(pid), 0);
  }

  start(): void {
    this.#isStopping = false;
    this.#writing = this.#write();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#writing;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#store.close();
  }

  async #write(): Promise<void> {
    for (let i = 0; !this.#isStopping; i++) {
      const series = Array.from({ length: ROWS_PER_COMMIT }, () => this.#nextSeries++ % SERIES);
      const deltas = series.map((each): TallyDelta => {
        const { tenant, route, startMs } = this.#rows.row(each, 0);
        const name = { tenantId: tenant, route, model: 'gpt-4o', provider: 'openai' };
        return { series: name, windowStartMs: startMs, tally: makeTally(this.#random, 1) };
      });
      await this.#commit(1 + (i % PARTITIONS), deltas);
      for (const each of series) this.#added[each % TENANTS] = this.addedTo(each % TENANTS) + 1;
      await sleep(COMMIT_EVERY_MS);
    }
  }

  async #commit(partition: number, tallies: readonly TallyDelta[]): Promise<void> {
    const seq = this.#seqs.get(partition) ?? 0;
    const [outcome] = await this.#store.commit([commitOf(partition, seq, tallies)]);
    if (outcome !== 'applied') throw new Error('A commit was fenced');
    this.#seqs.set(partition, seq + 1);
  }
}

function commitOf(partition: number, seq: number, tallies: readonly TallyDelta[]): Commit {
  const positions = { [TOPICS.requests]: 1, [TOPICS.responses]: 1, [TOPICS.evaluations]: 0, [TOPICS.reports]: 0 };
  const times = { completeThroughMs: Date.now(), committedAtMs: Date.now() };
  const place = { partition, expectedSeq: seq, token: `fill-${seq}`, positions, checkpoint: null };
  return { ...place, ...times, ...NO_EFFECTS, tallies };
}
