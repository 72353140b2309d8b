import type { Obstacle } from './api.ts';
import type { Completeness } from './api-answers.ts';
import { formatMs } from './format-number.ts';
import { useTimes } from './times-context.ts';

export interface LiveIndicatorProps {
  readonly completeness: Completeness | null;
  readonly isConnected: boolean;
  /** What stands between this page and its numbers; null: nothing. */
  readonly obstacle: Obstacle | null;
  /** Whether there is a tenant to follow. */
  readonly isFollowing: boolean;
  /** Whether what is shown lies in the past, so that nothing will move. */
  readonly isPast: boolean;
}

/** Up to here a delay is how the parts take turns, not a backlog. */
const LAG_MS_USUAL = 5000;

/** Whether changes come by themselves, and up to when every event is in the numbers. */
export function LiveIndicator({ completeness, isConnected, obstacle, isFollowing, isPast }: LiveIndicatorProps) {
  const { complete_until: until = null, lag_ms: lagMs = null } = completeness ?? {};
  const times = useTimes();
  const isLate = lagMs !== null && lagMs > LAG_MS_USUAL;
  const state = obstacle !== null ? 'off' : isConnected ? (isPast ? 'past' : isLate ? 'late' : 'live') : 'waiting';
  const waiting = isFollowing ? 'Connecting' : 'Waiting for calls';
  const off = obstacle === 'unreachable' ? 'Offline' : 'Refused';
  const word = { off, live: 'Live', late: 'Behind', past: 'Past', waiting }[state];
  return (
    <p class="live" data-state={state} title="Every event that reached the log by this time is in the numbers">
      <i class="dot" aria-hidden="true" />
      <b role="status">{word}</b>
      {until !== null && (
        <span class="live-detail">
          <span>
            complete until <time dateTime={until}>{times.clock(Date.parse(until))}</time>
          </span>
          <span class="lag">lag {formatMs(lagMs)}</span>
        </span>
      )}
    </p>
  );
}
