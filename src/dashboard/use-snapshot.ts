import { useEffect, useRef, useState } from 'preact/hooks';
import { type Api, ApiError } from './api.ts';
import type { Completeness } from './api-answers.ts';
import { backoffMs } from './backoff.ts';
import { ChangeBell } from './change-bell.ts';
import { followChanges } from './follow-changes.ts';
import { pause, untilVisible } from './pause.ts';
import { type Snapshot, SnapshotLoader } from './snapshot.ts';
import { numbersKey, type View } from './view.ts';

export interface Trouble {
  readonly error: ApiError;
  /** When it is tried again by itself; null: only a change by the reader helps. */
  readonly retryAtMs: number | null;
}

export interface LiveSnapshot {
  /** The last one that arrived; null before the first. */
  readonly snapshot: Snapshot | null;
  /** Whether it is of a view before this one. */
  readonly isOfOtherView: boolean;
  readonly isLoading: boolean;
  readonly isConnected: boolean;
  readonly completeness: Completeness | null;
  readonly trouble: Trouble | null;
  /** Grows with every snapshot: what depends on the same calls asks again. */
  readonly version: number;
  readonly retry: () => void;
}

export interface SnapshotOptions {
  /** Whether anybody sees the breakdown; read at each load. */
  readonly isBreakdownSeen: () => boolean;
}

/** From the start of one look to the next: a busy tenant costs a look a second, whatever its traffic. */
const LOOK_MS_MIN = 1000;
/** Without any change the range still moves on. */
const QUIET_MS_MAX = 20_000;
/** Everything is asked for again after so long, in case a change was not heard of. */
const WHOLE_MS = 300_000;
const FAILED_MS_MIN = 200;

type State = Omit<LiveSnapshot, 'retry' | 'isOfOtherView'>;

const NOTHING: State = {
  snapshot: null,
  isLoading: true,
  isConnected: false,
  completeness: null,
  trouble: null,
  version: 0,
};

/** Keeps the metrics of a view up to date while anybody looks. */
export function useSnapshot(api: Api, view: View, { isBreakdownSeen }: SnapshotOptions): LiveSnapshot {
  const [state, setState] = useState(NOTHING);
  const bell = useRef(new ChangeBell());
  const { tenant, route, model } = view;
  const key = numbersKey(view);
  useEffect(() => {
    if (tenant === null) return undefined;
    const stop = new AbortController();
    const change = (part: Partial<State>): void => {
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
    const loader = new SnapshotLoader(api, { ...view, tenant });
    const load = (changedFromMs: number): Promise<Snapshot> =>
      loader.load({ changedFromMs, isBreakdownSeen: isBreakdownSeen() }, stop.signal);
    const run = { load, onLoaded, bell: bell.current, signal: stop.signal };
    void keepLoading({ ...run, onTrouble: (trouble) => change({ trouble, isLoading: false }) });
    return () => stop.abort();
    // Sorting and opening a call are parts of the view that change no number here.
  }, [api, key]);
  useEffect(() => {
    if (tenant === null) return undefined;
    const stop = new AbortController();
    const follower = {
      onChange: (changedFromMs: number) => bell.current.ring(changedFromMs),
      onConnected: (isConnected: boolean) => {
        if (!stop.signal.aborted) setState((before) => ({ ...before, isConnected }));
      },
    };
    void followChanges(api, { tenant, route, model }, follower, stop.signal);
    return () => stop.abort();
  }, [api, tenant, route, model]);
  useCompleteness(api, tenant, (completeness) => setState((before) => ({ ...before, completeness })));
  const retry = (): void => bell.current.ring(0);
  useEffect(() => {
    // The browser knows at once that the network is back.
    addEventListener('online', retry);
    return () => removeEventListener('online', retry);
  }, []);
  const isOfOtherView = state.snapshot !== null && numbersKey(state.snapshot.view) !== key;
  return { ...state, isOfOtherView, retry };
}

interface Run {
  readonly load: (changedFromMs: number) => Promise<Snapshot>;
  readonly onLoaded: (snapshot: Snapshot) => void;
  readonly onTrouble: (trouble: Trouble) => void;
  readonly bell: ChangeBell;
  readonly signal: AbortSignal;
}

async function keepLoading({ load, onLoaded, onTrouble, bell, signal }: Run): Promise<void> {
  let failures = 0;
  let wholeAtMs = 0;
  while (!signal.aborted) {
    await untilVisible(signal);
    const startedMs = performance.now();
    const changedFromMs = startedMs >= wholeAtMs ? 0 : bell.takeChangedFromMs();
    try {
      onLoaded(await load(changedFromMs));
      if (changedFromMs === 0) wholeAtMs = startedMs + WHOLE_MS;
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      failures += 1;
      wholeAtMs = 0;
      bell.takeChangedFromMs();
      const waitMs = error.obstacle === 'unreachable' ? backoffMs(failures, Math.random()) : null;
      onTrouble({ error, retryAtMs: waitMs === null ? null : Date.now() + waitMs });
      await bell.wait(waitMs ?? QUIET_MS_MAX, signal);
      // A stream that breaks rings as well: together with a failing answer that must not become a storm.
      await pause(FAILED_MS_MIN, signal);
      continue;
    }
    await bell.wait(QUIET_MS_MAX, signal);
    await pause(LOOK_MS_MIN - (performance.now() - startedMs), signal);
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
