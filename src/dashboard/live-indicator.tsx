import type { Completeness } from './api-answers.ts';
import { formatMs } from './format-number.ts';
import { formatClock } from './format-time.ts';

export interface LiveIndicatorProps {
  readonly completeness: Completeness | null;
  readonly isConnected: boolean;
  readonly isInTrouble: boolean;
  /** Whether there is a tenant to follow. */
  readonly isFollowing: boolean;
}

/** Up to here a delay is how the parts take turns, not a backlog. */
const LAG_MS_USUAL = 5000;

/** Whether changes come by themselves, and up to when every event is in the numbers. */
export function LiveIndicator({ completeness, isConnected, isInTrouble, isFollowing }: LiveIndicatorProps) {
  const { complete_until: until = null, lag_ms: lagMs = null } = completeness ?? {};
  const isLate = lagMs !== null && lagMs > LAG_MS_USUAL;
  const state = isInTrouble ? 'off' : isConnected ? (isLate ? 'late' : 'live') : 'waiting';
  const waiting = isFollowing ? 'Connecting' : 'Waiting for calls';
  const word = { off: 'Offline', live: 'Live', late: 'Behind', waiting }[state];
  return (
    <p class="live" data-state={state} title="Every event that reached the log by this time is in the numbers">
      <i class="dot" aria-hidden="true" />
      <b role="status">{word}</b>
      {until !== null && (
        <span class="live-detail">
          <span>
            complete until <time dateTime={until}>{formatClock(Date.parse(until))}</time>
          </span>
          <span class="lag">lag {formatMs(lagMs)}</span>
        </span>
      )}
    </p>
  );
}
