import type { ChangesQuery } from '../metrics-store/metrics-reader.ts';
import type { MetricsQueries } from './metrics-queries.ts';
import type { ChangeEvent } from './questions.ts';

const LOOK_MS = 200;
const CHANGES_MAX = 1000;

/**
 * A commit bears the time at which it begins and becomes visible when it ends, behind others on a busy machine. So
 * whoever wants what changed since an instant reaches back this far; what was seen already is known by its revision.
 */
export const LOOK_BACK_MS = 5000;

export type ChangeFilter = Pick<ChangesQuery, 'tenantId' | 'route' | 'model'>;

/** Told of each change once, in order; of a failure instead, after which nothing comes any more. */
export interface ChangeListener {
  changed(changes: readonly ChangeEvent[]): void;
  failed(error: unknown): void;
}

/**
 * The changes of rows, for whoever listens. All who listen to the same rows share one look at the store, five times a
 * second, and none is taken while nothing is committed.
 */
export class ChangeFeeds {
  readonly #queries: Pick<MetricsQueries, 'changes' | 'stateId'>;
  readonly #nowMs: () => number;
  readonly #feeds = new Map<string, Feed>();

  constructor(queries: Pick<MetricsQueries, 'changes' | 'stateId'>, nowMs: () => number) {
    this.#queries = queries;
    this.#nowMs = nowMs;
  }

  /** Tells of what becomes visible from now on, and perhaps of what did in the last seconds. @returns what ends it */
  listen(filter: ChangeFilter, listener: ChangeListener): () => void {
    const key = JSON.stringify([filter.tenantId, filter.route, filter.model]);
    const known = this.#feeds.get(key);
    const feed = known ?? { filter, listeners: new Set(), latestMs: this.#nowMs(), sent: new SentChanges() };
    feed.listeners.add(listener);
    if (known === undefined) {
      this.#feeds.set(key, feed);
      void this.#follow(key, feed);
    }
    return () => feed.listeners.delete(listener);
  }

  async #follow(key: string, feed: Feed): Promise<void> {
    let seenState: string | null = null;
    try {
      while (feed.listeners.size > 0) {
        const state = await this.#queries.stateId();
        if (state === null || state !== seenState) await this.#look(feed);
        seenState = state;
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
      this.#feeds.delete(key);
    } catch (error) {
      this.#feeds.delete(key);
      for (const listener of feed.listeners) listener.failed(error);
    }
  }

  async #look(feed: Feed): Promise<void> {
    let sinceMs = feed.latestMs - LOOK_BACK_MS;
    for (;;) {
      const changes = await this.#queries.changes({ ...feed.filter, sinceMs, limit: CHANGES_MAX });
      const unseen = feed.sent.unseen(changes);
      const lastMs = changes.at(-1)?.changedAtMs ?? 0;
      feed.latestMs = Math.max(feed.latestMs, lastMs);
      if (unseen.length > 0) for (const listener of feed.listeners) listener.changed(unseen);
      if (changes.length < CHANGES_MAX) break;
      // All changes of one instant come together.
      sinceMs = lastMs + 1;
    }
    feed.sent.forgetBefore(feed.latestMs - 2 * LOOK_BACK_MS);
  }
}

interface Feed {
  readonly filter: ChangeFilter;
  readonly listeners: Set<ChangeListener>;
  readonly sent: SentChanges;
  latestMs: number;
}

/** Which changes somebody knows, so that a look that reaches back tells none of them twice. */
export class SentChanges {
  readonly #sent = new Map<string, { readonly revision: number; readonly changedAtMs: number }>();

  /** Those that were not sent yet; they count as sent from now on. */
  unseen(changes: readonly ChangeEvent[]): readonly ChangeEvent[] {
    return changes.filter(({ key, revision, changedAtMs }) => {
      if ((this.#sent.get(key)?.revision ?? 0) >= revision) return false;
      this.#sent.set(key, { revision, changedAtMs });
      return true;
    });
  }

  forgetBefore(atMs: number): void {
    for (const [key, { changedAtMs }] of this.#sent) if (changedAtMs < atMs) this.#sent.delete(key);
  }
}
