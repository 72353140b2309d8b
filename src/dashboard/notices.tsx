import { useEffect, useState } from 'preact/hooks';
import type { DimensionValue } from './api-answers.ts';
import { formatAgo } from './format-time.ts';
import type { Trouble } from './use-snapshot.ts';
import type { ChangeView } from './use-view.ts';

/** Says what is wrong, and that and when it is tried again. */
export function TroubleNotice({ trouble, onRetry }: { readonly trouble: Trouble; readonly onRetry: () => void }) {
  const { error, retryAtMs } = trouble;
  return (
    <div class="notice" role="alert">
      <p>
        <b>
          {error.obstacle === 'unreachable'
            ? 'The metrics API is not reachable.'
            : 'The metrics API refuses this view.'}
        </b>{' '}
        {error.message}.{retryAtMs !== null && ' What is shown may be old.'}
      </p>
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

export interface KeyFormProps {
  /** Whether one was given and not taken. */
  readonly isRefused: boolean;
  readonly onKey: (key: string) => void;
}

export function KeyForm({ isRefused, onKey }: KeyFormProps) {
  const [key, setKey] = useState('');
  const submit = (event: Event): void => {
    event.preventDefault();
    if (key.trim() !== '') onKey(key.trim());
  };
  return (
    <form class="panel key-form" onSubmit={submit}>
      <h2>This server asks for an API key</h2>
      <p>
        It is kept until you close this tab. Make one with <code>streamlens keys create</code>.
      </p>
      <label>
        <span>API key</span>
        <input
          type="password"
          autocomplete="off"
          value={key}
          aria-invalid={isRefused}
          aria-describedby={isRefused ? 'key-problem' : undefined}
          onInput={(event) => setKey(event.currentTarget.value)}
        />
      </label>
      {isRefused && (
        <p id="key-problem" class="problem-text" role="alert">
          The server does not take this key.
        </p>
      )}
      <button type="submit" class="primary">
        Continue
      </button>
    </form>
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
