import { useEffect, useState } from 'preact/hooks';
import type { DimensionValue } from './api-answers.ts';
import { formatAgo } from './times.ts';
import { useTimes } from './times-context.ts';
import type { Trouble } from './use-snapshot.ts';
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
}

/**
 * Says what is wrong, what is shown meanwhile, and when it is tried again. It lies over the page, so that nothing
 * moves.
 */
export function TroubleNotice({ trouble, onRetry, shownAtMs, shownInstead, onForgetKey }: TroubleNoticeProps) {
  const times = useTimes();
  const { error, retryAtMs } = trouble;
  const isKeyRefused = error.obstacle === 'refused' && onForgetKey !== null;
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
      {isKeyRefused && (
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
  readonly tenant: string;
  readonly activity: DimensionValue | undefined;
  readonly isFiltered: boolean;
  readonly change: ChangeView;
}

/** The tenant has calls, but none where one looks. */
export function NothingHere({ tenant, activity, isFiltered, change }: NothingHereProps) {
  const lastMs = activity === undefined ? null : Date.parse(activity.last_activity);
  return (
    <div class="panel nothing" role="status">
      <h2>No calls here</h2>
      <p>
        {tenant} has none in this range{isFiltered ? ' with these filters' : ''}
        {lastMs === null ? '.' : `; its last were ${formatAgo(lastMs, Date.now())}.`}
      </p>
      <p class="actions">
        {isFiltered && (
          <button type="button" onClick={() => change({ route: null, model: null })}>
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
      </p>
    </div>
  );
}
