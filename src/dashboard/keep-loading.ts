import { ApiError } from './api.ts';
import { backoffMs } from './backoff.ts';
import type { ChangeBell } from './change-bell.ts';
import { pause, untilVisible } from './pause.ts';
import type { Snapshot } from './snapshot.ts';

export interface Trouble {
  readonly error: ApiError;
  /** When it is tried again by itself; null: only a change by the reader helps. */
  readonly retryAtMs: number | null;
}

/** From the start of one look to the next: a busy tenant costs a look a second, whatever its traffic. */
const LOOK_MS_MIN = 1000;
/** Without any change the range still moves on. */
const QUIET_MS_MAX = 20_000;
/** Everything is asked for again after so long, in case a change was not heard of. */
const WHOLE_MS = 300_000;
const FAILED_MS_MIN = 200;

export interface Loading {
  /** Called with the start of the earliest change since the last load; 0: everything, infinity: nothing changed. */
  readonly load: (changedFromMs: number) => Promise<Snapshot>;
  readonly onLoaded: (snapshot: Snapshot) => void;
  readonly onTrouble: (trouble: Trouble) => void;
  readonly bell: ChangeBell;
  readonly signal: AbortSignal;
}

/**
 * Loads what is shown, again after each change, and at least every twenty seconds, until the signal aborts. While it
 * fails it tries again with growing pauses, or waits for the bell where only the reader can help.
 */
export async function keepLoading({ load, onLoaded, onTrouble, bell, signal }: Loading): Promise<void> {
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
