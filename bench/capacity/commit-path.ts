import { SeededRandom } from '../data/seeded-random.ts';
import { EventQueue } from './event-queue.ts';
import { Cores, GroupFlush, Lock } from './resources.ts';

/** What commits cost, as `commit-cost.ts` measured it. */
export interface CommitCost {
  readonly databaseMsPerCommit: number;
  readonly databaseMsPerRow: number;
}

export interface CommitPathOptions {
  readonly cost: CommitCost;
  readonly processors: number;
  /** Commits of one processor that run beside each other, each with its share of the calls. 1: all its partitions commit together. */
  readonly commitsPerProcessor: number;
  /** Calls a second of one processor. */
  readonly callsPerSecond: number;
  /** Series that are active in the current minute, in one store. */
  readonly series: number;
  /** Stores over which the tenants are spread; each has its own cores and log. */
  readonly stores: number;
  readonly coresPerStore: number;
  readonly flushMs: number;
  readonly commitIntervalMs: number;
  readonly seconds: number;
}

export interface CommitPathResult {
  /** From the first call of a commit until it is in the rows: how stale rows are. */
  readonly staleP50Ms: number;
  readonly staleP99Ms: number;
  readonly commitsPerSecond: number;
  readonly rowsPerSecond: number;
  readonly callsPerSecond: number;
  /** 1: the database does nothing else. */
  readonly databaseBusy: number;
}

/** Rows lie in so many groups that are locked in order; a lock a row would be slower and show the same. */
const STRIPES = 32;

interface Store {
  readonly cores: Cores;
  readonly log: GroupFlush;
  readonly stripes: readonly Lock[];
}

/**
 * Every processor gathers calls, and commits when its last commit is done and the interval is over. A commit takes the locks of its rows in
 * order, works on each on a core of the database, flushes and lets go of all: what Postgres does with sorted upserts.
 */
export class CommitPath {
  readonly #options: CommitPathOptions;
  readonly #queue = new EventQueue();
  readonly #random = new SeededRandom(1);
  readonly #stores: readonly Store[];
  readonly #staleMs: number[] = [];
  #commits = 0;
  #rows = 0;
  #calls = 0;

  constructor(options: CommitPathOptions) {
    this.#options = options;
    this.#stores = Array.from({ length: options.stores }, () => ({
      cores: new Cores(this.#queue, options.coresPerStore),
      log: new GroupFlush(this.#queue, options.flushMs),
      stripes: Array.from({ length: STRIPES }, () => new Lock()),
    }));
  }

  run(): CommitPathResult {
    const { processors, commitsPerProcessor, seconds, commitIntervalMs, coresPerStore, stores } = this.#options;
    for (let committer = 0; committer < processors * commitsPerProcessor; committer++) {
      // A processor that belongs to a tenant's cell writes into that cell's store only.
      const store = this.#stores[committer % stores] as Store;
      this.#queue.after(this.#random.next() * commitIntervalMs, () =>
        this.#commit(store, this.#queue.nowMs - commitIntervalMs),
      );
    }
    this.#queue.runUntil(seconds * 1000);
    const stale = Float64Array.from(this.#staleMs).sort();
    const busyMs = this.#stores.reduce((sum, { cores }) => sum + cores.busyMs, 0);
    return {
      staleP50Ms: stale[Math.floor(stale.length * 0.5)] ?? Number.NaN,
      staleP99Ms: stale[Math.floor(stale.length * 0.99)] ?? Number.NaN,
      commitsPerSecond: this.#commits / seconds,
      rowsPerSecond: this.#rows / seconds,
      callsPerSecond: this.#calls / seconds,
      databaseBusy: Math.min(1, busyMs / (seconds * 1000 * coresPerStore * stores)),
    };
  }

  /** @param sinceMs when the last commit was cut */
  #commit(store: Store, sinceMs: number): void {
    const { callsPerSecond, commitsPerProcessor, series, commitIntervalMs } = this.#options;
    const cutMs = this.#queue.nowMs;
    const calls = (callsPerSecond / commitsPerProcessor) * ((cutMs - sinceMs) / 1000);
    const rows = Math.max(1, Math.round(series * (1 - Math.exp(-calls / series))));
    this.#work(store, this.#stripesOf(rows), rows, () => {
      this.#commits++;
      this.#rows += rows;
      this.#calls += calls;
      this.#staleMs.push(this.#queue.nowMs - sinceMs);
      this.#queue.at(Math.max(this.#queue.nowMs, cutMs + commitIntervalMs), () => this.#commit(store, cutMs));
    });
  }

  #work(store: Store, stripes: readonly number[], rows: number, done: () => void): void {
    const { databaseMsPerCommit, databaseMsPerRow } = this.#options.cost;
    const msPerStripe = (rows / stripes.length) * databaseMsPerRow;
    const step = (i: number): void => {
      const stripe = stripes[i];
      if (stripe !== undefined) {
        store.stripes[stripe]?.take(() => store.cores.work(msPerStripe, () => step(i + 1)));
        return;
      }
      store.log.flush(() => {
        for (const each of stripes) store.stripes[each]?.release();
        done();
      });
    };
    store.cores.work(databaseMsPerCommit, () => step(0));
  }

  /** The groups in which the rows of a commit lie, in order. */
  #stripesOf(rows: number): number[] {
    const share = 1 - (1 - 1 / STRIPES) ** rows;
    const touched = Array.from({ length: STRIPES }, (_, i) => i).filter(() => this.#random.next() < share);
    return touched.length > 0 ? touched : [this.#random.below(STRIPES)];
  }
}
