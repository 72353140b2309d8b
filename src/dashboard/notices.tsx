import { useEffect, useState } from 'preact/hooks';
import type { Trouble } from './keep-loading.ts';
import { lastCallsText } from './times.ts';
import { useTimes } from './times-context.ts';
import type { ChangeView } from './use-view.ts';

export interface TroubleNoticeProps {
  readonly trouble: Trouble;
  readonly onRetry: () => void;
  /** When the numbers that are shown were loaded; null where there are none. */
  readonly shownAtMs: number | null;
  /** Words for what they are of, where that is not what was chosen since. */
  readonly shownInstead: string | null;
  /** Lets one give another key; null where none was given. */
  readonly onForgetKey: (() => void) | null;
  /** Shows what the reader may see; null where that is nothing else. */
  readonly onShowSeen: (() => void) | null;
}

/**
 * Says what is wrong, what is shown meanwhile, and when it is tried again. It lies over the page, so that nothing
 * moves.
 */
export function TroubleNotice(props: TroubleNoticeProps) {
  const { trouble, onRetry, shownAtMs, shownInstead, onForgetKey, onShowSeen } = props;
  const times = useTimes();
  const { error, retryAtMs } = trouble;
  const isRefused = error.obstacle === 'refused';
  return (
    <div class="notice" role="alert">
      <p>
        <b>
          {error.obstacle === 'unreachable'
            ? 'The metrics API is not reachable.'
            : 'The metrics API refuses this view.'}
        </b>{' '}
        {error.message}.{shownAtMs !== null && ` The numbers are from ${times.clock(shownAtMs)}`}
        {shownAtMs !== null && (shownInstead === null ? '.' : `, and still those of ${shownInstead}.`)}
      </p>
      {isRefused && onShowSeen !== null && (
        <button type="button" onClick={onShowSeen}>
          Show what this key may see
        </button>
      )}
      {isRefused && onForgetKey !== null && (
        <button type="button" onClick={onForgetKey}>
          Use another key
        </button>
      )}
      <button type="button" onClick={onRetry}>
        {retryAtMs === null ? 'Try again' : <Countdown untilMs={retryAtMs} />}
      </button>
    </div>
  );
}

function Countdown({ untilMs }: { readonly untilMs: number }) {
  const [nowMs, setNowMs] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.ceil((untilMs - nowMs) / 1000));
  return (
    <>
      Try again now <span class="soft">({seconds === 0 ? 'trying' : `by itself in ${seconds} s`})</span>
    </>
  );
}

export interface NothingHereProps {
  /** Null: all of them. */
  readonly tenant: string | null;
  /** When a call came last; null where that is not known. */
  readonly lastMs: number | null;
  readonly isFiltered: boolean;
  readonly change: ChangeView;
  /** Shows how calls are sent. */
  readonly onGuide: () => void;
}

/** There are calls, but none where one looks. */
export function NothingHere({ tenant, lastMs, isFiltered, change, onGuide }: NothingHereProps) {
  const times = useTimes();
  return (
    <div class="panel nothing" role="status">
      <h2>No calls here</h2>
      <p>
        {tenant ?? 'No tenant'} has {tenant === null ? 'any' : 'none'} in this range
        {isFiltered ? ' with these filters' : ''}
        {lastMs === null ? '.' : `; ${lastCallsText(lastMs, Date.now(), times)}.`}
      </p>
      <p class="actions">
        {isFiltered && (
          <button type="button" onClick={() => change({ route: null, model: null, only: null })}>
            Remove the filters
          </button>
        )}
        {lastMs !== null && (
          <button
            type="button"
            onClick={() => change({ range: 'custom', fromMs: lastMs - 3_540_000, toMs: lastMs + 60_000 })}
          >
            Show the last hour with calls
          </button>
        )}
        {lastMs === null && !isFiltered && (
          <button type="button" onClick={onGuide}>
            Send calls here
          </button>
        )}
      </p>
    </div>
  );
}
