import { useEffect, useRef, useState } from 'preact/hooks';
import type { Api } from './api.ts';
import type { Completeness } from './api-answers.ts';
import { backoffMs } from './backoff.ts';
import { ChangeBell } from './change-bell.ts';
import { followChanges } from './follow-changes.ts';
import { keepLoading, type Trouble } from './keep-loading.ts';
import { pause, untilVisible } from './pause.ts';
import { type Snapshot, SnapshotLoader } from './snapshot.ts';
import { numbersKey, type View } from './view.ts';

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
  /** Looks again at what is seen by now. */
  readonly look: () => void;
}

export interface SnapshotOptions {
  /** Whether it is known whose numbers are to be shown. */
  readonly isWanted: boolean;
  /** Whether anybody sees the breakdown; read at each load. */
  readonly isBreakdownSeen: () => boolean;
}

type State = Omit<LiveSnapshot, 'retry' | 'look' | 'isOfOtherView'> & {
  /** Who answered: after another sign-in the same view has other numbers. */
  readonly api: Api | null;
};

const NOTHING: State = {
  api: null,
  snapshot: null,
  isLoading: true,
  isConnected: false,
  completeness: null,
  trouble: null,
  version: 0,
};

/** Keeps the metrics of a view up to date while anybody looks. */
export function useSnapshot(api: Api, view: View, { isWanted, isBreakdownSeen }: SnapshotOptions): LiveSnapshot {
  const [latest, setState] = useState(NOTHING);
  const state = latest.api === api ? latest : NOTHING;
  const bell = useRef(new ChangeBell());
  const { tenant, route, model } = view;
  const key = numbersKey(view);
  useEffect(() => {
    if (!isWanted) return undefined;
    const stop = new AbortController();
    const change = (part: Partial<State>): void => {
      if (!stop.signal.aborted) setState((before) => ({ ...before, ...part }));
    };
    setState((before) => ({
      ...(before.api === api ? before : NOTHING),
      api,
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
    const loader = new SnapshotLoader(api, view);
    const load = (changedFromMs: number): Promise<Snapshot> =>
      loader.load({ changedFromMs, isBreakdownSeen: isBreakdownSeen() }, stop.signal);
    const run = { load, onLoaded, bell: bell.current, signal: stop.signal };
    void keepLoading({ ...run, onTrouble: (trouble) => change({ trouble, isLoading: false }) });
    return () => stop.abort();
    // Sorting and opening a call are parts of the view that change no number here.
  }, [api, key, isWanted]);
  useEffect(() => {
    if (!isWanted) return undefined;
    const stop = new AbortController();
    const follower = {
      onChange: (changedFromMs: number) => bell.current.ring(changedFromMs),
      onConnected: (isConnected: boolean) => {
        if (!stop.signal.aborted) setState((before) => ({ ...before, isConnected }));
      },
    };
    void followChanges(api, { tenant, route, model }, follower, stop.signal);
    return () => stop.abort();
  }, [api, tenant, route, model, isWanted]);
  useCompleteness(api, { tenant, isWanted }, (completeness) => setState((before) => ({ ...before, completeness })));
  const retry = (): void => bell.current.ring(0);
  const look = (): void => bell.current.ring(Number.POSITIVE_INFINITY);
  useEffect(() => {
    // The browser knows at once that the network is back.
    addEventListener('online', retry);
    return () => removeEventListener('online', retry);
  }, []);
  const isOfOtherView = state.snapshot !== null && numbersKey(state.snapshot.view) !== key;
  return { ...state, isOfOtherView, retry, look };
}

const COMPLETENESS_MS = 2000;

/** How far the numbers can be trusted moves on while no number changes. */
function useCompleteness(
  api: Api,
  { tenant, isWanted }: { readonly tenant: string | null; readonly isWanted: boolean },
  onCompleteness: (completeness: Completeness) => void,
): void {
  useEffect(() => {
    if (!isWanted) return undefined;
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
  }, [api, tenant, isWanted]);
}
