import { useEffect, useRef, useState } from 'preact/hooks';
import { type Api, ApiError } from './api.ts';
import type { Completeness } from './api-answers.ts';
import { backoffMs } from './backoff.ts';
import { followChanges } from './follow-changes.ts';
import { loadSnapshot, type Snapshot } from './snapshot.ts';
import type { View } from './view.ts';
import { pause, untilVisible, WakeUp } from './wake-up.ts';

export interface Trouble {
  readonly error: ApiError;
  /** When it is tried again by itself; null: only a change by the reader helps. */
  readonly retryAtMs: number | null;
}

export interface LiveSnapshot {
  /** The last one that arrived; null before the first. It may be of the view before. */
  readonly snapshot: Snapshot | null;
  readonly isLoading: boolean;
  readonly isConnected: boolean;
  readonly completeness: Completeness | null;
  readonly trouble: Trouble | null;
  /** Grows with every snapshot: what depends on the same calls asks again. */
  readonly version: number;
  readonly retry: () => void;
}

/** Between two looks, so that a busy tenant costs a few questions a second at most; and as long as a look took. */
const GAP_MS_MIN = 200;
/** Without any change the range still moves on. */
const QUIET_MS_MAX = 20_000;

const NOTHING: Omit<LiveSnapshot, 'retry'> = {
  snapshot: null,
  isLoading: true,
  isConnected: false,
  completeness: null,
  trouble: null,
  version: 0,
};

/** Keeps the metrics of a view up to date while anybody looks. */
export function useSnapshot(api: Api, view: View): LiveSnapshot {
  const [state, setState] = useState(NOTHING);
  const wakeUp = useRef(new WakeUp());
  const { tenant, range, fromMs, toMs, route, model, split } = view;
  useEffect(() => {
    if (tenant === null) return undefined;
    const stop = new AbortController();
    const change = (part: Partial<typeof NOTHING>): void => {
      if (!stop.signal.aborted) setState((before) => ({ ...before, ...part }));
    };
    setState((before) => ({
      ...before,
      isLoading: true,
      trouble: null,
      ...(before.snapshot?.tenant === tenant ? {} : { snapshot: null }),
    }));
    const onLoaded = (snapshot: Snapshot): void => {
      if (stop.signal.aborted) return;
      const { completeness } = snapshot;
      setState((before) => {
        const version = before.version + 1;
        return { ...before, snapshot, completeness, version, isLoading: false, trouble: null };
      });
    };
    const load = (): Promise<Snapshot> => loadSnapshot(api, { ...view, tenant }, stop.signal);
    const run = { load, onLoaded, wakeUp: wakeUp.current, signal: stop.signal };
    void keepLoading({ ...run, onTrouble: (trouble) => change({ trouble, isLoading: false }) });
    return () => stop.abort();
    // Sorting and opening a call are parts of the view that change no number here.
  }, [api, tenant, range, fromMs, toMs, route, model, split]);
  useEffect(() => {
    if (tenant === null) return undefined;
    const stop = new AbortController();
    const follower = {
      onChange: () => wakeUp.current.ring(),
      onConnected: (isConnected: boolean) => {
        if (!stop.signal.aborted) setState((before) => ({ ...before, isConnected }));
      },
    };
    void followChanges(api, { tenant, route, model }, follower, stop.signal);
    return () => stop.abort();
  }, [api, tenant, route, model]);
  useCompleteness(api, tenant, (completeness) => setState((before) => ({ ...before, completeness })));
  return { ...state, retry: () => wakeUp.current.ring() };
}

interface Run {
  readonly load: () => Promise<Snapshot>;
  readonly onLoaded: (snapshot: Snapshot) => void;
  readonly onTrouble: (trouble: Trouble) => void;
  readonly wakeUp: WakeUp;
  readonly signal: AbortSignal;
}

async function keepLoading({ load, onLoaded, onTrouble, wakeUp, signal }: Run): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    await untilVisible(signal);
    const startedMs = performance.now();
    try {
      onLoaded(await load());
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      failures += 1;
      const waitMs = error.obstacle === 'unreachable' ? backoffMs(failures, Math.random()) : null;
      onTrouble({ error, retryAtMs: waitMs === null ? null : Date.now() + waitMs });
      await wakeUp.wait(waitMs ?? QUIET_MS_MAX, signal);
      // A stream that breaks rings as well: together with a failing answer that must not become a storm.
      await pause(GAP_MS_MIN, signal);
      continue;
    }
    await pause(Math.max(GAP_MS_MIN, performance.now() - startedMs), signal);
    await wakeUp.wait(QUIET_MS_MAX, signal);
  }
}

const COMPLETENESS_MS = 2000;

/** How far the numbers can be trusted moves on while no number changes. */
function useCompleteness(api: Api, tenant: string | null, onCompleteness: (completeness: Completeness) => void): void {
  useEffect(() => {
    if (tenant === null) return undefined;
    const stop = new AbortController();
    const ask = async (): Promise<void> => {
      let failures = 0;
      while (!stop.signal.aborted) {
        await pause(failures === 0 ? COMPLETENESS_MS : backoffMs(failures + 1, Math.random()), stop.signal);
        await untilVisible(stop.signal);
        try {
          const question = { tenant_id: tenant, limit: 1 };
          const { as_of, complete_until, lag_ms } = await api.get<Completeness>('/v1/metrics', question, stop.signal);
          if (!stop.signal.aborted) onCompleteness({ as_of, complete_until, lag_ms });
          failures = 0;
        } catch {
          // The snapshot says so.
          failures += 1;
        }
      }
    };
    void ask();
    return () => stop.abort();
  }, [api, tenant]);
}
